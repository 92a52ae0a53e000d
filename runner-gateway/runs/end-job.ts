// How an attempt ends: its job succeeded, failed or cancelled; or the attempt lost, and the job claimable again
// while attempts are left. The caller has checked that the attempt is still the one that may write.
import { ATTEMPTS_MAX, RELEASED_ATTEMPTS_MAX } from "../limits.ts";
import { advanceRun, noteFailure } from "./advance-run.ts";
import { type JobRow, moveJob, moveStep, readSteps, type StepRow } from "./move-job.ts";
import { announce, type RunChange, recordEvent } from "./run-change.ts";

export interface JobEnd {
  status: "succeeded" | "failed" | "cancelled";
  reason: string | null;
  /** Whether the failure is the system's and not the workload's: the run says so, by an `error` event too. */
  isInfrastructure: boolean;
}

/** Ends the job with all its steps, and moves the run on. */
export async function endJob(change: RunChange, job: JobRow, end: JobEnd): Promise<void> {
  const isCancelled = end.status === "cancelled";
  for (const step of await readSteps(change, job.id)) {
    if (step.status === "running")
      await closeStep(change, job, step, isCancelled ? "cancelled" : "failed", end);
    if (step.status === "pending")
      await closeStep(change, job, step, isCancelled ? "cancelled" : "skipped", null);
  }
  if (end.isInfrastructure && end.reason !== null) {
    recordEvent(
      change,
      "error",
      { jobId: job.id, attempt: job.attempt, message: end.reason },
      { jobId: job.id, attempt: job.attempt },
    );
    await noteFailure(change, end.reason);
  }
  await moveJob(change, job.id, end.status, end.reason);
  await advanceRun(change);
}

async function closeStep(
  change: RunChange,
  job: JobRow,
  step: StepRow,
  to: "cancelled" | "failed" | "skipped",
  end: JobEnd | null,
): Promise<void> {
  const origin = { jobId: job.id, attempt: job.attempt };
  await moveStep(change, step, to, { exitCode: null, reason: end?.reason ?? null }, origin);
}

/**
 * Gives up the attempt: the job waits for a next one, its steps start over, and its log says why. A job whose
 * attempts are used up has failed, and one whose run is being cancelled is cancelled.
 * @param isRelease the gateway stopped or was restarted, which is allowed more often than a loss.
 */
export async function loseAttempt(
  change: RunChange,
  job: JobRow,
  reason: string,
  isRelease = false,
): Promise<void> {
  if (change.run.cancelRequested) {
    await endJob(change, job, { status: "cancelled", reason: null, isInfrastructure: false });
    return;
  }
  if (job.attempt >= (isRelease ? RELEASED_ATTEMPTS_MAX : ATTEMPTS_MAX)) {
    await endJob(change, job, { status: "failed", reason: `lost: ${reason}`, isInfrastructure: true });
    return;
  }
  const origin = { jobId: job.id, attempt: job.attempt };
  const text = `Attempt ${job.attempt} was lost: ${reason}.\n`;
  recordEvent(change, "log", { ...origin, stepId: null, stream: "system", text }, origin);
  for (const step of await readSteps(change, job.id)) {
    if (step.status !== "pending") {
      await moveStep(change, step, "pending", { exitCode: null, reason: null }, origin);
    }
  }
  await moveJob(change, job.id, "waiting", reason);
  announce(change, { topic: "run.queued", payload: { runId: change.run.id } });
}
