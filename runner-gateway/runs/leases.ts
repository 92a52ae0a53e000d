// Leases: an attempt is its gateway's while the lease holds. Renewal says which attempts still are; a lease that
// ran out, or whose gateway is known to be gone, makes the job claimable again.
import { and, asc, eq, inArray, lt, sql } from "drizzle-orm";
import { workflowJobs } from "../../schema/tables/runs.ts";
import type { Database } from "../database.ts";
import { leaseEnd } from "./claim-jobs.ts";
import { loseAttempt } from "./end-job.ts";
import { readLiveJob } from "./move-job.ts";
import type { RunLedger } from "./run-ledger.ts";

export interface AttemptKey {
  readonly runId: number;
  readonly jobId: number;
  readonly attempt: number;
}

/**
 * Renews the leases of these attempts in one statement.
 * @returns the attempts that are no longer the gateway's.
 */
export async function renewLeases<Attempt extends AttemptKey>(
  database: Database,
  gateway: string,
  attempts: readonly Attempt[],
): Promise<Attempt[]> {
  if (attempts.length === 0) return [];
  const jobIds = attempts.map((attempt) => attempt.jobId);
  const isOurs = and(
    inArray(workflowJobs.id, jobIds),
    eq(workflowJobs.status, "running"),
    eq(workflowJobs.gateway, gateway),
  );
  // A row that is being written is skipped, not waited for: its writer renews the lease by that very write.
  const free = database
    .$with("free")
    .as(
      database
        .select({ id: workflowJobs.id })
        .from(workflowJobs)
        .where(isOurs)
        .for("no key update", { skipLocked: true }),
    );
  await database
    .with(free)
    .update(workflowJobs)
    .set({ leaseUntil: leaseEnd() })
    .where(sql`${workflowJobs.id} IN (SELECT id FROM ${free})`);
  const current = await database
    .select({ id: workflowJobs.id, attempt: workflowJobs.attempt })
    .from(workflowJobs)
    .where(isOurs);
  const held = new Set(current.map((row) => `${row.id} ${row.attempt}`));
  return attempts.filter((attempt) => !held.has(`${attempt.jobId} ${attempt.attempt}`));
}

/** Gives up every attempt, of whichever gateway, whose lease ran out. @returns how many. */
export async function expireLeases(ledger: RunLedger): Promise<number> {
  const expired = await ledger.database
    .select(keyColumns)
    .from(workflowJobs)
    .where(and(eq(workflowJobs.status, "running"), lt(workflowJobs.leaseUntil, sql`clock_timestamp()`)))
    .orderBy(asc(workflowJobs.id));
  let lost = 0;
  for (const { gateway, ...key } of expired) {
    const stillExpired = sql`${workflowJobs.leaseUntil} < clock_timestamp()`;
    const reason = `its gateway${gateway === null ? "" : ` ${gateway}`} stopped renewing its lease`;
    if (await giveUp(ledger, key, reason, stillExpired)) lost += 1;
  }
  return lost;
}

/**
 * Gives up the attempts that `gateway` held in an earlier life. Only the holder of the name's lock may call this:
 * it knows that no other process of this name lives.
 * @returns how many.
 */
export async function releaseFormerAttempts(ledger: RunLedger, gateway: string): Promise<number> {
  const former = await ledger.database
    .select(keyColumns)
    .from(workflowJobs)
    .where(and(eq(workflowJobs.status, "running"), eq(workflowJobs.gateway, gateway)))
    .orderBy(asc(workflowJobs.id));
  let lost = 0;
  for (const { gateway: _, ...key } of former) {
    const stillHeld = sql`${workflowJobs.gateway} = ${gateway}`;
    // A restart says nothing of the job: it may happen to it more often than a loss.
    if (await giveUp(ledger, key, "its gateway was restarted", stillHeld, true)) lost += 1;
  }
  return lost;
}

const keyColumns = {
  runId: workflowJobs.runId,
  jobId: workflowJobs.id,
  attempt: workflowJobs.attempt,
  gateway: workflowJobs.gateway,
};

async function giveUp(
  ledger: RunLedger,
  key: AttemptKey,
  reason: string,
  condition: ReturnType<typeof sql>,
  isRelease = false,
): Promise<boolean> {
  const isLost = await ledger.change(key.runId, async (change) => {
    const job = await readLiveJob(change, key.jobId, key.attempt);
    if (!job) return false;
    // Locked too, so that a renewal that doesn't lock the run can't slip between the look and the change.
    const [held] = await change.transaction
      .select({ id: workflowJobs.id })
      .from(workflowJobs)
      .where(and(eq(workflowJobs.id, key.jobId), condition))
      .for("no key update");
    if (!held) return false;
    await loseAttempt(change, job, reason, isRelease);
    return true;
  });
  return isLost === true;
}
