// When a negotiation may end: once every wanted commit reaches one that client and server share
// (git's upload-pack calls it "ok to give up").
import { COMMIT } from "../object/object-type.ts";
import { NOT_HERE, type PackSet } from "./pack-set.ts";
import { peel } from "./plan-fetch.ts";
import { forEachParent } from "./plan-fetch-commits.ts";

const REACHES = 1;
const EXPLORED = 2;

/**
 * True when every wanted commit is, or descends from, one of the common objects. Wants that aren't commits don't count.
 * Commits older than the oldest common one are not looked at.
 */
export function reachesCommon(set: PackSet, wants: readonly number[], common: readonly number[]): boolean {
  if (common.length === 0) return false;
  const states = new Uint8Array(set.size);
  let oldestSeconds = Number.POSITIVE_INFINITY;
  for (const number of common) {
    const commit = peel(set, number);
    if (set.typeCodeAt(commit) !== COMMIT) continue;
    states[commit] = REACHES;
    oldestSeconds = Math.min(oldestSeconds, set.commitTimeAt(commit));
  }
  return wants.every((want) => {
    const commit = peel(set, want);
    return set.typeCodeAt(commit) !== COMMIT || explore(set, states, commit, oldestSeconds);
  });
}

// Depth first: when a common commit is met, all on the path to it reach it.
function explore(set: PackSet, states: Uint8Array, start: number, oldestSeconds: number): boolean {
  const path = [start];
  for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
    if (states[at] === REACHES) {
      for (const number of path) states[number] = REACHES;
      return true;
    }
    const next = states[at] === EXPLORED ? NOT_HERE : findUnexplored(set, states, at, oldestSeconds);
    if (next === NOT_HERE) {
      states[at] = EXPLORED;
      path.pop();
    } else path.push(next);
  }
  return false;
}

function findUnexplored(set: PackSet, states: Uint8Array, commit: number, oldestSeconds: number): number {
  let found = NOT_HERE;
  forEachParent(set, null, commit, (parent) => {
    const state = states[parent]!;
    if (state === REACHES) found = parent;
    else if (state === 0 && found === NOT_HERE && set.commitTimeAt(parent) >= oldestSeconds) found = parent;
  });
  return found;
}
