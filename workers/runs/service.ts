// The rules of runs: who reads them, and how one is cancelled.

import { isEnded } from "../../schema/run-states.ts";
import { writeEvents } from "../../schema/write-events.ts";
import { hasScope, requirePermission } from "../auth/permissions.ts";
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { callGateway } from "../core/gateway-client.ts";
import type { Log } from "../core/log.ts";
import { drainOutbox } from "../core/outbox.ts";
import type { PageRequest } from "../core/paging.ts";
import { type Repository, requireRepositoryById } from "../repos/service.ts";
import { recordRunStatuses } from "../statuses/service.ts";
import * as changes from "./change-store.ts";
import { type OutputEvent, toOutputEvent } from "./output-event.ts";
import * as store from "./run-store.ts";

const NO_REPOSITORY = 0;

export type { JobRow, RunRow, StepRow } from "./run-store.ts";

export interface RunDetails {
  repository: Repository;
  run: store.RunRow;
  jobs: store.JobRow[];
  steps: store.StepRow[];
}

const CANCEL_HINT_TIMEOUT_MS = 2_000;

/** One page of a repository's runs, newest first. */
export async function listRepositoryRuns(database: Database, repository: Repository, page: PageRequest) {
  const runs = await store.listRuns(database.query, repository.id, page.offset, page.limit);
  return { runs, total: await store.countRuns(database.query, repository.id) };
}

/** The runs of one commit, newest first. */
export async function findRunsOfCommit(database: Database, repositoryId: number, headSha: string) {
  return store.listRunsOfCommit(database.query, repositoryId, headSha);
}

/** @throws ForgeError `not_found` when there is no such run or its repository may not be seen. */
export async function requireRun(database: Database, actor: Actor, id: number): Promise<RunDetails> {
  const { run, repository } = await requireReadable(database, actor, id);
  return readDetails(database, repository, run);
}

/** As `requireRun`, by its number in a repository that the caller was let into. */
export async function requireRunByNumber(database: Database, repository: Repository, number: number) {
  const run = await store.findRunByNumber(database.query, repository.id, number);
  if (!run) throw notFound();
  return readDetails(database, repository, run);
}

/** Authorises a reader of a run's stream with as little as that takes. */
export async function requireReadableRun(
  database: Database,
  actor: Actor,
  id: number,
): Promise<store.RunRow> {
  return (await requireReadable(database, actor, id)).run;
}

// A run that isn't there is looked for in a repository that isn't there: refusing it takes no less than refusing one that
// may not be seen.
async function requireReadable(database: Database, actor: Actor, id: number) {
  const run = await store.findRun(database.query, id);
  const place = run?.repositoryId ?? NO_REPOSITORY;
  const repository = await requireRepositoryById(database, actor, place, "repository.read");
  if (!run) throw notFound();
  return { run, repository };
}

/** Whether who began to read a stream may go on: their credential, their account and their right are looked at again. */
export async function mayStillRead(
  database: Database,
  reauthenticate: () => Promise<Actor>,
  id: number,
): Promise<boolean> {
  try {
    await requireReadableRun(database, await reauthenticate(), id);
    return true;
  } catch (error) {
    if (error instanceof ForgeError && error.status < 500) return false;
    throw error;
  }
}

async function readDetails(
  database: Database,
  repository: Repository,
  run: store.RunRow,
): Promise<RunDetails> {
  const jobs = await store.listJobs(database.query, run.id);
  const steps = await store.listSteps(database.query, run.id);
  return { repository, run, jobs, steps };
}

/** Events of a run after `afterSeq`, at most `limit`. */
export async function readEvents(database: Database, runId: number, afterSeq: number, limit: number) {
  return store.listEvents(database.query, runId, afterSeq, limit);
}

/** What a job printed, after `afterSeq`, at most `limit` events. */
export async function readJobLogs(database: Database, jobId: number, afterSeq: number, limit: number) {
  return store.listJobLogs(database.query, jobId, afterSeq, limit);
}

interface RunSnapshot {
  run: store.RunRow;
  jobs: store.JobRow[];
  steps: store.StepRow[];
  output: OutputEvent[];
  /** The logs whose beginning isn't in `output`. */
  cutLogs: { jobId: number; stepId: number | null }[];
}

/** A run as it was after its event `run.lastEventSeq`, all read from one snapshot of the database. */
export async function readRunSnapshot(database: Database, runId: number): Promise<RunSnapshot> {
  return database.snapshot(async (query) => {
    const run = await store.findRun(query, runId);
    if (!run) throw notFound();
    const jobs = await store.listJobs(query, runId);
    const steps = await store.listSteps(query, runId);
    const tails = await store.listLogTails(query, runId);
    return { run, jobs, steps, output: tails.map(toOutputEvent), cutLogs: findCutLogs(tails) };
  });
}

function findCutLogs(rows: store.TailRow[]): RunSnapshot["cutLogs"] {
  const logs = new Map<string, { jobId: number; stepId: number | null; shown: number; total: number }>();
  for (const { jobId, stepId, total } of rows) {
    if (jobId === null) continue;
    const key = `${jobId} ${stepId}`;
    const log = logs.get(key) ?? { jobId, stepId, shown: 0, total };
    logs.set(key, { ...log, shown: log.shown + 1 });
  }
  return [...logs.values()]
    .filter((log) => log.shown < log.total)
    .map(({ jobId, stepId }) => ({ jobId, stepId }));
}

/** Whether the page should offer to cancel. */
export function mayCancel(actor: Actor, repository: Repository, run: store.RunRow): boolean {
  if (actor.kind !== "user" || !hasScope(actor, "run:*")) return false;
  const isOwner = actor.userId === repository.ownerId || actor.isAdmin;
  return isOwner && !isEnded(run.status) && run.cancelRequestedAt === null;
}

/**
 * Asks for the end of a run: what nobody has begun is cancelled at once, the rest by the gateway within a second.
 * Asking twice is no error.
 * @throws ForgeError `conflict` when the run has ended, and as `requireRun` and `run.cancel` say.
 */
export async function cancelRun(
  env: Env,
  database: Database,
  log: Log,
  actor: Actor,
  id: number,
): Promise<RunDetails> {
  const { repository, run } = await requireRun(database, actor, id);
  requirePermission(actor, "run.cancel", repository);
  const outcome = await database.transaction((transaction) => cancelIdle(transaction, run.id, repository.id));
  if (outcome === "ended") throw new ForgeError("conflict", `Run ${run.number} has ended already.`);
  await hintGateway(env, log, run.id);
  if (outcome === "cancelled") await drainOutbox({ env, database, log });
  return requireRun(database, actor, id);
}

/** Asks for the end of all runs of somebody who is shut out; the gateway ends them, those under way within a second. */
export async function cancelRunsOf(transaction: Executor, userId: number): Promise<void> {
  await changes.markCancelRequestedOf(transaction, userId);
}

async function cancelIdle(
  transaction: Executor,
  runId: number,
  repositoryId: number,
): Promise<"ended" | "requested" | "cancelled"> {
  const locked = await changes.lockRun(transaction, runId);
  if (!locked || isEnded(locked.status)) return "ended";
  await changes.markCancelRequested(transaction, runId);
  const jobs = await changes.cancelIdleJobs(transaction, runId);
  const events: changes.NewEvent[] = jobs.map((job) => ({
    type: "job",
    data: {
      jobId: job.id,
      attempt: job.attempt,
      key: job.key,
      status: "cancelled",
      reason: null,
      sandbox: null,
      timings: {},
    },
  }));
  const isOver = (await changes.countUnendedJobs(transaction, runId)) === 0;
  if (isOver) {
    const run = await changes.endRun(transaction, runId, "cancelled");
    await recordRunStatuses(transaction, run, "cancelled");
    const data = { status: "cancelled", reason: null } as const;
    events.push({ type: "run", data }, { type: "done", data });
    const payload = { runId, status: "cancelled" };
    await writeEvents(transaction, [{ topic: "run.finished", repositoryId, payload }]);
  }
  await changes.appendEvents(transaction, runId, events);
  return isOver ? "cancelled" : "requested";
}

// The gateway looks every second by itself; this makes it look now.
async function hintGateway(env: Env, log: Log, runId: number): Promise<void> {
  try {
    const signal = AbortSignal.timeout(CANCEL_HINT_TIMEOUT_MS);
    const response = await callGateway(env, "POST", `/runs/${runId}/cancel`, { body: {}, signal });
    await response.body?.cancel();
    if (!response.ok) log.warn("the gateway refused a hint to cancel", { runId, status: response.status });
  } catch (error) {
    log.warn("the gateway was not reached with a hint to cancel; it will see by itself", {
      runId,
      error: String(error),
    });
  }
}
