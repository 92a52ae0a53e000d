// The SQL of belonging to an organisation.
import { and, asc, eq, isNull, ne, type SQL, sql } from "drizzle-orm";
import type { OrganizationRole } from "../../../schema/roles.ts";
import { users } from "../../../schema/tables/auth.ts";
import { repositories } from "../../../schema/tables/git.ts";
import {
  collaborators,
  organizationMembers,
  organizations,
  teamMembers,
  teams,
} from "../../../schema/tables/orgs.ts";
import type { Executor } from "../../core/db.ts";
import type { PageRequest } from "../../core/paging.ts";

const shape = {
  id: users.id,
  username: users.username,
  displayName: users.displayName,
  isAdmin: users.isAdmin,
  role: sql<OrganizationRole>`${organizationMembers.role}`,
  isPublic: organizationMembers.isPublic,
};

export type Member = Awaited<ReturnType<typeof listMembers>>[number];

/** `isAll`: those too who keep it to themselves. Who only pays is told of where `withBilling`. */
interface MemberFilter {
  isAll: boolean;
  withBilling?: boolean;
  role?: "owner" | "member" | undefined;
}

export async function listMembers(
  query: Executor,
  organizationId: number,
  filter: MemberFilter,
  page: PageRequest,
) {
  return query
    .select(shape)
    .from(organizationMembers)
    .innerJoin(users, eq(users.id, organizationMembers.userId))
    .where(isListed(organizationId, filter))
    .orderBy(sql`lower(${users.username})`)
    .offset(page.offset)
    .limit(page.limit);
}

export async function countMembers(
  query: Executor,
  organizationId: number,
  filter: MemberFilter,
): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(organizationMembers)
    .where(isListed(organizationId, filter));
  return row?.total ?? 0;
}

function isListed(organizationId: number, { isAll, withBilling, role }: MemberFilter): SQL | undefined {
  return and(
    eq(organizationMembers.organizationId, organizationId),
    isAll ? undefined : eq(organizationMembers.isPublic, true),
    withBilling ? undefined : ne(organizationMembers.role, "billing"),
    role === undefined ? undefined : eq(organizationMembers.role, role),
  );
}

/** What somebody belongs to, by the organisation's name. */
export async function listMemberships(query: Executor, userId: number, page: PageRequest) {
  return query
    .select({ name: users.username, role: shape.role, isPublic: shape.isPublic })
    .from(organizationMembers)
    .innerJoin(users, eq(users.id, organizationMembers.organizationId))
    .where(eq(organizationMembers.userId, userId))
    .orderBy(sql`lower(${users.username})`)
    .offset(page.offset)
    .limit(page.limit);
}

/** How the account of that name belongs; undefined when it doesn't. */
export async function findMember(
  query: Executor,
  organizationId: number,
  username: string,
): Promise<Member | undefined> {
  const [row] = await query
    .select(shape)
    .from(organizationMembers)
    .innerJoin(users, eq(users.id, organizationMembers.userId))
    .where(
      and(
        eq(organizationMembers.organizationId, organizationId),
        sql`lower(${users.username}) = lower(${username})`,
      ),
    );
  return row;
}

/** The role of somebody, read under the organisation's lock. */
export async function findRole(
  transaction: Executor,
  organizationId: number,
  userId: number,
): Promise<OrganizationRole | null> {
  const [row] = await transaction
    .select({ role: sql<OrganizationRole>`${organizationMembers.role}` })
    .from(organizationMembers)
    .where(isMembership(organizationId, userId));
  return row?.role ?? null;
}

/** Owners besides `userId` who can act: the suspended can't. Read under the organisation's lock. */
export async function countOtherOwners(
  transaction: Executor,
  organizationId: number,
  userId: number,
): Promise<number> {
  const [row] = await transaction
    .select({ total: sql<number>`count(*)::int` })
    .from(organizationMembers)
    .innerJoin(users, eq(users.id, organizationMembers.userId))
    .where(
      and(
        eq(organizationMembers.organizationId, organizationId),
        eq(organizationMembers.role, "owner"),
        ne(organizationMembers.userId, userId),
        isNull(users.suspendedAt),
      ),
    );
  return row?.total ?? 0;
}

/** Holds the organisations that somebody owns, by id, as `lockOrganization` does one. */
export async function lockOwned(transaction: Executor, userId: number) {
  return transaction
    .select({ organizationId: organizations.id, name: users.username })
    .from(organizations)
    .innerJoin(users, eq(users.id, organizations.id))
    .innerJoin(
      organizationMembers,
      and(
        eq(organizationMembers.organizationId, organizations.id),
        eq(organizationMembers.userId, userId),
        eq(organizationMembers.role, "owner"),
      ),
    )
    .orderBy(asc(organizations.id))
    .for("update", { of: organizations });
}

/** Makes somebody a member; who is one already stays as they are. */
export async function insertMember(
  transaction: Executor,
  organizationId: number,
  userId: number,
  role: OrganizationRole,
): Promise<void> {
  await transaction
    .insert(organizationMembers)
    .values({ organizationId, userId, role })
    .onConflictDoNothing();
}

export async function updateMember(
  transaction: Executor,
  organizationId: number,
  userId: number,
  changes: { role?: OrganizationRole; isPublic?: boolean },
): Promise<void> {
  await transaction.update(organizationMembers).set(changes).where(isMembership(organizationId, userId));
}

export async function deleteMember(
  transaction: Executor,
  organizationId: number,
  userId: number,
): Promise<void> {
  await transaction.delete(organizationMembers).where(isMembership(organizationId, userId));
}

const isMembership = (organizationId: number, userId: number): SQL | undefined =>
  and(eq(organizationMembers.organizationId, organizationId), eq(organizationMembers.userId, userId));

export async function removeFromTeams(
  transaction: Executor,
  organizationId: number,
  userId: number,
): Promise<void> {
  const ofOrganization = sql`${teamMembers.teamId} IN (
    SELECT ${teams.id} FROM ${teams} WHERE ${teams.organizationId} = ${organizationId})`;
  await transaction.delete(teamMembers).where(and(eq(teamMembers.userId, userId), ofOrganization));
}

/** Ends what somebody was given by name in the organisation's repositories. */
export async function removeCollaborations(
  transaction: Executor,
  organizationId: number,
  userId: number,
): Promise<number> {
  const rows = await transaction
    .delete(collaborators)
    .where(and(eq(collaborators.userId, userId), isOwnedBy(organizationId)))
    .returning({ repositoryId: collaborators.repositoryId });
  return rows.length;
}

/** People let into a repository of the organisation by name who don't belong to it. */
export async function listOutsideCollaborators(query: Executor, organizationId: number, page: PageRequest) {
  return query
    .select({
      id: users.id,
      username: users.username,
      displayName: users.displayName,
      isAdmin: users.isAdmin,
      repositories: sql<number>`count(*)::int`,
      total: sql<number>`(count(*) OVER ())::int`,
    })
    .from(collaborators)
    .innerJoin(users, eq(users.id, collaborators.userId))
    .where(
      and(
        isOwnedBy(organizationId),
        sql`NOT EXISTS (SELECT FROM ${organizationMembers} WHERE ${isMember(organizationId)})`,
      ),
    )
    .groupBy(users.id)
    .orderBy(asc(sql`lower(${users.username})`))
    .offset(page.offset)
    .limit(page.limit);
}

const isMember = (organizationId: number) =>
  sql`${organizationMembers.organizationId} = ${organizationId} AND ${organizationMembers.userId} = ${collaborators.userId}
    AND ${organizationMembers.role} <> 'billing'`;

const isOwnedBy = (organizationId: number): SQL =>
  sql`${collaborators.repositoryId} IN (
    SELECT ${repositories.id} FROM ${repositories} WHERE ${repositories.ownerId} = ${organizationId})`;
