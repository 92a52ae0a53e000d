// Notes in which repositories housekeeping stopped and why, for the site's admins, and that it may go on.
import { asc, eq, sql } from "drizzle-orm";
import { users } from "../../../schema/tables/auth.ts";
import { repositories, repositoryGaps } from "../../../schema/tables/git.ts";
import type { Database } from "../../core/db.ts";
import { GAP_RECHECK_MS, GAP_TEXT_CHARACTERS } from "../limits.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";

const LISTED_GAPS = 100;

/** Says in the log and in the repository's row what is missing. */
export async function noteGaps(
  { database, log }: Pick<HousekeepingContext, "database" | "log">,
  repositoryId: number,
  problems: readonly string[],
): Promise<void> {
  const problem = problems.join("\n").slice(0, GAP_TEXT_CHARACTERS);
  log?.error("housekeeping stopped: what would remain has gaps", null, { repositoryId, problem });
  await database.query
    .insert(repositoryGaps)
    .values({ repositoryId, problem })
    .onConflictDoUpdate({
      target: repositoryGaps.repositoryId,
      set: { problem, checkedAt: sql`now()` },
    });
}

/** Says that what was missing is there. */
export async function clearGaps(database: Database, repositoryId: number): Promise<void> {
  await database.query.delete(repositoryGaps).where(eq(repositoryGaps.repositoryId, repositoryId));
}

/** Whether housekeeping stopped in a repository when it was there last. */
export async function hasGaps(database: Database, repositoryId: number): Promise<boolean> {
  const rows = await database.query
    .select({ id: repositoryGaps.repositoryId })
    .from(repositoryGaps)
    .where(eq(repositoryGaps.repositoryId, repositoryId));
  return rows.length > 0;
}

/** Repositories that are to be looked at again, a bounded number of them. */
export async function listGapsToRecheck(
  { query }: Pick<Database, "query">,
  limit: number,
): Promise<number[]> {
  const rows = await query
    .select({ id: repositoryGaps.repositoryId })
    .from(repositoryGaps)
    .where(
      sql`${repositoryGaps.checkedAt} <= now() - ${GAP_RECHECK_MS}::double precision * interval '1 millisecond'`,
    )
    .orderBy(asc(repositoryGaps.checkedAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Where housekeeping stopped, longest ago first; a bounded number. */
export async function listGaps({ query }: Pick<Database, "query">) {
  return query
    .select({
      owner: users.username,
      name: repositories.name,
      problem: repositoryGaps.problem,
      foundAt: repositoryGaps.foundAt,
      checkedAt: repositoryGaps.checkedAt,
    })
    .from(repositoryGaps)
    .innerJoin(repositories, eq(repositories.id, repositoryGaps.repositoryId))
    .innerJoin(users, eq(users.id, repositories.ownerId))
    .orderBy(asc(repositoryGaps.foundAt))
    .limit(LISTED_GAPS);
}
