// The SQL of organisations themselves: an account of the kind `organization` and the row of the same id.
import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import type { OrganizationRole } from "../../../schema/roles.ts";
import { users } from "../../../schema/tables/auth.ts";
import { repositories, repositoryRedirects } from "../../../schema/tables/git.ts";
import { organizationMembers, organizations } from "../../../schema/tables/orgs.ts";
import type { Executor } from "../../core/db.ts";
import type { PageRequest } from "../../core/paging.ts";

type BaseRole = "none" | "read" | "write" | "admin";

const shape = {
  organizationId: organizations.id,
  name: users.username,
  displayName: users.displayName,
  description: users.bio,
  location: users.location,
  website: users.website,
  billingEmail: organizations.billingEmail,
  baseRole: sql<BaseRole>`${organizations.baseRole}`,
  membersCanCreate: organizations.membersCanCreate,
  createdAt: organizations.createdAt,
  updatedAt: organizations.updatedAt,
  /** Of the user it was looked up for. */
  organizationRole: sql<OrganizationRole | null>`${organizationMembers.role}`,
};

export type Organization = NonNullable<Awaited<ReturnType<typeof findByName>>>;

const select = (query: Executor, userId: number | null) =>
  query
    .select(shape)
    .from(organizations)
    .innerJoin(users, eq(users.id, organizations.id))
    .leftJoin(
      organizationMembers,
      and(
        eq(organizationMembers.organizationId, organizations.id),
        userId === null ? sql`false` : eq(organizationMembers.userId, userId),
      ),
    );

/** `userId`: whose role is told; null for nobody's. */
export async function findByName(query: Executor, name: string, userId: number | null) {
  const [row] = await select(query, userId).where(sql`lower(${users.username}) = lower(${name})`);
  return row;
}

/** Organisations that `userId` belongs to by name, the public memberships alone unless `all`. */
export async function listOf(
  query: Executor,
  userId: number,
  which: "all" | "public",
  page: PageRequest,
): Promise<Organization[]> {
  return select(query, userId)
    .where(isOf(which))
    .orderBy(sql`lower(${users.username})`)
    .offset(page.offset)
    .limit(page.limit);
}

export async function countOf(query: Executor, userId: number, which: "all" | "public"): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(organizationMembers)
    .where(and(isOf(which), eq(organizationMembers.userId, userId)));
  return row?.total ?? 0;
}

const isOf = (which: "all" | "public"): SQL =>
  which === "all" ? sql`${organizationMembers.role} IS NOT NULL` : eq(organizationMembers.isPublic, true);

/** The organisations in which `userId` may make repositories, by name. */
export async function listNamesWhereMayCreate(query: Executor, userId: number): Promise<string[]> {
  const rows = await select(query, userId)
    .where(
      sql`${organizationMembers.role} = 'owner'
        OR (${organizationMembers.role} = 'member' AND ${organizations.membersCanCreate})`,
    )
    .orderBy(asc(users.username));
  return rows.map((row) => row.name);
}

/** @returns the new id, or undefined when an account has the name. */
export async function insertOrganization(
  transaction: Executor,
  wanted: { name: string; displayName: string; description: string },
): Promise<number | undefined> {
  const { name, displayName, description } = wanted;
  const [account] = await transaction
    .insert(users)
    .values({ kind: "organization", username: name, displayName, bio: description })
    .onConflictDoNothing()
    .returning({ id: users.id });
  if (!account) return undefined;
  await transaction.insert(organizations).values({ id: account.id });
  return account.id;
}

/** Keeps members, teams and the organisation itself from being changed by others until the transaction ends. */
export async function lockOrganization(transaction: Executor, organizationId: number): Promise<boolean> {
  const rows = await transaction
    .select({ id: organizations.id })
    .from(organizations)
    .where(eq(organizations.id, organizationId))
    .for("update");
  return rows.length === 1;
}

export interface OrganizationChanges {
  displayName?: string | undefined;
  description?: string | undefined;
  location?: string | undefined;
  website?: string | undefined;
  billingEmail?: string | undefined;
  baseRole?: BaseRole | undefined;
  membersCanCreate?: boolean | undefined;
}

export async function updateOrganization(
  transaction: Executor,
  organizationId: number,
  { displayName, description, location, website, ...rest }: OrganizationChanges,
): Promise<void> {
  await transaction
    .update(users)
    .set({ displayName, bio: description, location, website, updatedAt: sql`now()` })
    .where(eq(users.id, organizationId));
  await transaction
    .update(organizations)
    .set({ ...rest, updatedAt: sql`now()` })
    .where(eq(organizations.id, organizationId));
}

/**
 * Calls it otherwise; the addresses that its repositories had lead to them still.
 * @returns whether the name was free.
 */
export async function renameOrganization(
  transaction: Executor,
  organizationId: number,
  names: { before: string; after: string },
): Promise<boolean> {
  // Asked first, since a statement that breaks the unique index would end the transaction.
  const holders = await transaction
    .select({ id: users.id })
    .from(users)
    .where(and(sql`lower(${users.username}) = lower(${names.after})`, sql`${users.id} <> ${organizationId}`));
  if (holders.length > 0) return false;
  await transaction
    .update(users)
    .set({ username: names.after, updatedAt: sql`now()` })
    .where(eq(users.id, organizationId));
  await transaction.delete(repositoryRedirects).where(
    sql`lower(${repositoryRedirects.owner}) = lower(${names.after}) AND lower(${repositoryRedirects.name}) IN (
        SELECT lower(name) FROM repositories WHERE owner_id = ${organizationId})`,
  );
  if (names.before.toLowerCase() === names.after.toLowerCase()) return true;
  const owned = await transaction
    .select({ repositoryId: repositories.id, name: repositories.name })
    .from(repositories)
    .where(eq(repositories.ownerId, organizationId));
  if (owned.length === 0) return true;
  await transaction.delete(repositoryRedirects).where(
    sql`lower(${repositoryRedirects.owner}) = lower(${names.before}) AND lower(${repositoryRedirects.name}) IN (
        SELECT lower(name) FROM repositories WHERE owner_id = ${organizationId})`,
  );
  await transaction
    .insert(repositoryRedirects)
    .values(owned.map((repository) => ({ owner: names.before, ...repository })));
  return true;
}

/** Deletes it unless it owns a repository; nobody can give it one meanwhile. */
export async function deleteOrganization(transaction: Executor, organizationId: number): Promise<boolean> {
  await transaction.select({ id: users.id }).from(users).where(eq(users.id, organizationId)).for("update");
  const owned = await transaction
    .select({ id: repositories.id })
    .from(repositories)
    .where(eq(repositories.ownerId, organizationId))
    .limit(1);
  if (owned.length > 0) return false;
  await transaction.delete(users).where(eq(users.id, organizationId));
  return true;
}
