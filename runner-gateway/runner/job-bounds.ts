// What all steps of a job share: its time and how much it may print.
import { JOB_OUTPUT_BYTES_MAX } from "./limits.ts";

export interface JobBounds {
  remainingMs(): number;
  readonly timeoutReason: string;
  remainingOutputBytes(): number;
  countOutput(bytes: number): void;
  readonly outputReason: string;
}

/** The job's time runs from now. */
export function startJobBounds(timeoutMs: number): JobBounds {
  const startedAtMs = performance.now();
  let printedBytes = 0;
  return {
    remainingMs: () => Math.max(0, timeoutMs - (performance.now() - startedAtMs)),
    timeoutReason: `the job timed out after ${timeoutMs / 1000} s`,
    remainingOutputBytes: () => JOB_OUTPUT_BYTES_MAX - printedBytes,
    countOutput: (bytes) => {
      printedBytes += bytes;
    },
    outputReason: "the job printed more than 128 MiB and was stopped",
  };
}
