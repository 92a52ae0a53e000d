// A job's and its steps' moves along schema/run-states.ts, each with the event that tells of it. Every UPDATE
// names the states it may come from; a move that finds none of them is a bug and rolls the change back.
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import {
  type JobStatus,
  jobStatesBefore,
  type StepStatus,
  stepStatesBefore,
} from "../../schema/run-states.ts";
import { workflowJobs, workflowSteps } from "../../schema/tables/runs.ts";
import { type RunChange, recordEvent } from "./run-change.ts";

export type Timings = Record<string, number>;

const jobColumns = {
  id: workflowJobs.id,
  key: workflowJobs.key,
  status: workflowJobs.status,
  attempt: workflowJobs.attempt,
  gateway: workflowJobs.gateway,
  sandbox: workflowJobs.sandbox,
  failureReason: workflowJobs.failureReason,
  timings: workflowJobs.timings,
  eventOffset: workflowJobs.eventOffset,
};

export interface JobRow {
  id: number;
  key: string;
  status: JobStatus;
  attempt: number;
  gateway: string | null;
  sandbox: string | null;
  failureReason: string | null;
  timings: Timings;
  eventOffset: number;
}

export interface StepRow {
  id: number;
  position: number;
  status: StepStatus;
}

/** The job's row, which can't change before the transaction ends: whoever changes it locks the run first. */
async function readJob(change: RunChange, jobId: number): Promise<JobRow | null> {
  const [row] = await change.transaction
    .select(jobColumns)
    .from(workflowJobs)
    .where(and(eq(workflowJobs.id, jobId), eq(workflowJobs.runId, change.run.id)));
  return row ?? null;
}

/** The job while `attempt` is the one that may write; null when it no longer is, or has ended. */
export async function readLiveJob(change: RunChange, jobId: number, attempt: number): Promise<JobRow | null> {
  const job = await readJob(change, jobId);
  return job?.status === "running" && job.attempt === attempt ? job : null;
}

export async function readSteps(change: RunChange, jobId: number): Promise<StepRow[]> {
  return change.transaction
    .select({ id: workflowSteps.id, position: workflowSteps.position, status: workflowSteps.status })
    .from(workflowSteps)
    .where(eq(workflowSteps.jobId, jobId))
    .orderBy(asc(workflowSteps.position));
}

/** Tells readers how the job stands. */
export function recordJob(change: RunChange, job: JobRow): void {
  const { id: jobId, attempt, key, status, failureReason: reason, sandbox, timings } = job;
  recordEvent(change, "job", { jobId, attempt, key, status, reason, sandbox, timings }, { jobId, attempt });
}

/** Moves the job and tells of it. A state that ends it clears its lease and its token. */
export async function moveJob(
  change: RunChange,
  jobId: number,
  to: Exclude<JobStatus, "running" | "pending">,
  reason: string | null,
): Promise<void> {
  const [row] = await change.transaction
    .update(workflowJobs)
    .set({
      status: to,
      failureReason: reason,
      leaseUntil: null,
      tokenHash: null,
      finishedAt: to === "waiting" ? null : sql`now()`,
      updatedAt: sql`now()`,
    })
    .where(and(eq(workflowJobs.id, jobId), inArray(workflowJobs.status, jobStatesBefore(to))))
    .returning(jobColumns);
  if (!row) throw new Error(`job ${jobId} can't become ${to} from the state it is in`);
  recordJob(change, row);
}

interface StepEnd {
  exitCode: number | null;
  reason: string | null;
}

/** What is known of the report that a move comes from. */
interface StepOrigin {
  jobId: number;
  attempt: number;
  offset?: number;
  atMs?: number;
}

/**
 * Moves one step and tells of it.
 * @returns whether the step was in a state that allows it.
 */
export async function moveStep(
  change: RunChange,
  step: StepRow,
  to: StepStatus,
  end: StepEnd,
  origin: StepOrigin,
): Promise<boolean> {
  const at = new Date(origin.atMs ?? Date.now());
  const moved = await change.transaction
    .update(workflowSteps)
    .set({
      status: to,
      exitCode: end.exitCode,
      failureReason: end.reason,
      ...(to === "running" ? { startedAt: at, finishedAt: null } : {}),
      ...(to === "pending" ? { startedAt: null, finishedAt: null } : {}),
      ...(to === "running" || to === "pending" ? {} : { finishedAt: at }),
      updatedAt: sql`now()`,
    })
    .where(and(eq(workflowSteps.id, step.id), inArray(workflowSteps.status, stepStatesBefore(to))))
    .returning({ id: workflowSteps.id });
  if (moved.length === 0) return false;
  step.status = to;
  const { jobId, attempt } = origin;
  recordEvent(
    change,
    "step",
    { jobId, attempt, stepId: step.id, position: step.position, status: to, ...end },
    { ...origin, stepId: step.id },
  );
  return true;
}
