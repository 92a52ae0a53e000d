// The SQL of changes to repositories themselves. Locks are taken in one order, the repository before its owner, as pushes
// take them.
import { and, eq, ne, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import { refs, repositories } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";

type RepositoryRow = typeof repositories.$inferSelect;

/** The row, held until the transaction ends; undefined when it has gone. */
export async function lockRepository(transaction: Executor, id: number): Promise<RepositoryRow | undefined> {
  const [row] = await transaction
    .select()
    .from(repositories)
    .where(eq(repositories.id, id))
    .for("no key update");
  return row;
}

/** Whether the owner has another repository of that name. Nobody gives them one until the transaction ends. */
export async function isNameTaken(
  transaction: Executor,
  ownerId: number,
  name: string,
  exceptId: number,
): Promise<boolean> {
  // Whoever inserts a repository shares a lock of its owner's row.
  await transaction.select({ id: users.id }).from(users).where(eq(users.id, ownerId)).for("update");
  const rows = await transaction
    .select({ id: repositories.id })
    .from(repositories)
    .where(
      and(
        eq(repositories.ownerId, ownerId),
        sql`lower(${repositories.name}) = lower(${name})`,
        ne(repositories.id, exceptId),
      ),
    );
  return rows.length > 0;
}

export async function updateRepository(
  transaction: Executor,
  id: number,
  values: Partial<
    Pick<
      RepositoryRow,
      "name" | "ownerId" | "description" | "visibility" | "defaultBranch" | "archivedAt" | "refNamespaces"
    >
  >,
): Promise<void> {
  await transaction
    .update(repositories)
    .set({ ...values, updatedAt: sql`now()` })
    .where(eq(repositories.id, id));
}

export async function hasBranch(query: Executor, repositoryId: number, branch: string): Promise<boolean> {
  const rows = await query
    .select({ oid: refs.oid })
    .from(refs)
    .where(and(eq(refs.repositoryId, repositoryId), eq(refs.name, `refs/heads/${branch}`)));
  return rows.length > 0;
}

/** Everything that Postgres has of it goes along; what R2 has, housekeeping finds to be nobody's. */
export async function deleteRepository(transaction: Executor, id: number): Promise<void> {
  await transaction.delete(repositories).where(eq(repositories.id, id));
}

/** The teams of the owner that it leaves have no part in it any more. */
export async function dropTeams(transaction: Executor, repositoryId: number): Promise<void> {
  await transaction.execute(sql`DELETE FROM team_repositories WHERE repository_id = ${repositoryId}`);
}

/** Somebody by their exact name, whatever its case. */
export async function findAccount(query: Executor, name: string) {
  const [row] = await query
    .select({
      ...{ id: users.id, name: users.username, kind: users.kind },
      isSuspended: sql<boolean>`${users.suspendedAt} IS NOT NULL`,
    })
    .from(users)
    .where(sql`lower(${users.username}) = lower(${name})`);
  return row;
}

/** A repository's owner. */
export async function findOwner(query: Executor, id: number) {
  const [row] = await query
    .select({ name: users.username, kind: users.kind })
    .from(users)
    .where(eq(users.id, id));
  if (!row) throw new Error("a repository has no owner");
  return row;
}

/** What of `refs/` a repository takes by push. */
export async function readRefNamespaces(query: Executor, id: number): Promise<string[]> {
  const [row] = await query
    .select({ refNamespaces: repositories.refNamespaces })
    .from(repositories)
    .where(eq(repositories.id, id));
  return row?.refNamespaces ?? [];
}
