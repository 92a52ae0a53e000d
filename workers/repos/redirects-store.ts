// The SQL of names that repositories had. Invariant: a name leads to the repository that had it last, until another takes it.
import { sql } from "drizzle-orm";
import type { Executor } from "../core/db.ts";

/** Leads the name that a repository has now to wherever it will be, in the transaction that gives it another. */
export async function keepFormerName(transaction: Executor, repositoryId: number): Promise<void> {
  await transaction.execute(sql`
    INSERT INTO repository_redirects (owner, name, repository_id)
    SELECT users.username, repositories.name, repositories.id
    FROM repositories JOIN users ON users.id = repositories.owner_id WHERE repositories.id = ${repositoryId}
    ON CONFLICT (lower(owner), lower(name)) DO UPDATE
      SET repository_id = excluded.repository_id, owner = excluded.owner, name = excluded.name, created_at = now()`);
}

/** The name is taken: it leads nowhere else any more. */
export async function endRedirect(query: Executor, ownerId: number, name: string): Promise<void> {
  await query.execute(sql`
    DELETE FROM repository_redirects USING users
    WHERE users.id = ${ownerId} AND lower(repository_redirects.owner) = lower(users.username)
      AND lower(repository_redirects.name) = lower(${name})`);
}
