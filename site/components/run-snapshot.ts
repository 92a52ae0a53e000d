// How a run gets from the rendered page into the browser: everything but the lines, which the page already shows.
// Invariant: a run restored from its snapshot goes on as if it had applied every event itself.
import type { LiveJob, LiveRun, LiveStep } from "./live-run.ts";
import { countEnded, type Log, type LogLimits, type LogTail, openLog } from "./log.ts";

interface LogSnapshot {
  tail: LogTail;
  /** Lines that have ended before this moment. */
  endedLines: number;
}

type WithLogSnapshot<Owner> = Omit<Owner, "log" | "steps"> & { log: LogSnapshot };

interface RunSnapshot extends Omit<LiveRun, "jobs"> {
  jobs: (WithLogSnapshot<LiveJob> & { steps: WithLogSnapshot<LiveStep>[] })[];
}

/** JSON of the run without its lines. */
export function writeRunSnapshot(run: LiveRun): string {
  const snapshot: RunSnapshot = {
    ...run,
    jobs: run.jobs.map((job) => ({
      ...job,
      log: snapshotOf(job.log),
      steps: job.steps.map((step) => ({ ...step, log: snapshotOf(step.log) })),
    })),
  };
  return JSON.stringify(snapshot);
}

/**
 * The run of a snapshot; its logs begin empty, with all earlier lines counted as cut.
 * @throws TypeError for what `writeRunSnapshot` didn't write
 */
export function readRunSnapshot(json: string, limits: LogLimits): LiveRun {
  const snapshot: unknown = JSON.parse(json);
  if (!isRunSnapshot(snapshot)) throw new TypeError("the page carries no run to go on from");
  const restore = ({ tail, endedLines }: LogSnapshot): Log => openLog(limits, tail, endedLines);
  return {
    ...snapshot,
    jobs: snapshot.jobs.map((job) => ({
      ...job,
      log: restore(job.log),
      steps: job.steps.map((step) => ({ ...step, log: restore(step.log) })),
    })),
  };
}

const snapshotOf = (log: Log): LogSnapshot => ({ tail: log.tail, endedLines: countEnded(log) });

/** The page and its script come from one build, so the outer shape tells a snapshot from anything else. */
function isRunSnapshot(value: unknown): value is RunSnapshot {
  return (
    typeof value === "object" &&
    value !== null &&
    "seq" in value &&
    typeof value.seq === "number" &&
    "jobs" in value &&
    Array.isArray(value.jobs)
  );
}
