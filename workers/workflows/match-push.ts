// Whether a push of a ref starts a workflow: the filters of `on.push`, as GitHub Actions reads them. Pure.
import type { PushFilter } from "./definition.ts";

/** `ref` is a full name; only branches and tags start workflows. */
export function matchPush(filter: PushFilter | null, ref: string): boolean {
  if (filter === null) return false;
  if (ref.startsWith("refs/heads/")) {
    return matchKind(
      ref.slice("refs/heads/".length),
      filter.branches,
      filter.branchesIgnore,
      hasTagFilter(filter),
    );
  }
  if (ref.startsWith("refs/tags/")) {
    return matchKind(ref.slice("refs/tags/".length), filter.tags, filter.tagsIgnore, hasBranchFilter(filter));
  }
  return false;
}

const hasTagFilter = (filter: PushFilter): boolean => filter.tags !== null || filter.tagsIgnore !== null;
const hasBranchFilter = (filter: PushFilter): boolean =>
  filter.branches !== null || filter.branchesIgnore !== null;

// With filters for the other kind only, this kind doesn't match at all.
function matchKind(
  name: string,
  only: readonly string[] | null,
  ignored: readonly string[] | null,
  isOtherFiltered: boolean,
): boolean {
  if (only !== null) return matchPatterns(only, name);
  if (ignored !== null) return !matchPatterns(ignored, name);
  return !isOtherFiltered;
}

/** The last pattern that fits decides; one that begins with `!` takes back. */
function matchPatterns(patterns: readonly string[], name: string): boolean {
  let isMatched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchGlob(pattern.slice(1), name)) isMatched = false;
    } else if (matchGlob(pattern, name)) isMatched = true;
  }
  return isMatched;
}

/**
 * `*` is any text without a slash, `**` any text, `?` makes what stands before it optional, `+` repeats it,
 * `[...]` is a set, `\` takes the next character as it is.
 * @see https://docs.github.com/en/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet
 */
export function matchGlob(pattern: string, name: string): boolean {
  return matchHere(tokenise(pattern), 0, name, 0, new Set());
}

interface GlobToken {
  matches(character: string): boolean;
  min: 0 | 1;
  many: boolean;
}

function tokenise(pattern: string): GlobToken[] {
  const tokens: GlobToken[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    const last = tokens.at(-1);
    if (character === "*") {
      const isDeep = pattern.charAt(at + 1) === "*";
      if (isDeep) at++;
      tokens.push({ matches: isDeep ? () => true : (other) => other !== "/", min: 0, many: true });
    } else if (character === "?" && last) {
      last.min = 0;
    } else if (character === "+" && last) {
      last.many = true;
    } else if (character === "[" && pattern.indexOf("]", at + 2) > 0) {
      const end = pattern.indexOf("]", at + 2);
      tokens.push({ matches: readSet(pattern.slice(at + 1, end)), min: 1, many: false });
      at = end;
    } else {
      const literal = character === "\\" && at + 1 < pattern.length ? pattern.charAt(++at) : character;
      tokens.push({ matches: (other) => other === literal, min: 1, many: false });
    }
  }
  return tokens;
}

function readSet(body: string): (character: string) => boolean {
  const ranges: [string, string][] = [];
  for (let at = 0; at < body.length; at++) {
    const from = body.charAt(at);
    const isRange = body.charAt(at + 1) === "-" && at + 2 < body.length;
    ranges.push([from, isRange ? body.charAt(at + 2) : from]);
    if (isRange) at += 2;
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to);
}

// Each (token, place) is tried once, so a hostile pattern costs no more than their product.
function matchHere(
  tokens: GlobToken[],
  index: number,
  name: string,
  at: number,
  failed: Set<number>,
): boolean {
  const token = tokens[index];
  if (!token) return at === name.length;
  const state = index * (name.length + 1) + at;
  if (failed.has(state)) return false;
  if (token.min === 0 && matchHere(tokens, index + 1, name, at, failed)) return true;
  for (let next = at; next < name.length && token.matches(name.charAt(next)); next++) {
    if (matchHere(tokens, index + 1, name, next + 1, failed)) return true;
    if (!token.many) break;
  }
  failed.add(state);
  return false;
}
