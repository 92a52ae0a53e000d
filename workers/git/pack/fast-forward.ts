// Whether a branch would lose commits by a move.
import { COMMIT } from "../object/object-type.ts";
import { NOT_HERE, type PackSet } from "./pack-set.ts";
import { reachesCommon } from "./plan-fetch-common.ts";
import { markReachableCommits } from "./plan-fetch-visible.ts";

/** True when `after` is `before` or descends from it. Both are commits of the set; what isn't one descends from nothing. */
export function isFastForward(set: PackSet, before: string, after: string): boolean {
  const [from, to] = [set.find(before), set.find(after)];
  if (from === NOT_HERE || to === NOT_HERE) return false;
  if (set.typeCodeAt(from) !== COMMIT || set.typeCodeAt(to) !== COMMIT) return from === to;
  // The short way trusts the commits' times; where it finds nothing, all of the history is looked at.
  return reachesCommon(set, [to], [from]) || markReachableCommits(set, [to])[from] === 1;
}
