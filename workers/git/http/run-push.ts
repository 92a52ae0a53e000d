// One push from its commands to its end: the pack is received, checked and stored, then all refs move at once.
// Invariant: no ref moves unless everything it reaches is stored; whatever fails before that leaves the repository as it was.
import type { OpeningSession } from "../../core/database-session.ts";
import type { Database } from "../../core/db.ts";
import { ForgeError } from "../../core/errors.ts";
import { COMMIT, TAG } from "../object/object-type.ts";
import { ZERO_OID } from "../object/oid.ts";
import type { IngestProgress, IngestSitting } from "../pack/ingest-types.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { peel } from "../pack/plan-fetch.ts";
import { readCatalog, type StoredPack } from "../store/catalog.ts";
import { commitPush } from "../store/commit-push.ts";
import type { RefOutcome } from "../store/judge-updates.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { ReceivingSpool, type StorableSpool } from "../store/pack-spool.ts";
import { openPacks, type StoringPack } from "../store/pack-store.ts";
import type { RefMove } from "../store/protection.ts";
import { PushStorage } from "../store/push-storage.ts";
import { spoolMemory } from "../store/spool-memory.ts";
import type { BodyRest } from "../wire/body-reader.ts";
import type { PushRequest, RefUpdate } from "../wire/command-list.ts";
import type { RefReport } from "../wire/report-status.ts";
import type { GitActor, GitRepository, PreparedPush, PushContext } from "./dependencies.ts";
import { deletesNothing, judgeCommands, STALE } from "./judge-commands.ts";
import {
  judgeObjects,
  type ReceivedObjects,
  type RefusedObjects,
  type Room,
  receiveObjects,
} from "./receive-objects.ts";

export interface Pusher {
  readonly repository: GitRepository;
  readonly actor: GitActor;
}

interface PushRun {
  readonly database: Database;
  readonly objects: R2Bucket;
  readonly pusher: Pusher;
  readonly push: PushRequest;
  /** The body behind the commands, or null when no pack follows. */
  readonly rest: BodyRest | null;
  /** Tells the person how it goes. */
  readonly say: (text: string) => Promise<void>;
  /** Called once the body was read to its end. */
  readonly onReceived?: () => void;
  /** Told how far receiving has come. What it throws ends the push. */
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Where the pack is received in several goes: what ends one is thrown as IngestPaused. */
  readonly sitting?: IngestSitting;
  /** Where the pack is put aside; a spool of the push's own unless given. */
  readonly spool?: StorableSpool;
  /** Why a move that is otherwise good isn't taken, or null; every such move is unless given. */
  readonly refuseMove?: (set: PackSet, update: RefUpdate) => string | null;
  readonly preparePush: (push: PushContext) => Promise<PreparedPush>;
}

export interface PushEnd {
  /** Why the pack wasn't taken; null when it was, or there was none. */
  readonly unpackError: string | null;
  readonly refs: readonly RefReport[];
  /** For the person who pushed. */
  readonly lines: readonly string[];
  /** What went wrong once the refs had moved, or undefined. It changes nothing of the push's success. */
  readonly lateFailure?: unknown;
}

/** Runs a push. What the pusher did wrong is in the result; everything else is thrown, and then nothing has moved. */
export async function runPush(run: PushRun): Promise<PushEnd> {
  const { database, pusher, push, objects: bucket } = run;
  const { query } = database;
  const repositoryId = pusher.repository.id;
  const names = push.updates.map(({ name }) => name);
  const catalog = await readCatalog(query, repositoryId, names);
  const current = new Map(catalog.refs.map(({ name, oid }) => [name, oid]));
  const refusals = judgeCommands(push.updates, current, catalog.namespaces);
  const isAtomic = push.capabilities.has("atomic");
  const isOver = (isAtomic ? refusals.some : refusals.every).call(refusals, (refusal) => refusal !== null);
  if (isOver) return endOf(push.updates, (at) => refusals[at] ?? ATOMIC);
  const storage = new PushStorage(
    bucket,
    repositoryId,
    run.spool ?? new ReceivingSpool(bucket, repositoryId, spoolMemory),
  );
  const end = await receiveAndMove(run, catalog, refusals, storage).catch(async (error: unknown) => {
    await storage.discard();
    throw error;
  });
  try {
    await storage.discard();
    return end;
  } catch (lateFailure) {
    if (!storage.isCommitted) throw lateFailure;
    return { ...end, lateFailure };
  }
}

async function receiveAndMove(
  run: PushRun,
  catalog: Awaited<ReturnType<typeof readCatalog>>,
  refusals: readonly (string | null)[],
  storage: PushStorage,
): Promise<PushEnd> {
  const { database, push } = run;
  const isAtomic = push.capabilities.has("atomic");
  let stored = await openCatalog(run, catalog);
  let received = await receiveObjects(
    { ...run, shallows: push.shallows, room: findRoom(catalog) },
    stored.existing,
    storage.spool,
  );
  for (let attempt = 0; attempt < COMMIT_ATTEMPTS; attempt++) {
    if (received.kind === "refused") return refuseAll(push.updates, refusals, received);
    const { set, ingested } = received;
    const moves = push.updates.map((update, at) => planMove(run, set, update, refusals[at] ?? null));
    if (isAtomic && moves.some((move) => refusalOf(move) !== null)) {
      return endOf(push.updates, (at) => refusalOf(moves[at]) ?? ATOMIC);
    }
    const end = await moveRefs(run, stored, received, moves, storage);
    if (end !== "outdated") return end;
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt));
    stored = await openCatalog(run, await readCatalog(database.query, run.pusher.repository.id));
    received = await judgeObjects(stored.existing, ingested, push.shallows);
  }
  throw new ForgeError("unavailable", "The repository is being tidied up; push again in a moment.");
}

/** How often a push tries to commit while housekeeping takes away what it may rely on; each time it looks again. */
const COMMIT_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 100;

/** What a repository may still take, and what it may take in all. */
function findRoom({ packs, quota }: Awaited<ReturnType<typeof readCatalog>>): Room {
  const sum = (of: (pack: StoredPack) => number) => packs.reduce((total, pack) => total + of(pack), 0);
  return {
    leftBytes: quota.sizeBytes - sum((pack) => pack.sizeBytes),
    leftObjects: quota.objectCount - sum((pack) => pack.objectCount),
    quota,
  };
}

interface StoredObjects {
  readonly existing: RepositoryPacks;
  readonly packEpoch: number;
}

async function openCatalog(
  { objects }: PushRun,
  { packs, packEpoch }: Awaited<ReturnType<typeof readCatalog>>,
): Promise<StoredObjects> {
  const opened = await openPacks(objects, packs);
  return { existing: new RepositoryPacks(opened), packEpoch };
}

const ATOMIC = "atomic push failure";

type PlannedMove = { readonly refusal: string } | { readonly move: RefMove } | "nothing";

const refusalOf = (planned: PlannedMove | undefined): string | null =>
  typeof planned === "object" && "refusal" in planned ? planned.refusal : null;

/** How a report names the ref of an update. */
export const nameOf = ({ name, rawName }: RefUpdate): { name: string; rawName?: Uint8Array } =>
  rawName === undefined ? { name } : { name, rawName };

function endOf(updates: readonly RefUpdate[], refusalAt: (at: number) => string | null): PushEnd {
  const refs = updates.map((update, at) => ({ ...nameOf(update), refusal: refusalAt(at) }));
  const gone = updates.filter((update, at) => deletesNothing(update) && refusalAt(at) === null);
  const lines = gone.map(({ name }) => `warning: deleting a non-existent ref: ${name}`);
  return { unpackError: null, refs, lines };
}

function refuseAll(
  updates: readonly RefUpdate[],
  refusals: readonly (string | null)[],
  { unpackError, refusal, lines }: RefusedObjects,
): PushEnd {
  return { ...endOf(updates, (at) => refusals[at] ?? refusal), unpackError, lines };
}

/** Checks what a ref is to point at. */
function planMove(
  { refuseMove }: PushRun,
  set: PackSet,
  update: RefUpdate,
  refusal: string | null,
): PlannedMove {
  if (refusal !== null) return { refusal };
  if (deletesNothing(update)) return "nothing";
  if (update.after === ZERO_OID) return { move: { ...update, peeled: null } };
  const number = set.find(update.after);
  if (number === NOT_HERE) return { refusal: "missing necessary objects" };
  if (update.name.startsWith("refs/heads/") && set.typeCodeAt(number) !== COMMIT) {
    return { refusal: "a branch must point at a commit" };
  }
  const reason = refuseMove?.(set, update) ?? null;
  if (reason !== null) return { refusal: reason };
  const peeled = set.typeCodeAt(number) === TAG ? set.oidAt(peel(set, number)) : null;
  return { move: { ...update, peeled } };
}

async function moveRefs(
  run: PushRun,
  { existing, packEpoch }: StoredObjects,
  received: ReceivedObjects,
  planned: readonly PlannedMove[],
  storage: PushStorage,
): Promise<PushEnd | "outdated"> {
  const { database, pusher, push } = run;
  const { repository, actor } = pusher;
  const moves = planned.flatMap((one) => (typeof one === "object" && "move" in one ? [one.move] : []));
  if (moves.length === 0) return endOf(push.updates, (at) => refusalOf(planned[at]));
  const { ingested } = received;
  const stored = ingested === null ? null : await storage.store(ingested);
  const objects = stored === null ? existing : existing.with(stored.open);
  // It opens while the pack is stored and looked at.
  const session = database.openSession();
  try {
    const [prepared] = await Promise.all([
      run.preparePush({ repository, actor, updates: moves, objects }),
      stored?.whenStored,
    ]);
    return await commitMoves(run, { session, prepared, packEpoch, planned, moves, stored }, storage);
  } finally {
    await session.close();
  }
}

interface PreparedMoves {
  readonly session: OpeningSession;
  readonly prepared: PreparedPush;
  readonly packEpoch: number;
  readonly planned: readonly PlannedMove[];
  readonly moves: readonly RefMove[];
  readonly stored: StoringPack | null;
}

async function commitMoves(
  { pusher, push }: PushRun,
  { session, prepared, packEpoch, planned, moves, stored }: PreparedMoves,
  storage: PushStorage,
): Promise<PushEnd | "outdated"> {
  const { repository, actor } = pusher;
  const committing = commitPush(session, {
    repositoryId: repository.id,
    actorId: actor.id,
    kind: "push",
    moves,
    isAtomic: push.capabilities.has("atomic"),
    pack: stored?.pack ?? null,
    packEpoch,
    judge: prepared.judge,
    commit: (transaction, id, accepted) => prepared.commit(transaction, id, accepted),
  });
  const { operationId, outcomes, isOutdated, isCrowded } = await storage.whileCommitting(committing);
  if (isOutdated) return "outdated";
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
  const end = endOf(push.updates, (at) => {
    if (planned[at] === "nothing") return null;
    return refusalOf(planned[at]) ?? describeOutcome(outcomeOf.get(push.updates[at]?.name ?? ""));
  });
  if (operationId === null) return end;
  try {
    return { ...end, lines: [...end.lines, ...(await prepared.committed(isCrowded))] };
  } catch (error) {
    return { ...end, lateFailure: error };
  }
}

function describeOutcome(outcome: RefOutcome | undefined): string | null {
  switch (outcome?.status) {
    case "ok":
      return null;
    case "stale":
      return STALE;
    case "conflict":
      return `'${outcome.other}' exists; cannot create '${outcome.name}'`;
    case "over-quota":
      return "the repository would be larger than it may be";
    case "default-branch":
      return "deletion of the current branch prohibited";
    case "refused":
      return outcome.reason;
    case "atomic":
      return ATOMIC;
    default:
      return "the repository is gone";
  }
}
