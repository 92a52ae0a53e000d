// Says in a job's log that the kernel killed something in its sandbox for memory: the step's own exit code, 137,
// doesn't say why.
import type { AttemptKey } from "./leases.ts";
import { readLiveJob } from "./move-job.ts";
import { recordEvent } from "./run-change.ts";
import type { RunLedger } from "./run-ledger.ts";

/** Writes a system line into the job's log, while the attempt is the one that may write. */
export async function noteMemoryKill(ledger: RunLedger, key: AttemptKey, killedCount: number): Promise<void> {
  const { runId, jobId, attempt } = key;
  const what = killedCount === 1 ? "A process" : `${killedCount} processes`;
  const text = `${what} of this job took more memory than the sandbox has, and the kernel killed ${killedCount === 1 ? "it" : "them"}.\n`;
  await ledger.change(runId, async (change) => {
    if (!(await readLiveJob(change, jobId, attempt))) return;
    const data = { jobId, attempt, stepId: null, stream: "system", text } as const;
    recordEvent(change, "log", data, { jobId, attempt });
  });
}
