// Globs over branch names and paths. `?` is one character and `*` any number of them, neither a `/`; `**` is any number
// of characters whatever they are, and `**/` at the beginning or after a `/` may also be nothing. All else is itself.
// Invariant: the time taken is at most the product of both lengths, whatever the pattern.

type Step = { kind: "literal"; character: string } | { kind: "one" } | { kind: "any" } | { kind: "folders" };
type Token = Step | { kind: "everything" };

/** A pattern made ready to be matched against many names. */
export interface Glob {
  readonly tokens: readonly Token[];
  /** What every name that matches begins with, and nothing else where the pattern is only that. */
  readonly start: string;
  readonly isExact: boolean;
}

export function compileGlob(pattern: string): Glob {
  const wildcard = pattern.search(/[*?]/);
  const start = wildcard < 0 ? pattern : pattern.slice(0, wildcard);
  return { tokens: tokenize(pattern), start, isExact: wildcard < 0 };
}

/** Whether the glob matches the whole of `text`. */
export const matchGlob = (pattern: string, text: string): boolean =>
  matchCompiled(compileGlob(pattern), text);

/** What `matchCompiled` costs at most: little for a name that begins otherwise. */
export function countGlobSteps(glob: Glob, text: string): number {
  return glob.isExact || !text.startsWith(glob.start) ? 1 : (glob.tokens.length + 1) * (text.length + 1);
}

/** As `matchGlob`. */
export function matchCompiled({ tokens, start, isExact }: Glob, text: string): boolean {
  if (isExact) return text === start;
  if (!text.startsWith(start)) return false;
  const characters = [...text];
  // Whether the tokens so far match the text's first `at` characters.
  let reached = new Uint8Array(characters.length + 1);
  reached[0] = 1;
  for (const token of tokens) reached = advance(token, characters, reached);
  return reached[characters.length] === 1;
}

function tokenize(pattern: string): Token[] {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "?") tokens.push({ kind: "one" });
    else if (character !== "*") tokens.push({ kind: "literal", character });
    else if (characters[at + 1] !== "*") tokens.push({ kind: "any" });
    else if (characters[at + 2] === "/" && (at === 0 || characters[at - 1] === "/")) {
      tokens.push({ kind: "folders" });
      at += 2;
    } else {
      tokens.push({ kind: "everything" });
      at++;
    }
  }
  return tokens;
}

function advance(token: Token, text: readonly string[], reached: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(text.length + 1);
  let isOpen = false;
  for (let at = 0; at <= text.length; at++) {
    const before = at === 0 ? undefined : text[at - 1];
    switch (token.kind) {
      case "literal":
        if (before === token.character && reached[at - 1] === 1) next[at] = 1;
        break;
      case "one":
        if (before !== undefined && before !== "/" && reached[at - 1] === 1) next[at] = 1;
        break;
      case "any":
        isOpen = reached[at] === 1 || (isOpen && before !== "/");
        if (isOpen) next[at] = 1;
        break;
      case "everything":
        isOpen ||= reached[at] === 1;
        if (isOpen) next[at] = 1;
        break;
      case "folders":
        // Nothing, or anything up to a slash.
        if (reached[at] === 1 || (isOpen && before === "/")) next[at] = 1;
        isOpen ||= reached[at] === 1;
        break;
    }
  }
  return next;
}

/** Whether the pattern is no more than a name. */
export const isExact = (pattern: string): boolean => compileGlob(pattern).isExact;

const PATTERN_CHARACTERS_MAX = 255;

/** Why `pattern` can't be a rule's, or undefined when it can: it must be able to match the name of a branch. */
export function findPatternProblem(pattern: string): string | undefined {
  if (pattern === "") return "A rule needs a pattern.";
  if (pattern.length > PATTERN_CHARACTERS_MAX)
    return `A pattern has at most ${PATTERN_CHARACTERS_MAX} characters.`;
  // What git refuses in a ref's name (git-check-ref-format) no branch has.
  if (/[\p{Cc} ~^:[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|\.lock$/u.test(pattern))
    return "No branch can have such a name.";
  return undefined;
}
