// The run as it is rendered: its rows, with the lines that its newest output makes.
import type { RunStatus } from "../../schema/run-states.ts";
import { applyOutput, type LiveJob, type LiveRun } from "./live-run.ts";
import { type LogLimits, openLog } from "./log.ts";
import type { JobView, OutputEvent } from "./views.ts";

/** What a page shows of each log at first; the rest is a link away. */
const RENDERED_LOG_LIMITS: LogLimits = { linesMax: 2000, charsMax: 200_000 };

interface RunRows {
  run: {
    status: RunStatus;
    failureReason: string | null;
    startedAt: Date | null;
    finishedAt: Date | null;
  };
  jobs: readonly JobView[];
  seq: number;
  output: readonly OutputEvent[];
}

/** @param rows the state after event `seq`, and the output that no row holds */
export function openRun({ run, jobs, seq, output }: RunRows): LiveRun {
  const live: LiveRun = {
    seq,
    status: run.status,
    reason: run.failureReason,
    ...timesOf(run),
    errors: [],
    isDone: false,
    jobs: jobs.map(openJob),
  };
  for (const event of output) applyOutput(live, event);
  return live;
}

function openJob(job: JobView): LiveJob {
  return {
    id: job.id,
    key: job.key,
    status: job.status,
    reason: job.failureReason,
    attempt: job.attempt,
    sandbox: job.sandbox,
    timings: job.timings,
    ...timesOf(job),
    log: openLog(RENDERED_LOG_LIMITS),
    steps: job.steps.map((step) => ({
      id: step.id,
      position: step.position,
      status: step.status,
      exitCode: step.exitCode,
      reason: step.failureReason,
      ...timesOf(step),
      log: openLog(RENDERED_LOG_LIMITS),
    })),
  };
}

const timesOf = (row: { startedAt: Date | null; finishedAt: Date | null }) => ({
  startedAt: row.startedAt?.getTime() ?? null,
  finishedAt: row.finishedAt?.getTime() ?? null,
});
