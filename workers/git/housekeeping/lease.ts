// Lets one worker at a time keep house in a repository. It only saves work: what keeps two from doing harm is the
// transaction each ends in (commit-repack.ts). A lease that its holder never gave back ends by itself.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../../core/db.ts";
import { HOUSEKEEPING_LEASE_MS } from "../limits.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
import { lockRepository } from "./commit-repack.ts";

/** Takes the lease; false when another has it, or there is no such repository. */
export async function takeLease(database: Database, repositoryId: number): Promise<boolean> {
  const rows = await queryRows(
    database.query,
    sql`UPDATE repositories
      SET housekeeping_until = now() + ${HOUSEKEEPING_LEASE_MS}::double precision * interval '1 millisecond'
      WHERE id = ${repositoryId} AND (housekeeping_until IS NULL OR housekeeping_until < now()) RETURNING id`,
    z.object({ id: bigintColumn }),
  );
  return rows.length > 0;
}

export async function giveLeaseBack(database: Database, repositoryId: number): Promise<void> {
  await database.query.execute(
    sql`UPDATE repositories SET housekeeping_until = NULL WHERE id = ${repositoryId}`,
  );
}

/**
 * Says when unreachable objects are to be looked for next: never, if there are none and no ref has moved since
 * operation `version`; else once the grace is over.
 */
export async function settleDue(
  database: Database,
  repositoryId: number,
  found: { readonly version: number; readonly hasUnreachable: boolean; readonly graceMs: number },
): Promise<void> {
  const { version, hasUnreachable, graceMs } = found;
  await database.transaction(async (transaction) => {
    if ((await lockRepository(transaction, repositoryId)) === null) return;
    await transaction.execute(
      sql`UPDATE repositories SET housekeep_at = CASE
          WHEN NOT ${hasUnreachable}::boolean AND ${version}::bigint =
            (SELECT coalesce(max(id), 0) FROM ref_operations WHERE repository_id = ${repositoryId})
          THEN NULL
          ELSE now() + ${graceMs}::double precision * interval '1 millisecond' END
        WHERE id = ${repositoryId}`,
    );
  });
}

/** Has a repository whose housekeeping failed left alone for a while by the clock, which would send it out each minute. */
export async function postponeDue(database: Database, repositoryId: number): Promise<void> {
  await database.query.execute(
    sql`UPDATE repositories
      SET housekeep_at = now() + ${HOUSEKEEPING_LEASE_MS}::double precision * interval '1 millisecond'
      WHERE id = ${repositoryId} AND housekeep_at <= now()`,
  );
}
