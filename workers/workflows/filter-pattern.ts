// The patterns of `branches` and `tags`, as GitHub Actions reads them. Invariant: matching takes no more steps than
// `countSteps` says, the product of both lengths, whatever the pattern.

interface Token {
  matches(character: string): boolean;
  isOptional: boolean;
  repeats: boolean;
}

/** A pattern made ready to be matched against many names. */
export interface FilterPattern {
  /** Whether it takes back what patterns before it matched. */
  isNegated: boolean;
  tokens: readonly Token[];
}

/**
 * `*` is any text without a slash, `**` any text, `?` makes what stands before it optional, `+` repeats it,
 * `[...]` is a set, `\` takes the next character as it is, and `!` at the beginning takes back.
 * @see https://docs.github.com/en/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet
 */
export function compilePattern(pattern: string): FilterPattern {
  const isNegated = pattern.startsWith("!");
  return { isNegated, tokens: tokenize(isNegated ? pattern.slice(1) : pattern) };
}

/** What matching `name` may cost. */
export const countSteps = ({ tokens }: FilterPattern, name: string): number =>
  (tokens.length + 1) * (name.length + 1);

/** Whether the pattern, but for its `!`, matches the whole of `name`. */
export function matchPattern({ tokens }: FilterPattern, name: string): boolean {
  // Which tokens may be next, after the characters so far; the one past the last is the end.
  let current = new Uint8Array(tokens.length + 1);
  current[0] = 1;
  skipOptional(tokens, current);
  for (let at = 0; at < name.length; at++) {
    const character = name.charAt(at);
    const next = new Uint8Array(tokens.length + 1);
    for (const [index, token] of tokens.entries()) {
      if (current[index] !== 1 || !token.matches(character)) continue;
      next[index + 1] = 1;
      if (token.repeats) next[index] = 1;
    }
    skipOptional(tokens, next);
    current = next;
  }
  return current[tokens.length] === 1;
}

function skipOptional(tokens: readonly Token[], reached: Uint8Array): void {
  for (const [index, token] of tokens.entries()) {
    if (reached[index] === 1 && token.isOptional) reached[index + 1] = 1;
  }
}

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  const lastBracket = pattern.lastIndexOf("]");
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    const last = tokens.at(-1);
    if (character === "*") {
      const isDeep = pattern.charAt(at + 1) === "*";
      if (isDeep) at++;
      const matches = isDeep ? () => true : (other: string) => other !== "/";
      tokens.push({ matches, isOptional: true, repeats: true });
    } else if (character === "?" && last) {
      last.isOptional = true;
    } else if (character === "+" && last) {
      last.repeats = true;
    } else if (character === "[" && lastBracket >= at + 2) {
      const end = pattern.indexOf("]", at + 2);
      tokens.push({ matches: readSet(pattern.slice(at + 1, end)), isOptional: false, repeats: false });
      at = end;
    } else {
      const literal = character === "\\" && at + 1 < pattern.length ? pattern.charAt(++at) : character;
      tokens.push({ matches: (other) => other === literal, isOptional: false, repeats: false });
    }
  }
  return tokens;
}

// A set of all its characters, so that asking for one takes no longer for a long set.
function readSet(body: string): (character: string) => boolean {
  const single = new Set<string>();
  const ranges = new Map<string, string>();
  for (let at = 0; at < body.length; at++) {
    const from = body.charAt(at);
    if (body.charAt(at + 1) !== "-" || at + 2 >= body.length) {
      single.add(from);
      continue;
    }
    const to = body.charAt(at + 2);
    if (to > (ranges.get(from) ?? "")) ranges.set(from, to);
    at += 2;
  }
  return (character) =>
    single.has(character) || [...ranges].some(([from, to]) => character >= from && character <= to);
}
