// The commits that a move brings to a branch, from the graph alone.
import { COMMIT } from "../git/object/object-type.ts";
import type { Oid } from "../git/object/oid.ts";
import { NOT_HERE, type PackSet } from "../git/pack/pack-set.ts";
import { markReachableCommits } from "../git/pack/plan-fetch-visible.ts";

interface NewCommit {
  readonly oid: Oid;
  readonly parents: number;
}

/**
 * The commits that `after` reaches and none of `known` does; null when there are more than `limit`.
 * Ids that aren't commits of the set reach nothing.
 */
export function listNewCommits(
  set: PackSet,
  after: Oid,
  known: readonly Oid[],
  limit: number,
): NewCommit[] | null {
  const tips = known.map((oid) => set.find(oid)).filter((number) => number !== NOT_HERE);
  const seen = markReachableCommits(set, tips);
  const commits: NewCommit[] = [];
  const stack: number[] = [];
  const add = (number: number) => {
    if (number === NOT_HERE || seen[number] === 1 || set.typeCodeAt(number) !== COMMIT) return;
    seen[number] = 1;
    stack.push(number);
  };
  add(set.find(after));
  for (let number = stack.pop(); number !== undefined; number = stack.pop()) {
    if (commits.length === limit) return null;
    // The first reference is the commit's tree.
    let references = 0;
    set.forEachReference(number, (reference) => {
      if (references++ > 0) add(reference);
    });
    commits.push({ oid: set.oidAt(number), parents: references - 1 });
  }
  return commits;
}
