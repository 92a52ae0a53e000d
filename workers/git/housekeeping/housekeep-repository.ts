// One step of housekeeping in one repository: one repack at most, so that a step is bounded however much there is to do.
// Each begins by looking anew and leaves the repository whole, so it may be cut off anywhere and begun again.
import { UNREACHABLE_GRACE_MS } from "../limits.ts";
import { OID_BYTES } from "../object/oid.ts";
import { planGeometric } from "../pack/plan-repack.ts";
import { commitRepack, type RepackOutcome } from "./commit-repack.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";
import { giveLeaseBack, settleDue, takeLease } from "./lease.ts";
import { markStaying, openWalk, planDrop, REPACK_BOUNDS } from "./plan-drop.ts";
import { type RepositoryState, readRepository } from "./read-repository.ts";
import { upgradeGraphs } from "./upgrade-graphs.ts";
import { type WrittenRepack, writeRepack } from "./write-repack.ts";

/** What may be set otherwise in tests. */
interface HousekeepingTimes {
  /** How long what no ref reaches is kept. */
  readonly graceMs: number;
}

/**
 * `more`: packs were replaced, and there may be more to do; `settled`: nothing is left to do for now;
 * `outdated`: the repository changed meanwhile and nothing was done; `busy`: another keeps house, or it is gone.
 */
export type HousekeepingOutcome = "more" | "settled" | "outdated" | "busy";

/** How often a repack is checked again against refs that moved meanwhile. */
const CONFIRMATIONS = 3;

/** Takes one step. Throws when the repository is damaged, or when R2 or Postgres fail; then nothing has changed. */
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
    if (await upgradeGraphs(context, repositoryId)) return "more";
    if (state.isDue) return await collect(context, repositoryId, state, times.graceMs);
    return await consolidate(context, repositoryId, state);
  } finally {
    await giveLeaseBack(database, repositoryId);
  }
}

/** Combines small packs. */
async function consolidate(
  context: HousekeepingContext,
  repositoryId: number,
  { packs, packEpoch }: RepositoryState,
): Promise<HousekeepingOutcome> {
  const sources = planGeometric(packs, REPACK_BOUNDS);
  if (sources.length === 0) return "settled";
  await context.reach?.("planned");
  const repack = await writeRepack(context.bucket, repositoryId, sources, () => true);
  await context.reach?.("stored");
  const { pack } = repack;
  const made = { repositoryId, sources, pack, packEpoch, droppedAtVersion: null };
  return finish(context, repack, await commitRepack(context.database, made));
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
    await context.reach?.("planned");
    const repack = await writeRepack(context.bucket, repositoryId, drop.sources, drop.isKept);
    await context.reach?.("stored");
    return finish(context, repack, await commitDrop(context, repositoryId, state, repack, graceMs));
  }
  const outcome = await consolidate(context, repositoryId, state);
  if (outcome === "settled") {
    await settleDue(context.database, repositoryId, { version: state.version, hasUnreachable, graceMs });
  }
  return outcome;
}

async function finish(
  context: HousekeepingContext,
  repack: WrittenRepack,
  outcome: RepackOutcome,
): Promise<HousekeepingOutcome> {
  await context.reach?.("committed");
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
