// Writes what a runner reports: events, states and the runner's offset in one transaction, refused as a whole once
// the attempt is no longer the job's. Invariant: an offset is stored once, and only after the one before it.
import { eq, sql } from "drizzle-orm";
import { isEnded } from "../../schema/run-states.ts";
import { workflowJobs } from "../../schema/tables/runs.ts";
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import { leaseEnd } from "./claim-jobs.ts";
import { endJob } from "./end-job.ts";
import { type JobRow, moveStep, readLiveJob, readSteps, type StepRow, type Timings } from "./move-job.ts";
import { ReportQuota } from "./report-quota.ts";
import { type RunChange, recordEvent } from "./run-change.ts";
import type { RunLedger } from "./run-ledger.ts";

/** What the gateway knows of an attempt besides its row. */
export interface ReportingAttempt {
  readonly runId: number;
  readonly jobId: number;
  readonly attempt: number;
  readonly runCreatedAtMs: number;
  readonly claimedAtMs: number;
  /** When the runner was seen to have its plan. */
  readonly handedOverAtMs: number;
  /** {claim}: what the claim's own transaction couldn't write. */
  readonly timings: Timings;
}

/** `stale`: the attempt may not write any more. `violation`: a report that no runner of ours makes. */
export type StoreOutcome =
  | { kind: "stored"; offset: number; isDone: boolean }
  | { kind: "stale" }
  | { kind: "violation"; reason: string };

/**
 * Stores events of one attempt, in the order of their offsets. Those stored before are passed over; the good ones
 * before a violation are stored.
 */
export async function storeEvents(
  ledger: RunLedger,
  attempt: ReportingAttempt,
  events: readonly RunnerEvent[],
): Promise<StoreOutcome> {
  const outcome = await ledger.change(attempt.runId, async (change): Promise<StoreOutcome> => {
    const job = await readLiveJob(change, attempt.jobId, attempt.attempt);
    if (!job) return { kind: "stale" };
    return storeReport(change, job, attempt, events);
  });
  return outcome ?? { kind: "stale" };
}

interface Report {
  change: RunChange;
  job: JobRow;
  attempt: ReportingAttempt;
  steps: StepRow[];
  offset: number;
  timings: Timings;
  quota: ReportQuota;
}

async function storeReport(
  change: RunChange,
  job: JobRow,
  attempt: ReportingAttempt,
  events: readonly RunnerEvent[],
): Promise<StoreOutcome> {
  const report: Report = {
    ...{ change, job, attempt, offset: job.eventOffset },
    steps: events.some((event) => event.type === "log" || event.type === "step")
      ? await readSteps(change, job.id)
      : [],
    timings: { ...attempt.timings, ...job.timings, ...timeHandover(attempt) },
    quota: await ReportQuota.open(change, job.id),
  };
  for (const event of events) {
    if (event.offset <= report.offset) continue;
    const problem = report.quota.count(event) ?? (await storeOne(report, event));
    if (problem !== null) {
      await writeProgress(report);
      return { kind: "violation", reason: problem };
    }
    report.offset = event.offset;
    if (event.type === "done") {
      await writeProgress(report);
      await endJob(change, job, { status: event.status, reason: event.reason, isInfrastructure: false });
      return { kind: "stored", offset: event.offset, isDone: true };
    }
  }
  await writeProgress(report);
  return { kind: "stored", offset: report.offset, isDone: false };
}

function timeHandover(attempt: ReportingAttempt): Timings {
  return { handover: Math.max(0, Math.round(attempt.handedOverAtMs - attempt.claimedAtMs)) };
}

/** A report is a sign of life too: it renews the lease. */
async function writeProgress(report: Report): Promise<void> {
  await report.change.transaction
    .update(workflowJobs)
    .set({
      eventOffset: report.offset,
      timings: report.timings,
      leaseUntil: leaseEnd(),
      updatedAt: sql`now()`,
    })
    .where(eq(workflowJobs.id, report.job.id));
  await report.quota.write();
}

/** @returns what is wrong with the event; null when it was taken. */
async function storeOne(report: Report, event: RunnerEvent): Promise<string | null> {
  if (event.offset !== report.offset + 1) {
    return `its runner reported event ${event.offset} after event ${report.offset}`;
  }
  if (event.type === "phase") report.timings[event.name] = Math.round(event.durationMs);
  if (event.type === "log") return storeLog(report, event);
  if (event.type === "step") return storeStep(report, event);
  return null;
}

/** A sandbox's clock is not believed beyond what its attempt's time allows. */
function boundTime(report: Report, atMs: number): number {
  return Math.min(Math.max(atMs, report.attempt.claimedAtMs), Date.now());
}

function storeLog(report: Report, event: RunnerEvent & { type: "log" }): string | null {
  const { change, job, attempt } = report;
  const step = report.steps.find(({ position }) => position === event.position);
  if (event.position !== null && !step)
    return `its runner reported output of step ${event.position}, which isn't there`;
  if (step && step.status !== "running")
    return `its runner reported output of step ${event.position}, which doesn't run`;
  if (step && event.stream !== "system") timeFirstOutput(report);
  const stepId = step?.id ?? null;
  recordEvent(
    change,
    "log",
    { jobId: job.id, attempt: attempt.attempt, stepId, stream: event.stream, text: event.text },
    {
      jobId: job.id,
      attempt: attempt.attempt,
      offset: event.offset,
      stepId,
      atMs: boundTime(report, event.at),
    },
  );
  return null;
}

/** The parts follow each other: claimed, handed over, checked out, printed. */
function timeFirstOutput({ timings, attempt }: Report): void {
  if (timings.firstOutput !== undefined) return;
  const nowMs = Date.now();
  timings.firstOutput = Math.max(0, Math.round(nowMs - attempt.handedOverAtMs - (timings.checkout ?? 0)));
  timings.total = Math.max(0, Math.round(nowMs - attempt.runCreatedAtMs));
}

async function storeStep(report: Report, event: RunnerEvent & { type: "step" }): Promise<string | null> {
  const { change, job, attempt } = report;
  const step = report.steps.find(({ position }) => position === event.position);
  if (!step) return `its runner reported step ${event.position}, which isn't there`;
  const running = report.steps.find(({ status }) => status === "running");
  const isOutOfTurn = event.status === "running" && running !== undefined;
  const from = step.status;
  const isEndAgain = isEnded(from);
  const moved =
    !isOutOfTurn &&
    !isEndAgain &&
    (await moveStep(
      change,
      step,
      event.status,
      { exitCode: event.exitCode, reason: event.reason },
      {
        jobId: job.id,
        attempt: attempt.attempt,
        offset: event.offset,
        atMs: boundTime(report, event.at),
      },
    ));
  return moved ? null : `its runner reported step ${event.position} as ${event.status} while it was ${from}`;
}
