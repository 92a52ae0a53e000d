// Sentences of the run page that both the server and the browser write, so that a page opened late reads the same.
import { formatDuration } from "./format-time.ts";
import type { LiveJob, LiveStep } from "./live-run.ts";

const TIMING_NAMES: Record<string, string> = {
  queue: "queue",
  claim: "claim",
  handover: "handover",
  checkout: "checkout",
  firstOutput: "first output",
};

/** How long it ran, or has been running; empty before it started. */
export function describeDuration(
  timed: { startedAt: number | null; finishedAt: number | null },
  nowMs: number,
): string {
  if (timed.startedAt === null) return "";
  return formatDuration((timed.finishedAt ?? nowMs) - timed.startedAt);
}

/** `bubblewrap 0.8.0 · attempt 2`; empty before the first attempt. */
export function describeAttempt(job: Pick<LiveJob, "sandbox" | "attempt">): string {
  if (job.attempt === 0) return "";
  return `${job.sandbox ?? "no sandbox yet"} · attempt ${job.attempt}`;
}

/** `queue 3 ms · claim 5 ms · first output 80 ms`, in the order they happen. */
export function describeTimings(timings: Record<string, number>): string {
  const known = Object.keys(TIMING_NAMES).filter((name) => name in timings);
  const others = Object.keys(timings).filter((name) => !(name in TIMING_NAMES));
  return [...known, ...others]
    .map((name) => `${TIMING_NAMES[name] ?? name} ${formatDuration(timings[name] ?? 0)}`)
    .join(" · ");
}

export const describeLostAttempt = (attempt: number): string =>
  attempt > 1 ? `attempt ${attempt - 1} was lost; this is attempt ${attempt}` : "";

/** `exit code 1 · timed out after 5 s`; empty when there is nothing to add to the status. */
export function describeOutcome(step: Pick<LiveStep, "exitCode" | "reason">): string {
  const parts: string[] = [];
  if (step.exitCode !== null && step.exitCode !== 0) parts.push(`exit code ${step.exitCode}`);
  if (step.reason !== null) parts.push(step.reason);
  return parts.join(" · ");
}

/** What stands above a log whose beginning isn't shown. `null`: nobody counted the lines. */
export function describeCut(cutLines: number | null): string {
  if (cutLines === null) return "Earlier lines are only in the full log.";
  return cutLines === 0 ? "" : `${cutLines.toLocaleString("en")} earlier lines are only in the full log.`;
}
