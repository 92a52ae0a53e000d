// Whether objects may be shown to whoever may read a repository: only what its visible refs reach, stored or not.
// Invariant: what was found out is used again only while no ref has moved, which is asked of Postgres each time.
import type { Executor } from "../../core/db.ts";
import { REACHED_CACHE_BYTES } from "../limits.ts";
import { COMMIT } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import { hasBit, packMarks } from "../pack/bit-set.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { peel } from "../pack/plan-fetch.ts";
import { markReachable, markReachableCommits, reachesAll } from "../pack/plan-fetch-visible.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { nameState, type RefState, readVersion } from "./ref-state.ts";
import { pageRefs } from "./refs.ts";

/** What visible refs reach, a bit an object. */
interface Reached {
  readonly bits: Uint8Array;
  readonly costBytes: number;
}

/** What the isolate knows, by kind and state. */
const reachedCache = new BoundedCache<Reached>(REACHED_CACHE_BYTES);
const ENTRY_BYTES = 256;

/**
 * The first of some stored objects that no visible ref reaches; null when all are reached. Reads no object.
 * @param state as it was read for this request
 */
export async function findInvisible(
  query: Executor,
  state: RefState,
  set: PackSet,
  oids: readonly Oid[],
): Promise<Oid | null> {
  const isVisible = await findVisible(query, state, set, oids);
  return oids.find((oid) => !isVisible(set.find(oid))) ?? null;
}

/** Tells of each of some stored objects, by number, whether a visible ref reaches it. Takes what findInvisible takes. */
export async function findVisible(
  query: Executor,
  state: RefState,
  set: PackSet,
  oids: readonly Oid[],
): Promise<(number: number) => boolean> {
  if (oids.length === 0) return () => false;
  const numbers = oids.map((oid) => set.find(oid));
  const areCommits = numbers.every((number) => set.typeCodeAt(number) === COMMIT);
  const name = nameState(state);
  const known =
    reachedCache.get(`objects ${name}`) ?? (areCommits ? reachedCache.get(`commits ${name}`) : undefined);
  const bits = known?.bits ?? (await findReached(query, state, set, areCommits ? numbers : null));
  return bits === "all" ? () => true : (number) => hasBit(bits, number);
}

/** @param commits where only commits are asked for; "all": every one of them is reached */
async function findReached(
  query: Executor,
  state: RefState,
  set: PackSet,
  commits: readonly number[] | null,
): Promise<Uint8Array | "all"> {
  const tips: number[] = [];
  for await (const page of pageRefs(query, state.repositoryId)) {
    for (const { oid } of page) {
      const number = set.find(oid);
      // A ref that moved after the packs were listed.
      if (number !== NOT_HERE) tips.push(number);
    }
  }
  const peeled = tips.map((tip) => peel(set, tip));
  // Mostly they are young, and found after a few steps.
  if (commits !== null && reachesAll(set, peeled, commits)) return "all";
  const marks = commits === null ? markReachable(set, tips) : markReachableCommits(set, peeled);
  const bits = packMarks(marks, 1);
  const key = `${commits === null ? "objects" : "commits"} ${nameState(state)}`;
  // The refs were read after the state was: what they reach is kept under its name only if none has moved between.
  if ((await readVersion(query, state.repositoryId)) === state.version) {
    reachedCache.add(key, { bits, costBytes: ENTRY_BYTES + 2 * key.length + bits.length });
  }
  return bits;
}
