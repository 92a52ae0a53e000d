// What the end of an attempt means for its job, written once: each reason leads to one of succeeded, failed,
// cancelled, or lost and claimable again.
import { endJob, type JobEnd, loseAttempt } from "../runs/end-job.ts";
import { type JobRow, readLiveJob } from "../runs/move-job.ts";
import type { RunChange } from "../runs/run-change.ts";
import type { RunLedger } from "../runs/run-ledger.ts";
import type { Attempt, AttemptEnd } from "./attempt.ts";

type Verdict = { to: "ended"; end: JobEnd } | { to: "lost"; reason: string; isRelease: boolean };

/** Writes the end of the attempt; nothing when the database has it already or the attempt may no longer write. */
export async function concludeAttempt(ledger: RunLedger, attempt: Attempt, end: AttemptEnd): Promise<void> {
  const verdict = judgeEnd(attempt, end);
  if (verdict === null) return;
  await ledger.change(attempt.runId, async (change) => {
    const job = await readLiveJob(change, attempt.jobId, attempt.attempt);
    if (job) await applyVerdict(change, job, verdict);
  });
}

async function applyVerdict(change: RunChange, job: JobRow, verdict: Verdict): Promise<void> {
  if (verdict.to === "ended") await endJob(change, job, verdict.end);
  else await loseAttempt(change, job, verdict.reason, verdict.isRelease);
}

function judgeEnd(attempt: Attempt, end: AttemptEnd): Verdict | null {
  switch (end.kind) {
    case "done":
    case "stale":
      return null;
    case "violated":
    case "unavailable":
      return failed(end.reason, true);
    case "unwritable":
    case "unstarted":
      return lost(end.reason);
    case "exited":
      return judgeExit(end.exit);
    case "timed-out": {
      const seconds = attempt.claim.plan.timeoutMs / 1000;
      return failed(`timed out after ${seconds} s, and its runner didn't stop it`, false);
    }
    case "cancelled":
      return { to: "ended", end: { status: "cancelled", reason: null, isInfrastructure: false } };
    case "released":
      return { to: "lost", reason: "its gateway stopped", isRelease: true };
  }
}

function judgeExit(exit: Extract<AttemptEnd, { kind: "exited" }>["exit"]): Verdict {
  if (exit.reason === "out-of-memory") return failed("ran out of the sandbox's memory and was killed", false);
  const how = exit.signal === null ? `with exit code ${exit.exitCode}` : `by ${exit.signal}`;
  return lost(`its sandbox ended ${how} before the job did`);
}

function failed(reason: string, isInfrastructure: boolean): Verdict {
  return { to: "ended", end: { status: "failed", reason, isInfrastructure } };
}

function lost(reason: string): Verdict {
  return { to: "lost", reason, isRelease: false };
}
