// What a change of one job means for the others and for the run: jobs whose needs are met become claimable,
// those whose needs failed are skipped, and the run ends with its last job.
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { type JobState, planProgress, type RunStatus, runStatesBefore } from "../../schema/run-states.ts";
import { statusOfRun } from "../../schema/run-status-context.ts";
import { commitStatuses } from "../../schema/tables/git.ts";
import { workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import { moveJob, moveStep, readSteps } from "./move-job.ts";
import { announce, type RunChange, recordEvent } from "./run-change.ts";

interface RunJob extends JobState {
  id: number;
  attempt: number;
}

/**
 * Moves the run's other jobs as far as their needs allow, and ends the run when all have ended. Once a
 * cancellation is asked for, no further job starts.
 */
export async function advanceRun(change: RunChange): Promise<void> {
  const jobs = await readJobs(change);
  if (change.run.cancelRequested) await cancelUnstarted(change, jobs);
  const { ready, skipped, ended } = planProgress(jobs);
  for (const job of jobs) {
    if (ready.includes(job.key)) await moveJob(change, job.id, "waiting", null);
    if (skipped.includes(job.key)) await skipJob(change, job);
  }
  if (ready.length > 0) announce(change, { topic: "run.queued", payload: { runId: change.run.id } });
  if (ended) await endRun(change, ended);
}

async function readJobs(change: RunChange): Promise<RunJob[]> {
  return change.transaction
    .select({
      id: workflowJobs.id,
      key: workflowJobs.key,
      status: workflowJobs.status,
      needs: workflowJobs.needs,
      attempt: workflowJobs.attempt,
      continueOnError: sql<boolean>`(${workflowJobs.plan} ->> 'continueOnError')::boolean`,
    })
    .from(workflowJobs)
    .where(eq(workflowJobs.runId, change.run.id))
    .orderBy(asc(workflowJobs.position));
}

async function cancelUnstarted(change: RunChange, jobs: RunJob[]): Promise<void> {
  for (const job of jobs) {
    if (job.status !== "pending" && job.status !== "waiting") continue;
    await moveJob(change, job.id, "cancelled", null);
    await endSteps(change, job, "cancelled");
    job.status = "cancelled";
  }
}

async function skipJob(change: RunChange, job: RunJob): Promise<void> {
  await moveJob(change, job.id, "skipped", null);
  await endSteps(change, job, "skipped");
}

async function endSteps(change: RunChange, job: RunJob, to: "cancelled" | "skipped"): Promise<void> {
  for (const step of await readSteps(change, job.id)) {
    if (step.status === "pending") {
      const origin = { jobId: job.id, attempt: job.attempt };
      await moveStep(change, step, to, { exitCode: null, reason: null }, origin);
    }
  }
}

/** A reason that isn't a step's: the run's page shows it. The first one stays. */
export async function noteFailure(change: RunChange, reason: string): Promise<void> {
  await change.transaction
    .update(workflowRuns)
    .set({ failureReason: sql`coalesce(${workflowRuns.failureReason}, ${reason})` })
    .where(eq(workflowRuns.id, change.run.id));
}

async function endRun(change: RunChange, status: "succeeded" | "failed" | "cancelled"): Promise<void> {
  const [row] = await change.transaction
    .update(workflowRuns)
    .set({
      status,
      finishedAt: sql`now()`,
      updatedAt: sql`now()`,
      ...(status === "failed" ? {} : { failureReason: null }),
    })
    .where(and(eq(workflowRuns.id, change.run.id), inArray(workflowRuns.status, runStatesBefore(status))))
    .returning({
      reason: workflowRuns.failureReason,
      name: workflowRuns.name,
      oid: workflowRuns.headSha,
      creatorId: workflowRuns.actorId,
    });
  if (!row) throw new Error(`run ${change.run.id} can't become ${status} from ${change.run.status}`);
  const { oid, creatorId } = row;
  const { id: runId, repositoryId } = change.run;
  await change.transaction
    .insert(commitStatuses)
    .values({ repositoryId, oid, creatorId, runId, ...statusOfRun(row.name, status) })
    .onConflictDoNothing();
  recordRunEnd(change, status, row.reason);
}

function recordRunEnd(change: RunChange, status: RunStatus, reason: string | null): void {
  change.run.status = status;
  recordEvent(change, "run", { status, reason });
  recordEvent(change, "done", { status, reason });
  announce(change, { topic: "run.finished", payload: { runId: change.run.id, status } });
}
