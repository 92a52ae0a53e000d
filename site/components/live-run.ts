// A run as its events make it: what the server renders from the newest events, and what the browser goes on with.
// Invariant: applying the same events in order gives the same run, wherever one stopped and resumed; an event
// applied twice, or of an attempt that was lost, changes nothing.
import { isEnded, type JobStatus, type RunStatus, type StepStatus } from "../../schema/run-states.ts";
import type { RunEvent, RunEventType } from "../../schema/wire/run-events.ts";
import { appendToLog, type Log, openLog } from "./log.ts";

/** When something ran, in milliseconds since the epoch. */
interface Timed {
  startedAt: number | null;
  finishedAt: number | null;
}

export interface LiveStep extends Timed {
  id: number;
  position: number;
  status: StepStatus;
  exitCode: number | null;
  reason: string | null;
  log: Log;
}

export interface LiveJob extends Timed {
  id: number;
  key: string;
  status: JobStatus;
  reason: string | null;
  attempt: number;
  sandbox: string | null;
  timings: Record<string, number>;
  /** What is printed outside the steps: the checkout, and what Plue has to say. */
  log: Log;
  steps: LiveStep[];
}

export interface LiveRun extends Timed {
  seq: number;
  status: RunStatus;
  reason: string | null;
  /** Failures of the infrastructure that belong to no job. */
  errors: string[];
  /** Nothing follows. */
  isDone: boolean;
  jobs: LiveJob[];
}

/** An event as a reader of one run has it; the run is the one looked at. */
export type LiveEvent = { [Type in RunEventType]: Omit<RunEvent<Type>, "runId"> }[RunEventType];

/** `old`: seen before. `gap`: something before it is missing, so it was not applied. `unknown`: names no job of the run. */
type Applied = "applied" | "old" | "gap" | "unknown";

/** Applies the next event to `run`, in place, as a flood of output leaves no time for copies. */
export function applyRunEvent(run: LiveRun, event: LiveEvent): Applied {
  if (event.seq <= run.seq) return "old";
  if (event.seq > run.seq + 1) return "gap";
  run.seq = event.seq;
  return applyContent(run, event);
}

/** Applies output that is read apart from the other events, when a page is rendered; `run.seq` stays. */
export function applyOutput(run: LiveRun, event: Extract<LiveEvent, { type: "log" | "error" }>): void {
  applyContent(run, event);
}

function applyContent(run: LiveRun, event: LiveEvent): Applied {
  if (event.type === "run" || event.type === "done") {
    moveTo(run, event.data.status, event.at);
    run.reason = event.data.reason;
    run.isDone = event.type === "done";
    return "applied";
  }
  const { jobId, attempt } = event.data;
  if (event.type === "error" && jobId === null) {
    run.errors.push(event.data.message);
    return "applied";
  }
  const job = run.jobs.find(({ id }) => id === jobId);
  if (job === undefined) return "unknown";
  if (attempt > job.attempt) beginAttempt(job, attempt);
  return attempt < job.attempt ? "applied" : applyToJob(job, event);
}

/** What the attempt before printed and reached counts no more. */
function beginAttempt(job: LiveJob, attempt: number): void {
  job.attempt = attempt;
  job.sandbox = null;
  job.timings = {};
  forget(job);
  for (const step of job.steps) {
    step.status = "pending";
    step.exitCode = null;
    forget(step);
  }
}

function forget(timed: Timed & { reason: string | null; log: Log }): void {
  timed.reason = null;
  timed.startedAt = null;
  timed.finishedAt = null;
  timed.log = openLog(timed.log.limits);
}

function applyToJob(job: LiveJob, event: Exclude<LiveEvent, { type: "run" | "done" }>): Applied {
  if (event.type === "error") {
    appendToLog(job.log, `error: ${event.data.message}\n`, true);
    return "applied";
  }
  if (event.type === "job") {
    moveTo(job, event.data.status, event.at);
    job.reason = event.data.reason;
    job.sandbox = event.data.sandbox;
    job.timings = event.data.timings;
    return "applied";
  }
  const { stepId } = event.data;
  const step = job.steps.find(({ id }) => id === stepId);
  if (step === undefined && stepId !== null) return "unknown";
  if (event.type === "log") {
    appendToLog((step ?? job).log, event.data.text, event.data.stream === "system");
  } else if (step !== undefined) {
    moveTo(step, event.data.status, event.at);
    step.exitCode = event.data.exitCode;
    step.reason = event.data.reason;
  }
  return "applied";
}

/** Sets the status with the times that follow from it; a status told again moves no time. */
function moveTo<Status extends RunStatus | JobStatus | StepStatus>(
  timed: Timed & { status: Status },
  status: Status,
  at: number,
): void {
  if (timed.status === status) return;
  timed.status = status;
  if (!isEnded(status)) timed.startedAt = status === "running" ? at : null;
  timed.finishedAt = isEnded(status) ? at : null;
}
