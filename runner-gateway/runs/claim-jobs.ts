// Claims waiting jobs: one statement takes them with a new attempt number, a lease and a token of their own, so
// that of any number of gateways exactly one gets each. What it skips as locked is left for the next look.
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { type RunStatus, runStatesBefore } from "../../schema/run-states.ts";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import { createToken, hashSecret } from "../../schema/token.ts";
import type { JobPlan } from "../../schema/wire/plan.ts";
import type { Database, Transaction } from "../database.ts";
import { LEASE_MS } from "../limits.ts";
import { type JobRow, recordJob, type Timings } from "./move-job.ts";
import { announce, openRunChange, type RunChange, recordEvent, writeRunChange } from "./run-change.ts";
import type { RunLedger } from "./run-ledger.ts";

export interface ClaimedJob {
  readonly jobId: number;
  readonly runId: number;
  readonly attempt: number;
  readonly plan: JobPlan;
  readonly run: ClaimedRun;
  /** Authorises this attempt; only its hash is stored. */
  readonly runToken: string;
  readonly tokenHash: string;
  /** When the claim was committed, in milliseconds since the epoch. */
  readonly claimedAtMs: number;
  /** {queue, claim}, in milliseconds. */
  readonly timings: Timings;
}

interface ClaimedRun {
  number: number;
  event: string;
  ref: string;
  headSha: string;
  createdAt: Date;
  owner: string;
  repository: string;
}

interface ClaimRequest {
  gateway: string;
  /** The sandbox's name, for the run's page. */
  sandbox: string;
  limit: number;
}

interface Token {
  text: string;
  hash: string;
}

const ACTIVE: RunStatus[] = ["pending", "running"];

const isClaimable = and(
  eq(workflowJobs.status, "waiting"),
  inArray(workflowRuns.status, ACTIVE),
  isNull(workflowRuns.cancelRequestedAt),
);

/** Claims up to `limit` jobs, the most urgent and oldest first, and starts the runs that were pending. */
export async function claimJobs(ledger: RunLedger, request: ClaimRequest): Promise<ClaimedJob[]> {
  if (request.limit <= 0) return [];
  const tokens = await createTokens(request.limit);
  const startedAtMs = performance.now();
  const written = await ledger.database.transaction(async (transaction) => {
    const jobs = await takeJobs(transaction, request, tokens);
    const runs = new Map<number, ClaimedRun>();
    const changes = [];
    for (const runId of new Set(jobs.map((job) => job.runId))) {
      const change = await openRunChange(transaction, runId);
      if (!change) throw new Error(`run ${runId} vanished while its row was locked`);
      await startRun(change);
      for (const job of jobs) if (job.runId === runId) recordClaim(change, job);
      runs.set(runId, await readRun(transaction, runId));
      changes.push({ change, events: await writeRunChange(change) });
    }
    return { jobs, runs, changes };
  });
  const claimMs = Math.round(performance.now() - startedAtMs);
  for (const { change, events } of written.changes) ledger.committed(change, events);
  return written.jobs.map((job) => describeClaim(job, written.runs, tokens, claimMs));
}

/** Whether a job waits that may be claimed; after a claim took less than it could, that one was only locked. */
export async function hasClaimable(database: Database): Promise<boolean> {
  const found = await database
    .select({ id: workflowJobs.id })
    .from(workflowJobs)
    .innerJoin(workflowRuns, eq(workflowRuns.id, workflowJobs.runId))
    .where(isClaimable)
    .limit(1);
  return found.length > 0;
}

async function createTokens(count: number): Promise<Token[]> {
  const texts = Array.from({ length: count }, () => createToken("plue_run_"));
  return Promise.all(texts.map(async (text) => ({ text, hash: await hashSecret(text) })));
}

type TakenJob = JobRow & {
  runId: number;
  plan: JobPlan;
  tokenHash: string | null;
  /** Why the attempt before was lost. */
  lossReason: string | null;
};

async function takeJobs(
  transaction: Transaction,
  request: ClaimRequest,
  tokens: readonly Token[],
): Promise<TakenJob[]> {
  // The run's row is locked with the job's, both skipped when held: a claim waits for nobody, so it can't be
  // part of a deadlock with those who lock the run first and its jobs after it.
  const claimable = transaction.$with("claimable").as(
    transaction
      .select({
        id: workflowJobs.id,
        waitingSince: workflowJobs.updatedAt,
        lossReason: workflowJobs.failureReason,
      })
      .from(workflowJobs)
      .innerJoin(workflowRuns, eq(workflowRuns.id, workflowJobs.runId))
      .where(isClaimable)
      .orderBy(asc(workflowJobs.priority), asc(workflowJobs.createdAt), asc(workflowJobs.id))
      .limit(request.limit)
      .for("no key update", { of: [workflowJobs, workflowRuns], skipLocked: true }),
  );
  const numbered = transaction.$with("numbered").as(
    transaction
      .select({
        id: claimable.id,
        waitingSince: claimable.waitingSince,
        lossReason: claimable.lossReason,
        place: sql<number>`row_number() over ()`.as("place"),
      })
      .from(claimable),
  );
  const hashes = tokens.map((token) => token.hash);
  return transaction
    .with(claimable, numbered)
    .update(workflowJobs)
    .set({
      status: "running",
      attempt: sql`${workflowJobs.attempt} + 1`,
      gateway: request.gateway,
      sandbox: request.sandbox,
      leaseUntil: leaseEnd(),
      tokenHash: sql`(${sql.param(hashes)}::text[])[${numbered.place}]`,
      eventOffset: 0,
      failureReason: null,
      timings: sql`jsonb_build_object('queue',
        round(extract(epoch from clock_timestamp() - ${numbered.waitingSince}) * 1000))`,
      startedAt: sql`now()`,
      finishedAt: null,
      updatedAt: sql`now()`,
    })
    .from(numbered)
    .where(eq(workflowJobs.id, numbered.id))
    .returning({
      id: workflowJobs.id,
      runId: workflowJobs.runId,
      key: workflowJobs.key,
      status: workflowJobs.status,
      attempt: workflowJobs.attempt,
      gateway: workflowJobs.gateway,
      sandbox: workflowJobs.sandbox,
      failureReason: workflowJobs.failureReason,
      timings: workflowJobs.timings,
      eventOffset: workflowJobs.eventOffset,
      plan: workflowJobs.plan,
      tokenHash: workflowJobs.tokenHash,
      lossReason: numbered.lossReason,
    });
}

/** A new attempt says that it is one: what the lost one printed is no longer the job's log. */
function recordClaim(change: RunChange, job: TakenJob): void {
  recordJob(change, job);
  if (job.lossReason === null || job.attempt === 1) return;
  const origin = { jobId: job.id, attempt: job.attempt };
  const text = `Attempt ${job.attempt} starts from the beginning, as attempt ${job.attempt - 1} was lost: ${job.lossReason}.\n`;
  recordEvent(change, "log", { ...origin, stepId: null, stream: "system", text }, origin);
}

/** The moment until which a lease that is given now holds. */
export const leaseEnd = () => sql`clock_timestamp() + ${`${LEASE_MS} milliseconds`}::interval`;

async function startRun(change: RunChange): Promise<void> {
  const { run, transaction } = change;
  if (run.status !== "pending") return;
  const started = await transaction
    .update(workflowRuns)
    .set({ status: "running", startedAt: sql`now()`, finishedAt: null, updatedAt: sql`now()` })
    .where(and(eq(workflowRuns.id, run.id), inArray(workflowRuns.status, runStatesBefore("running"))))
    .returning({ id: workflowRuns.id });
  if (started.length === 0) throw new Error(`run ${run.id} can't become running from ${run.status}`);
  run.status = "running";
  recordEvent(change, "run", { status: "running", reason: null });
  announce(change, { topic: "run.started", payload: { runId: run.id } });
}

async function readRun(transaction: Transaction, runId: number): Promise<ClaimedRun> {
  const [run] = await transaction
    .select({
      number: workflowRuns.number,
      event: workflowRuns.event,
      ref: workflowRuns.ref,
      headSha: workflowRuns.headSha,
      createdAt: workflowRuns.createdAt,
      owner: users.username,
      repository: repositories.name,
    })
    .from(workflowRuns)
    .innerJoin(repositories, eq(repositories.id, workflowRuns.repositoryId))
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .where(eq(workflowRuns.id, runId));
  if (!run) throw new Error(`run ${runId} has no repository`);
  return run;
}

function describeClaim(
  job: TakenJob,
  runs: ReadonlyMap<number, ClaimedRun>,
  tokens: readonly Token[],
  claimMs: number,
): ClaimedJob {
  const run = runs.get(job.runId);
  const token = tokens.find(({ hash }) => hash === job.tokenHash);
  if (!run || !token) throw new Error(`job ${job.id} was claimed without its run or its token`);
  return {
    jobId: job.id,
    runId: job.runId,
    attempt: job.attempt,
    plan: job.plan,
    run,
    runToken: token.text,
    tokenHash: token.hash,
    claimedAtMs: Date.now(),
    timings: { ...job.timings, claim: claimMs },
  };
}
