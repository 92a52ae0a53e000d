// The count that caches of a repository's readers are keyed by: it grows whenever fewer may read than before.
import { eq, type SQL, sql } from "drizzle-orm";
import { repositories } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";

/** Forgets who was found to be allowed to read these, in the transaction that lets fewer. */
export async function endCachedAccess(
  transaction: Executor,
  which: { repositoryId: number } | { ownerId: number },
): Promise<void> {
  const where: SQL =
    "repositoryId" in which
      ? eq(repositories.id, which.repositoryId)
      : eq(repositories.ownerId, which.ownerId);
  await transaction
    .update(repositories)
    .set({ accessEpoch: sql`${repositories.accessEpoch} + 1` })
    .where(where);
}
