// What can be reached from refs: objects that may be asked for by id.
import { COMMIT } from "../object/object-type.ts";
import type { PackSet } from "./pack-set.ts";
import { forEachParent } from "./plan-fetch-commits.ts";

/** Marks 1, by number, every commit that the given commits reach. */
export function markReachableCommits(set: PackSet, tips: readonly number[]): Uint8Array {
  const commits = tips.filter((tip) => set.typeCodeAt(tip) === COMMIT);
  return markAll(set, commits, (commit, visit) => forEachParent(set, null, commit, visit));
}

/** Marks 1, by number, every object that the given objects reach. */
export function markReachable(set: PackSet, tips: readonly number[]): Uint8Array {
  return markAll(set, tips, (number, visit) => set.forEachReference(number, visit));
}

/**
 * True when the given commits are all found among what the tips reach, looking no further back than the oldest of them.
 * False says nothing where clocks ran wrong: markReachableCommits knows.
 */
export function reachesAll(set: PackSet, tips: readonly number[], commits: readonly number[]): boolean {
  const left = new Set(commits);
  const oldestSeconds = Math.min(...commits.map((commit) => set.commitTimeAt(commit)));
  const seen = new Uint8Array(set.size);
  const stack: number[] = [];
  const add = (commit: number) => {
    if (seen[commit] !== 0) return;
    seen[commit] = 1;
    left.delete(commit);
    if (set.commitTimeAt(commit) >= oldestSeconds) stack.push(commit);
  };
  for (const tip of tips) if (set.typeCodeAt(tip) === COMMIT) add(tip);
  for (let commit = stack.pop(); commit !== undefined && left.size > 0; commit = stack.pop()) {
    forEachParent(set, null, commit, add);
  }
  return left.size === 0;
}

function markAll(
  set: PackSet,
  from: readonly number[],
  forEachNext: (number: number, visit: (next: number) => void) => void,
): Uint8Array {
  const marks = new Uint8Array(set.size);
  const stack: number[] = [];
  const add = (number: number) => {
    if (marks[number] !== 0) return;
    marks[number] = 1;
    stack.push(number);
  };
  for (const number of from) add(number);
  for (let number = stack.pop(); number !== undefined; number = stack.pop()) forEachNext(number, add);
  return marks;
}
