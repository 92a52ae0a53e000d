// What a reader of a run sees: the rows of `run_events`, sent as server-sent events with `id: <seq>`.
import type { JobStatus, RunStatus, StepStatus } from "../run-states.ts";

interface OfJob {
  jobId: number;
  attempt: number;
}

/** The `data` of each type of event. `error` is an infrastructure failure; a failed step is a `step`. */
export interface RunEventData {
  log: OfJob & { stepId: number | null; stream: "stdout" | "stderr" | "system"; text: string };
  step: OfJob & {
    stepId: number;
    position: number;
    status: StepStatus;
    exitCode: number | null;
    reason: string | null;
  };
  job: OfJob & {
    key: string;
    status: JobStatus;
    reason: string | null;
    sandbox: string | null;
    timings: Record<string, number>;
  };
  run: { status: RunStatus; reason: string | null };
  error: { jobId: number | null; attempt: number; message: string };
  /** The last event of a run: nothing follows it. */
  done: { status: RunStatus; reason: string | null };
}

export type RunEventType = keyof RunEventData;

export interface RunEvent<Type extends RunEventType = RunEventType> {
  runId: number;
  seq: number;
  type: Type;
  data: RunEventData[Type];
  /** Milliseconds since the epoch. */
  at: number;
}

/**
 * One event as text/event-stream bytes-to-be: `id`, `event` and one `data` line of JSON `{at, ...data}`.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function formatRunEvent(event: { seq: number; type: string; data: object; at: number }): string {
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify({ at: event.at, ...event.data })}\n\n`;
}
