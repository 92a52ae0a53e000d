// Indexes one import: a push whose commands come from the bundle and whose pack is in R2 already. Invariant: the end is
// written in the transaction that moves the refs, by the attempt that still holds the import, or nothing is.

import type { ImportRef, ImportResult } from "../../schema/tables/imports.ts";
import type { RunInBackground } from "../core/background.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import {
  IMPORT_ATTEMPTS_MAX,
  IMPORT_SKIPPED_NAMES_MAX,
  IMPORT_SLICE_INFLATED_BYTES,
  IMPORT_SLICE_OBJECTS,
} from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Origin } from "../core/origin.ts";
import type { PreparedPush } from "../git/http/dependencies.ts";
import { STALE } from "../git/http/judge-commands.ts";
import { type PushEnd, runPush } from "../git/http/run-push.ts";
import { GitError } from "../git/object/git-error.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { isFastForward } from "../git/pack/fast-forward.ts";
import { IngestPaused } from "../git/pack/ingest-checkpoint.ts";
import type { PackSet } from "../git/pack/pack-set.ts";
import { createObjectReader } from "../git/store/object-reader.ts";
import { findRefs } from "../git/store/refs.ts";
import { UploadedFile } from "../git/store/uploaded-file.ts";
import { UploadedSpool } from "../git/store/uploaded-spool.ts";
import { parseCapabilityWords } from "../git/wire/capabilities.ts";
import type { RefUpdate } from "../git/wire/command-list.ts";
import { preparePush } from "../runs/push-hooks.ts";
import { ImportLease, ImportLost } from "./import-lease.ts";
import { deleteSaved, type ImportSlice, openSitting } from "./import-state.ts";
import { describeParts } from "./part-store.ts";
import { readImport } from "./read-import.ts";
import * as store from "./store.ts";

export interface ImportServices {
  env: Env;
  database: Database;
  log: Log;
  background: RunInBackground;
  /** What one call may do, where a test says. */
  slice?: ImportSlice;
}

const SLICE: ImportSlice = { inflatedBytes: IMPORT_SLICE_INFLATED_BYTES, objects: IMPORT_SLICE_OBJECTS };

/** How an attempt ended; `again`: the import is back in the queue, to be begun anew; `paused`: so as to go on. */
type ImportEnd =
  | { readonly kind: "nothing" | "lost" | "again" | "paused" | "done" }
  | { readonly kind: "failed"; readonly reason: string };

/** Takes an import up if it waits, and indexes it. Throws what is nobody's fault; then the import waits again. */
export async function runImport(services: ImportServices, importId: number): Promise<ImportEnd> {
  const { database } = services;
  const claim = await store.claimImport(database.query, importId);
  if (claim === undefined) return { kind: "nothing" };
  const { phase, done, total } = claim;
  const lease = new ImportLease(database, claim, { phase: phase ?? "scanning", done, total });
  try {
    const end = await indexOrFail(services, claim, lease);
    if (end.kind === "again") await store.releaseImport(database.query, claim);
    if (end.kind !== "failed") return end;
    const isHeld = await store.failImport(database.query, claim, end.reason);
    return isHeld ? end : { kind: "lost" };
  } catch (error) {
    if (error instanceof ImportLost) return { kind: "lost" };
    if (error instanceof IngestPaused) return await endSlice(services, claim, lease);
    await store.releaseImport(database.query, claim);
    throw error;
  } finally {
    await lease.stop();
  }
}

async function endSlice(
  services: ImportServices,
  claim: store.Import,
  lease: ImportLease,
): Promise<ImportEnd> {
  await lease.stop();
  if (!(await store.pauseImport(services.database.query, claim))) return { kind: "lost" };
  await deleteSaved(services.env.objects, claim);
  return { kind: "paused" };
}

async function indexOrFail(
  services: ImportServices,
  claim: store.Import,
  lease: ImportLease,
): Promise<ImportEnd> {
  if (claim.attempt - (claim.savedAttempt ?? 0) > IMPORT_ATTEMPTS_MAX) {
    const reason = `it was begun ${IMPORT_ATTEMPTS_MAX} times and never came further: it may take more than a call of the server may`;
    return { kind: "failed", reason };
  }
  try {
    return await indexImport(services, claim, lease);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return { kind: "failed", reason: error.message };
  }
}

async function indexImport(
  services: ImportServices,
  claim: store.Import,
  lease: ImportLease,
): Promise<ImportEnd> {
  const { env, database } = services;
  const { repositoryId, actorId } = claim;
  if (actorId === null) return { kind: "failed", reason: "whoever began it has deleted their account" };
  const target = await store.findTarget(database.query, { repositoryId, actorId });
  if (target === undefined) return { kind: "lost" };
  const file = new UploadedFile(env.objects, describeParts(claim, claim.partEtags ?? []));
  const plan = await readImport(claim, file);
  const missing = await findMissing(services, claim.repositoryId, plan.prerequisites);
  if (missing.length > 0) {
    return { kind: "failed", reason: `the bundle needs commits that the repository lacks: ${list(missing)}` };
  }
  const { updates, result } = await planUpdates(database, claim.repositoryId, plan.refs);
  if (updates.length === 0) {
    const isHeld = await store.finishImport(database.query, claim, { operationId: null, result });
    return { kind: isHeld ? "done" : "lost" };
  }
  const spool = new UploadedSpool(env.objects, file, plan.packOffset, (done, total) =>
    lease.report({ phase: "storing", done, total }),
  );
  const sitting = await openSitting(env.objects, claim, services.slice ?? SLICE);
  let isDone = false;
  const push = (): Promise<PushEnd> =>
    runPush({
      database,
      objects: env.objects,
      pusher: target,
      push: { updates, capabilities: parseCapabilityWords("atomic"), options: [], shallows: new Set() },
      rest: spool.openBody(sitting.saved?.head.scannedBytes ?? 0),
      sitting,
      say: async () => undefined,
      onProgress: ({ phase, done, total }) =>
        lease.report({ phase: phase === "resolving" ? phase : "scanning", done, total }),
      spool,
      ...(claim.isForced ? {} : { refuseMove: refuseRewrite }),
      preparePush: async (push) => {
        const { id: userId, username } = target.actor;
        const pusher = { actor: { kind: "absent", userId, username }, origin: NOWHERE } as const;
        const prepared = await preparePush(services, pusher, push);
        return endWithMove(prepared, claim, result, () => {
          isDone = true;
        });
      },
    });
  const end = await push().finally(() => spool.discard());
  if (!isDone) return judgeFailure(end);
  if (end.lateFailure !== undefined) {
    services.log.error("the refs of an import have moved, but then", end.lateFailure, { importId: claim.id });
  }
  if (end.lines.length > 0) await store.addLines(database.query, claim.id, end.lines);
  return { kind: "done" };
}

/** The queue. */
const NOWHERE: Origin = { address: "", userAgent: "", requestId: "" };

/** What a push means, and with it the end of the import. */
function endWithMove(
  prepared: PreparedPush,
  claim: store.Import,
  result: ImportResult,
  onDone: () => void,
): PreparedPush {
  return {
    judge: prepared.judge,
    async commit(transaction, operationId, accepted) {
      await prepared.commit(transaction, operationId, accepted);
      const isHeld = await store.finishImport(transaction, claim, { operationId, result });
      if (!isHeld) throw new ImportLost("another attempt has taken this import over");
    },
    async committed(isCrowded) {
      onDone();
      return prepared.committed(isCrowded);
    },
  };
}

async function findMissing(
  { env, database }: ImportServices,
  repositoryId: number,
  oids: readonly string[],
): Promise<string[]> {
  if (oids.length === 0) return [];
  const found = await createObjectReader(env, database, repositoryId).hasObjects(oids);
  return oids.filter((oid) => !found.has(oid));
}

const OPEN_NAME = /^refs\/(heads|tags|notes)\//;

/** The moves that make the repository's refs those of the file. Refs that clients may not set are left out. */
async function planUpdates(
  database: Database,
  repositoryId: number,
  refs: readonly ImportRef[],
): Promise<{ updates: RefUpdate[]; result: ImportResult }> {
  const open = refs.filter(({ name }) => OPEN_NAME.test(name));
  const closed = refs.filter(({ name }) => !OPEN_NAME.test(name) && name !== "HEAD");
  const names = open.map(({ name }) => name);
  const current = await findRefs(database.query, repositoryId, names);
  const oids = new Map(current.map(({ name, oid }) => [name, oid]));
  const moved = open.filter(({ name, oid }) => oids.get(name) !== oid);
  return {
    updates: moved.map(({ name, oid }) => ({ name, before: oids.get(name) ?? ZERO_OID, after: oid })),
    result: {
      moved: moved.length,
      unchanged: open.length - moved.length,
      skipped: closed.length,
      skippedNames: closed.slice(0, IMPORT_SKIPPED_NAMES_MAX).map(({ name }) => name),
      lines: [],
    },
  };
}

/** As git's client judges a push without `--force`: branches go forward, tags and notes stay. */
function refuseRewrite(set: PackSet, { name, before, after }: RefUpdate): string | null {
  if (before === ZERO_OID) return null;
  if (name.startsWith("refs/tags/")) return "the tag exists and is another; force the import to replace it";
  return isFastForward(set, before, after)
    ? null
    : "the repository has commits that would be lost; force the import to replace them";
}

const REFUSALS_TOLD = 5;

function judgeFailure({ unpackError, refs, lines }: PushEnd): ImportEnd {
  if (unpackError !== null) return { kind: "failed", reason: unpackError };
  const refused = refs.filter(({ refusal }) => refusal !== null && refusal !== "atomic push failure");
  // A push came between; with the refs as they are now it may be good.
  if (refused.length > 0 && refused.every(({ refusal }) => refusal === STALE)) return { kind: "again" };
  const told = refused.map(({ name, refusal }) => `${name}: ${refusal}`);
  return { kind: "failed", reason: [...told.slice(0, REFUSALS_TOLD), ...lines].join("\n") };
}

const list = (oids: readonly string[]): string => oids.slice(0, REFUSALS_TOLD).join(", ");
