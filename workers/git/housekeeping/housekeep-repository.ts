// One step of housekeeping in one repository: one repack at most, so that a step is bounded however much there is to do.
// Each begins by looking anew and leaves the repository whole, so it may be cut off anywhere and begun again.
import { UNREACHABLE_GRACE_MS } from "../limits.ts";
import { OID_BYTES } from "../object/oid.ts";
import { planGeometric } from "../pack/plan-repack.ts";
import type { StoredPack } from "../store/catalog.ts";
import { commitRepack, type RepackOutcome } from "./commit-repack.ts";
import { VerifyBudget, verifyPacks } from "./find-gaps.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";
import { giveLeaseBack, settleDue, takeLease } from "./lease.ts";
import { clearGaps, hasGaps } from "./note-gaps.ts";
import { markStaying, openWalk, planDrop, REPACK_BOUNDS } from "./plan-drop.ts";
import { proveWhole } from "./prove-whole.ts";
import { type RepositoryState, readRepository } from "./read-repository.ts";
import { upgradeGraphs } from "./upgrade-graphs.ts";
import { type WrittenRepack, writeRepack } from "./write-repack.ts";

/** What may be set otherwise in tests. */
interface HousekeepingTimes {
  /** How long what no ref reaches is kept. */
  readonly graceMs: number;
}

/**
 * `more`: packs were replaced or read, and there may be more to do; `stopped`: something is missing or damaged, and nothing
 * was removed (note-gaps.ts says so to admins); `settled`: nothing is left to do for now;
 * `outdated`: the repository changed meanwhile and nothing was done; `busy`: another keeps house, or it is gone.
 */
export type HousekeepingOutcome = "more" | "settled" | "stopped" | "outdated" | "busy";

/** How often a repack is checked again against refs that moved meanwhile. */
const CONFIRMATIONS = 3;

/**
 * Takes one step. Packs are retired only after those that remain were proven to hold all that the refs reach
 * (find-gaps.ts). Throws when the repository is damaged, or when R2 or Postgres fail; then nothing has changed.
 */
export async function housekeepRepository(
  context: HousekeepingContext,
  repositoryId: number,
  times: HousekeepingTimes = { graceMs: UNREACHABLE_GRACE_MS },
): Promise<HousekeepingOutcome> {
  const { database } = context;
  if (!(await takeLease(database, repositoryId))) return "busy";
  try {
    const state = await readRepository(database, repositoryId, times.graceMs);
    if (state === null) return "busy";
    const hadGaps = await hasGaps(database, repositoryId);
    if (hadGaps) {
      const found = await proveWhole(context, repositoryId, state.packs, state.tips);
      if (found !== "whole") return found;
    }
    if (await upgradeGraphs(context, repositoryId)) return "more";
    // Where it stopped before, all that it stopped at is tried again.
    if (state.isDue || hadGaps) return await collect(context, repositoryId, state, times.graceMs);
    return await consolidate(context, repositoryId, state);
  } finally {
    await giveLeaseBack(database, repositoryId);
  }
}

/** Combines small packs. */
async function consolidate(
  context: HousekeepingContext,
  repositoryId: number,
  state: RepositoryState,
): Promise<HousekeepingOutcome> {
  const { packs, packEpoch } = state;
  const sources = planGeometric(packs, REPACK_BOUNDS);
  if (sources.length === 0) return "settled";
  if (!(await verifyPacks(context.bucket, listOthers(packs, sources), new VerifyBudget()))) return "more";
  await context.reach?.("planned");
  const repack = await writeRepack(context.bucket, repositoryId, sources, () => true);
  await context.reach?.("stored");
  const found = await proveRest(context, repositoryId, state, repack);
  if (found !== "whole") return giveUp(repack, found);
  const { pack } = repack;
  const made = { repositoryId, sources, pack, packEpoch, droppedAtVersion: null };
  return finish(context, repositoryId, repack, await commitRepack(context.database, made));
}

/** Drops unreachable objects; where there are none, combines small packs, and says when to look again. */
async function collect(
  context: HousekeepingContext,
  repositoryId: number,
  state: RepositoryState,
  graceMs: number,
): Promise<HousekeepingOutcome> {
  const walk = await openWalk(context.bucket, repositoryId, state);
  const { drop, hasUnreachable } = planDrop(walk, state.packs);
  if (drop !== null) {
    const others = listOthers(state.packs, drop.sources);
    if (!(await verifyPacks(context.bucket, others, new VerifyBudget()))) return "more";
    await context.reach?.("planned");
    const repack = await writeRepack(context.bucket, repositoryId, drop.sources, drop.isKept);
    await context.reach?.("stored");
    const found = await proveRest(context, repositoryId, state, repack);
    if (found !== "whole") return giveUp(repack, found);
    return finish(
      context,
      repositoryId,
      repack,
      await commitDrop(context, repositoryId, state, repack, graceMs),
    );
  }
  const outcome = await consolidate(context, repositoryId, state);
  if (outcome === "settled") {
    await clearGaps(context.database, repositoryId);
    await settleDue(context.database, repositoryId, { version: state.version, hasUnreachable, graceMs });
  }
  return outcome;
}

function listOthers(packs: readonly StoredPack[], sources: readonly StoredPack[]): StoredPack[] {
  const replaced = new Set(sources.map(({ sha }) => sha));
  return packs.filter(({ sha }) => !replaced.has(sha));
}

/** Whether the packs that remain once a repack has taken the place of its sources hold all that the refs reach. */
async function proveRest(
  context: HousekeepingContext,
  repositoryId: number,
  { packs, tips }: RepositoryState,
  { sources, pack }: WrittenRepack,
): Promise<"whole" | "stopped" | "more"> {
  const others = listOthers(packs, pack === null ? sources : [...sources, pack]);
  return proveWhole(context, repositoryId, pack === null ? others : [...others, pack], tips);
}

async function giveUp<Found>(repack: WrittenRepack, found: Found): Promise<Found> {
  await repack.discard();
  return found;
}

async function finish(
  context: HousekeepingContext,
  repositoryId: number,
  repack: WrittenRepack,
  outcome: RepackOutcome,
): Promise<HousekeepingOutcome> {
  await context.reach?.("committed");
  if (outcome.kind === "committed") await clearGaps(context.database, repositoryId);
  const isNamed = outcome.kind === "committed" && outcome.storageKey === (repack.pack?.storageKey ?? null);
  if (isNamed) repack.remember();
  else await repack.discard();
  return outcome.kind === "committed" ? "more" : "outdated";
}

/** Commits a repack that leaves objects out. Where refs moved meanwhile, it is checked against them and tried again. */
async function commitDrop(
  context: HousekeepingContext,
  repositoryId: number,
  planned: RepositoryState,
  repack: WrittenRepack,
  graceMs: number,
): Promise<RepackOutcome> {
  const { sources, pack } = repack;
  const { packEpoch } = planned;
  let { version } = planned;
  for (let attempt = 0; attempt < CONFIRMATIONS; attempt++) {
    const made = { repositoryId, sources, pack, packEpoch, droppedAtVersion: version };
    const outcome = await commitRepack(context.database, made);
    if (outcome.kind !== "refs-moved") return outcome;
    const state = await readRepository(context.database, repositoryId, graceMs);
    if (state === null || !(await keepsAllNeeded(context, repositoryId, state, repack))) break;
    if ((await proveRest(context, repositoryId, state, repack)) !== "whole") break;
    version = state.version;
  }
  return { kind: "outdated" };
}

/** Whether all that is needed by now is still there once the repack has taken the place of its sources. */
async function keepsAllNeeded(
  { bucket }: HousekeepingContext,
  repositoryId: number,
  state: RepositoryState,
  { sources, holds }: WrittenRepack,
): Promise<boolean> {
  const replaced = new Set(sources.map(({ sha }) => sha));
  const walk = await openWalk(bucket, repositoryId, state);
  const staying = markStaying(walk, replaced);
  const { members } = walk.set;
  const others = members.filter(({ index }) => !replaced.has(index.packSha));
  const oid = new Uint8Array(OID_BYTES);
  return members.every(({ index }, member) => {
    if (!replaced.has(index.packSha)) return true;
    const start = walk.set.startOf(member);
    for (let position = 0; position < index.count; position++) {
      if (staying[start + position] === 0) continue;
      index.copyOid(position, oid, 0);
      if (!holds(oid) && !others.some((other) => other.index.find(oid) >= 0)) return false;
    }
    return true;
  });
}
