// The states of runs, jobs and steps, and the only ways between them. Pure; the Worker and the gateway share it,
// and every UPDATE of a status names the states it may come from, so the database refuses the others.

export type RunStatus = "pending" | "running" | "succeeded" | "failed" | "cancelled" | "needs_approval";
export type JobStatus = "pending" | "waiting" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";
export type StepStatus = "pending" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";

const RUN_TRANSITIONS: Record<RunStatus, readonly RunStatus[]> = {
  needs_approval: ["pending", "cancelled"],
  pending: ["running", "failed", "cancelled"],
  running: ["succeeded", "failed", "cancelled"],
  succeeded: ["pending"],
  failed: ["pending"],
  cancelled: ["pending"],
};

// `running → waiting` is a lost attempt: the lease ran out and the job may be claimed again.
const JOB_TRANSITIONS: Record<JobStatus, readonly JobStatus[]> = {
  pending: ["waiting", "skipped", "cancelled"],
  waiting: ["running", "failed", "cancelled"],
  running: ["waiting", "succeeded", "failed", "cancelled"],
  succeeded: ["pending", "waiting"],
  failed: ["pending", "waiting"],
  cancelled: ["pending", "waiting"],
  skipped: ["pending", "waiting"],
};

// `running → pending` follows its job's lost attempt.
const STEP_TRANSITIONS: Record<StepStatus, readonly StepStatus[]> = {
  pending: ["running", "skipped", "cancelled"],
  running: ["pending", "succeeded", "failed", "cancelled"],
  succeeded: ["pending"],
  failed: ["pending"],
  cancelled: ["pending"],
  skipped: ["pending"],
};

export const canRunMove = (from: RunStatus, to: RunStatus): boolean => RUN_TRANSITIONS[from].includes(to);
export const canJobMove = (from: JobStatus, to: JobStatus): boolean => JOB_TRANSITIONS[from].includes(to);
export const canStepMove = (from: StepStatus, to: StepStatus): boolean => STEP_TRANSITIONS[from].includes(to);

/** The states a job may be in for it to move to `to`; for the WHERE of an UPDATE. */
export function jobStatesBefore(to: JobStatus): JobStatus[] {
  return (Object.keys(JOB_TRANSITIONS) as JobStatus[]).filter((from) => canJobMove(from, to));
}

export function runStatesBefore(to: RunStatus): RunStatus[] {
  return (Object.keys(RUN_TRANSITIONS) as RunStatus[]).filter((from) => canRunMove(from, to));
}

export function stepStatesBefore(to: StepStatus): StepStatus[] {
  return (Object.keys(STEP_TRANSITIONS) as StepStatus[]).filter((from) => canStepMove(from, to));
}

const ENDED = new Set<string>(["succeeded", "failed", "cancelled", "skipped"]);

/** Whether nothing more will happen in this state without someone asking for it. */
export const isEnded = (status: RunStatus | JobStatus | StepStatus): boolean => ENDED.has(status);

export interface JobState {
  key: string;
  status: JobStatus;
  needs: readonly string[];
  continueOnError: boolean;
}

/** What follows from the present states of a run's jobs: which jobs may move now, and whether the run has ended. */
interface RunProgress {
  ready: string[];
  skipped: string[];
  ended: "succeeded" | "failed" | "cancelled" | null;
}

/**
 * Decides what a change of one job means for its run. A job is ready when all it needs succeeded (or may fail),
 * and is skipped when one it needs did not; skips cascade within one call.
 */
export function planProgress(jobs: readonly JobState[]): RunProgress {
  const status = new Map(jobs.map((job) => [job.key, job.status]));
  const tolerated = new Set(jobs.filter((job) => job.continueOnError).map((job) => job.key));
  const satisfied = (key: string): boolean =>
    status.get(key) === "succeeded" || (tolerated.has(key) && status.get(key) === "failed");
  const ready: string[] = [];
  const skipped: string[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const job of jobs) {
      if (status.get(job.key) !== "pending") continue;
      if (job.needs.every(satisfied)) {
        status.set(job.key, "waiting");
        ready.push(job.key);
        moved = true;
      } else if (job.needs.some((key) => isEnded(status.get(key) ?? "skipped") && !satisfied(key))) {
        status.set(job.key, "skipped");
        skipped.push(job.key);
        moved = true;
      }
    }
  }
  return { ready, skipped, ended: endOf(jobs, status, tolerated) };
}

function endOf(
  jobs: readonly JobState[],
  status: ReadonlyMap<string, JobStatus>,
  tolerated: ReadonlySet<string>,
): RunProgress["ended"] {
  const states = jobs.map((job) => ({ key: job.key, status: status.get(job.key) ?? job.status }));
  if (!states.every((job) => isEnded(job.status))) return null;
  if (states.some((job) => job.status === "cancelled")) return "cancelled";
  if (states.some((job) => job.status === "failed" && !tolerated.has(job.key))) return "failed";
  return "succeeded";
}
