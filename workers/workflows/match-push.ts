// Whether a push of a ref starts a workflow: the filters of `on.push`, as GitHub Actions reads them. Invariant: all that
// one push asks costs at most its budget.
import { FILTER_STEPS_PER_PUSH_MAX } from "../core/limits.ts";
import type { PushFilter } from "./definition.ts";
import { compilePattern, countSteps, type FilterPattern, matchPattern } from "./filter-pattern.ts";

/** What the filters of one push may still cost, and the patterns that were made ready for it. */
export class MatchBudget {
  #left: number;
  readonly #patterns = new Map<string, FilterPattern>();

  constructor(steps = FILTER_STEPS_PER_PUSH_MAX) {
    this.#left = steps;
  }

  /** Whether there is nothing left; then nothing matches any more. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** The last pattern that fits decides; one that begins with `!` takes back. */
  matches(patterns: readonly string[], name: string): boolean {
    let isMatched = false;
    for (const text of patterns) {
      const pattern = this.#compile(text);
      this.#left -= countSteps(pattern, name);
      if (this.isSpent) return false;
      if (isMatched === pattern.isNegated && matchPattern(pattern, name)) isMatched = !isMatched;
    }
    return isMatched;
  }

  #compile(text: string): FilterPattern {
    const known = this.#patterns.get(text);
    if (known !== undefined) return known;
    const pattern = compilePattern(text);
    this.#patterns.set(text, pattern);
    return pattern;
  }
}

/** `ref` is a full name; only branches and tags start workflows. */
export function matchPush(filter: PushFilter | null, ref: string, budget = new MatchBudget()): boolean {
  if (filter === null || budget.isSpent) return false;
  const { branches, branchesIgnore, tags, tagsIgnore } = filter;
  const hasBranches = branches !== null || branchesIgnore !== null;
  const hasTags = tags !== null || tagsIgnore !== null;
  if (ref.startsWith("refs/heads/")) {
    return matchKind(ref.slice("refs/heads/".length), branches, branchesIgnore, hasTags, budget);
  }
  if (ref.startsWith("refs/tags/")) {
    return matchKind(ref.slice("refs/tags/".length), tags, tagsIgnore, hasBranches, budget);
  }
  return false;
}

// With filters for the other kind only, this kind doesn't match at all.
function matchKind(
  name: string,
  only: readonly string[] | null,
  ignored: readonly string[] | null,
  isOtherFiltered: boolean,
  budget: MatchBudget,
): boolean {
  if (only !== null) return budget.matches(only, name);
  if (ignored !== null) return !budget.matches(ignored, name) && !budget.isSpent;
  return !isOtherFiltered;
}
