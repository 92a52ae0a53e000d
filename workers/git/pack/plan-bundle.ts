// Whether a stored pack may be given away as a bundle (gitformat-bundle), and with which refs. Invariant: the pack is
// exactly what those refs reach, no object less and none more, so whoever may read them may read all of it.
import { BUNDLE_REF_LIMIT } from "../limits.ts";
import { COMMIT } from "../object/object-type.ts";
import { NOT_HERE, type PackSet } from "./pack-set.ts";
import { forEachParent } from "./plan-fetch-commits.ts";
import { markReachable } from "./plan-fetch-visible.ts";

interface NumberedRef {
  readonly name: string;
  readonly number: number;
}

/** The member that is looked at: the one with the most objects. */
const LARGEST = 0;

/**
 * The refs by which the largest pack of a set is a bundle; null when it is none. A branch that has gone on since the
 * pack was written is named as it was.
 * @param refs those that every reader sees, in the order in which they are to be named
 */
export function planBundle(set: PackSet, refs: readonly NumberedRef[]): NumberedRef[] | null {
  const member = set.members[LARGEST];
  if (member === undefined || member.graph.externalCount > 0 || refs.length > BUNDLE_REF_LIMIT) return null;
  const { count } = member.index;
  const named: NumberedRef[] = [];
  for (const { name, number } of refs) {
    const stored = findStored(set, number, count);
    if (stored !== NOT_HERE) named.push({ name, number: stored });
  }
  const reached = markReachable(
    set,
    named.map(({ number }) => number),
  );
  for (let number = 0; number < count; number++) if (reached[number] === 0) return null;
  return named;
}

/** The object itself or, for a commit, the first of its first parents that is numbered below `count`. */
function findStored(set: PackSet, from: number, count: number): number {
  let at = from;
  while (at >= count) {
    if (set.typeCodeAt(at) !== COMMIT) return NOT_HERE;
    let parent = NOT_HERE;
    forEachParent(set, null, at, (one) => {
      if (parent === NOT_HERE) parent = one;
    });
    if (parent === NOT_HERE) return NOT_HERE;
    at = parent;
  }
  return at;
}
