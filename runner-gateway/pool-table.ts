// `runner_pool`: which sandboxes this gateway has, as its driver tells, each with a lease. Invariant: a gateway
// writes rows of its own name only, but sweeps any whose lease ran out.
import { sql } from "drizzle-orm";
import { runnerPool, workflowJobs } from "../schema/tables/runs.ts";
import type { Database } from "./database.ts";
import type { SandboxListing } from "./drivers/driver.ts";
import { LEASE_MS } from "./limits.ts";

/** Makes the rows of `gateway` the same as `sandboxes`, renews their leases, and sweeps the dead of all gateways. */
export async function writePool(
  database: Database,
  gateway: string,
  driver: string,
  sandboxes: readonly SandboxListing[],
): Promise<void> {
  const rows = sandboxes
    .filter(({ state }) => state === "standby" || state === "claimed")
    .map(({ sandboxId, claim }) => ({
      id: sandboxId,
      state: claim === null ? "standby" : "claimed",
      job_id: claim === null ? null : Number(claim.jobId),
      attempt: claim?.attempt ?? null,
    }));
  const kept = rows.map((row) => row.id);
  await database.transaction(async (transaction) => {
    await transaction.execute(sql`
      DELETE FROM ${runnerPool}
      WHERE (${runnerPool.gateway} = ${gateway} AND NOT (${runnerPool.id} = ANY(${sql.param(kept)}::text[])))
         OR ${runnerPool.leaseUntil} < clock_timestamp()`);
    await transaction.execute(sql`
      INSERT INTO ${runnerPool} (id, gateway, driver, state, job_id, attempt, lease_until)
      SELECT listed.id, ${gateway}, ${driver}, listed.state, job.id, listed.attempt,
             clock_timestamp() + ${`${LEASE_MS} milliseconds`}::interval
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
           AS listed(id text, state text, job_id bigint, attempt integer)
      LEFT JOIN ${workflowJobs} job ON job.id = listed.job_id
      ON CONFLICT (id) DO UPDATE SET
        state = excluded.state, job_id = excluded.job_id, attempt = excluded.attempt,
        lease_until = excluded.lease_until, updated_at = now()
      WHERE runner_pool.gateway = excluded.gateway`);
  });
}
