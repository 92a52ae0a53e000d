// The SQL of an account's end: what it owns, what would miss it, and what it is called.
import { and, asc, eq, isNull, ne, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import { repositories, repositoryRedirects } from "../../schema/tables/git.ts";
import { organizationMembers } from "../../schema/tables/orgs.ts";
import type { Executor } from "../core/db.ts";

/** Holds all that an account owns; more can be added until the account itself is held. */
export async function lockRepositories(transaction: Executor, ownerId: number): Promise<void> {
  await transaction
    .select({ id: repositories.id })
    .from(repositories)
    .where(eq(repositories.ownerId, ownerId))
    .orderBy(asc(repositories.id))
    .for("update");
}

/** @returns whether it is the site's only admin who can act; none of those is taken away until the transaction ends. */
export async function lockAccountAndAdmins(transaction: Executor, userId: number): Promise<boolean> {
  const rows = await transaction
    .select({ id: users.id, isAdmin: users.isAdmin, suspendedAt: users.suspendedAt })
    .from(users)
    .where(sql`${eq(users.id, userId)} OR (${users.isAdmin}
      AND EXISTS (SELECT FROM users me WHERE me.id = ${userId} AND me.is_admin))`)
    .orderBy(asc(users.id))
    .for("update");
  const isAdmin = rows.some((row) => row.id === userId && row.isAdmin);
  return isAdmin && !rows.some((row) => row.id !== userId && row.isAdmin && row.suspendedAt === null);
}

/** What an account owns, by name. */
export async function listRepositories(query: Executor, ownerId: number) {
  return query
    .select({ id: repositories.id, name: repositories.name })
    .from(repositories)
    .where(eq(repositories.ownerId, ownerId))
    .orderBy(sql`lower(${repositories.name})`);
}

/** A person with the address that their mail goes to. */
export async function findAccount(query: Executor, userId: number) {
  const [row] = await query
    .select({
      username: users.username,
      primary: sql<string | null>`(
        SELECT main.address FROM emails main WHERE main.user_id = "users"."id" AND main.is_primary)`,
    })
    .from(users)
    .where(and(eq(users.id, userId), eq(users.kind, "person"), isNull(users.suspendedAt)));
  return row;
}

/** What the owner was called before, as far as that leads to repositories of theirs. */
export async function listFormerOwnerNames(query: Executor, ownerId: number): Promise<string[]> {
  const rows = await query
    .selectDistinct({ owner: sql<string>`lower(${repositoryRedirects.owner})` })
    .from(repositoryRedirects)
    .innerJoin(repositories, eq(repositories.id, repositoryRedirects.repositoryId))
    .where(
      sql`${repositories.ownerId} = ${ownerId} AND NOT EXISTS (
        SELECT FROM users holder WHERE lower(holder.username) = lower(${repositoryRedirects.owner}))`,
    );
  return rows.map((row) => row.owner);
}

export async function listOrganizations(query: Executor, userId: number) {
  return query
    .select({ organizationId: organizationMembers.organizationId, role: organizationMembers.role })
    .from(organizationMembers)
    .where(eq(organizationMembers.userId, userId))
    .orderBy(asc(organizationMembers.organizationId));
}

/** All that is a person's own goes along by its foreign key (schema/tables/), and what they did names nobody any more. */
export async function deleteAccount(transaction: Executor, userId: number): Promise<void> {
  await transaction.delete(users).where(and(eq(users.id, userId), ne(users.kind, "organization")));
}
