// The SQL of teams: where they lie within each other, who is in them, and what they have.
import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { RepositoryRole } from "../../../schema/roles.ts";
import { users } from "../../../schema/tables/auth.ts";
import { repositories } from "../../../schema/tables/git.ts";
import { teamMembers, teamRepositories, teams } from "../../../schema/tables/orgs.ts";
import type { Executor } from "../../core/db.ts";
import type { PageRequest } from "../../core/paging.ts";

export type TeamPrivacy = "closed" | "secret";
export type TeamRole = "maintainer" | "member";

const parent = alias(teams, "parent");

const shape = {
  teamId: teams.id,
  organizationId: teams.organizationId,
  slug: teams.slug,
  name: teams.name,
  description: teams.description,
  privacy: sql<TeamPrivacy>`${teams.privacy}`,
  parentId: teams.parentId,
  parentSlug: parent.slug,
  createdAt: teams.createdAt,
  updatedAt: teams.updatedAt,
  memberCount: sql<number>`(SELECT count(*)::int FROM team_members WHERE team_id = ${teams.id})`,
  repositoryCount: sql<number>`(SELECT count(*)::int FROM team_repositories WHERE team_id = ${teams.id})`,
  /** Of the user it was looked up for. */
  teamRole: sql<TeamRole | null>`${teamMembers.role}`,
};

export type Team = NonNullable<Awaited<ReturnType<typeof findTeam>>>;

const select = (query: Executor, userId: number) =>
  query
    .select(shape)
    .from(teams)
    .leftJoin(parent, eq(parent.id, teams.parentId))
    .leftJoin(teamMembers, and(eq(teamMembers.teamId, teams.id), eq(teamMembers.userId, userId)));

/** `userId`: whose role is told; 0 for nobody's. */
export async function findTeam(query: Executor, organizationId: number, slug: string, userId: number) {
  const [row] = await select(query, userId).where(
    and(eq(teams.organizationId, organizationId), sql`${teams.slug} = lower(${slug})`),
  );
  return row;
}

export async function findTeamById(
  query: Executor,
  organizationId: number,
  teamId: number,
  userId: number,
): Promise<Team | undefined> {
  const [row] = await select(query, userId).where(
    and(eq(teams.organizationId, organizationId), eq(teams.id, teamId)),
  );
  return row;
}

/** Which teams are listed to whom: the secret ones to their members, or to who `seesSecret`. */
interface TeamFilter {
  organizationId: number;
  userId: number;
  seesSecret: boolean;
  /** Those right within this one alone. */
  parentId?: number;
  /** Those that `userId` is in alone. */
  ownOnly?: boolean;
}

export async function listTeams(query: Executor, filter: TeamFilter, page: PageRequest): Promise<Team[]> {
  return select(query, filter.userId)
    .where(isListed(filter))
    .orderBy(asc(teams.slug))
    .offset(page.offset)
    .limit(page.limit);
}

export async function countTeams(query: Executor, filter: TeamFilter): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(teams)
    .leftJoin(teamMembers, and(eq(teamMembers.teamId, teams.id), eq(teamMembers.userId, filter.userId)))
    .where(isListed(filter));
  return row?.total ?? 0;
}

function isListed({ organizationId, seesSecret, parentId, ownOnly }: TeamFilter): SQL | undefined {
  return and(
    eq(teams.organizationId, organizationId),
    parentId === undefined ? undefined : eq(teams.parentId, parentId),
    ownOnly ? sql`${teamMembers.userId} IS NOT NULL` : undefined,
    seesSecret ? undefined : sql`(${teams.privacy} = 'closed' OR ${teamMembers.userId} IS NOT NULL)`,
  );
}

/** @returns the new id, or undefined when the organisation has a team of that slug. */
export async function insertTeam(
  transaction: Executor,
  team: typeof teams.$inferInsert,
): Promise<number | undefined> {
  const [row] = await transaction
    .insert(teams)
    .values(team)
    .onConflictDoNothing()
    .returning({ id: teams.id });
  return row?.id;
}

/** @returns whether another team has the slug: nothing is changed then. */
export async function isSlugTaken(
  transaction: Executor,
  organizationId: number,
  slug: string,
  exceptId: number,
): Promise<boolean> {
  const rows = await transaction
    .select({ id: teams.id })
    .from(teams)
    .where(
      and(eq(teams.organizationId, organizationId), eq(teams.slug, slug), sql`${teams.id} <> ${exceptId}`),
    );
  return rows.length > 0;
}

export async function updateTeam(
  transaction: Executor,
  teamId: number,
  changes: {
    slug: string;
    name?: string | undefined;
    description?: string | undefined;
    privacy?: TeamPrivacy | undefined;
    parentId?: number | null | undefined;
  },
): Promise<void> {
  await transaction
    .update(teams)
    .set({ ...changes, updatedAt: sql`now()` })
    .where(eq(teams.id, teamId));
}

export async function deleteTeam(transaction: Executor, teamId: number): Promise<void> {
  await transaction.delete(teams).where(eq(teams.id, teamId));
}

/** The ids of a team and of all above it, from itself upwards. Read under the organisation's lock. */
export async function listLineage(transaction: Executor, teamId: number): Promise<number[]> {
  const rows = await transaction
    .select({ id: sql<number>`line.id::float8` })
    .from(
      sql`(WITH RECURSIVE line AS (
        SELECT id, parent_id, 1 AS level FROM teams WHERE id = ${teamId}
        UNION ALL
        SELECT above.id, above.parent_id, line.level + 1
        FROM teams above JOIN line ON above.id = line.parent_id
      ) SELECT id, level FROM line) line`,
    )
    .orderBy(sql`line.level`);
  return rows.map((row) => row.id);
}

/** How many levels a team and those within it make: 1 when there are none. Read under the organisation's lock. */
export async function countLevels(transaction: Executor, teamId: number): Promise<number> {
  const [row] = await transaction.select({ levels: sql<number>`max(line.level)::int` }).from(
    sql`(WITH RECURSIVE line AS (
        SELECT id, 1 AS level FROM teams WHERE id = ${teamId}
        UNION ALL
        SELECT beneath.id, line.level + 1
        FROM teams beneath JOIN line ON beneath.parent_id = line.id
      ) SELECT level FROM line) line`,
  );
  return row?.levels ?? 1;
}

/** People of a team and of those within it by name, with their role in it; `inherited` from a team within. */
export async function listTeamMembers(
  query: Executor,
  teamId: number,
  wanted: { role?: TeamRole | undefined },
  page: PageRequest,
) {
  const role = sql<TeamRole>`CASE WHEN bool_or(${teamMembers.teamId} = ${teamId} AND ${teamMembers.role} = 'maintainer')
    THEN 'maintainer' ELSE 'member' END`;
  return query
    .select({
      id: users.id,
      username: users.username,
      displayName: users.displayName,
      isAdmin: users.isAdmin,
      role,
      isInherited: sql<boolean>`NOT bool_or(${teamMembers.teamId} = ${teamId})`,
      total: sql<number>`(count(*) OVER ())::int`,
    })
    .from(teamMembers)
    .innerJoin(users, eq(users.id, teamMembers.userId))
    .where(
      sql`${teamMembers.teamId} IN (WITH RECURSIVE beneath AS (
        SELECT ${teamId}::bigint AS id
        UNION SELECT child.id FROM teams child JOIN beneath ON child.parent_id = beneath.id
      ) SELECT id FROM beneath)`,
    )
    .groupBy(users.id)
    .having(wanted.role === undefined ? sql`true` : sql`${role} = ${wanted.role}`)
    .orderBy(asc(sql`lower(${users.username})`))
    .offset(page.offset)
    .limit(page.limit);
}

export async function findTeamRole(
  query: Executor,
  teamId: number,
  userId: number,
): Promise<TeamRole | undefined> {
  const [row] = await query
    .select({ role: sql<TeamRole>`${teamMembers.role}` })
    .from(teamMembers)
    .where(and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId)));
  return row?.role;
}

export async function upsertTeamMember(
  transaction: Executor,
  teamId: number,
  userId: number,
  role: TeamRole,
): Promise<void> {
  await transaction
    .insert(teamMembers)
    .values({ teamId, userId, role })
    .onConflictDoUpdate({ target: [teamMembers.teamId, teamMembers.userId], set: { role } });
}

/** @returns whether they were in it. */
export async function deleteTeamMember(
  transaction: Executor,
  teamId: number,
  userId: number,
): Promise<boolean> {
  const rows = await transaction
    .delete(teamMembers)
    .where(and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId)))
    .returning({ userId: teamMembers.userId });
  return rows.length === 1;
}

/** What a team has, its parents' included; of several roles in one repository the highest. By name. */
export async function listTeamGrants(query: Executor, teamId: number) {
  return query
    .select({
      repositoryId: teamRepositories.repositoryId,
      role: sql<RepositoryRole>`${teamRepositories.role}`,
      isInherited: sql<boolean>`${teamRepositories.teamId} <> ${teamId}`,
    })
    .from(teamRepositories)
    .innerJoin(teams, eq(teams.id, teamRepositories.teamId))
    .innerJoin(
      repositories,
      and(eq(repositories.id, teamRepositories.repositoryId), eq(repositories.ownerId, teams.organizationId)),
    )
    .where(
      sql`${teamRepositories.teamId} IN (WITH RECURSIVE above AS (
        SELECT ${teamId}::bigint AS id
        UNION SELECT team.parent_id FROM teams team JOIN above ON team.id = above.id WHERE team.parent_id IS NOT NULL
      ) SELECT id FROM above)`,
    )
    .orderBy(asc(sql`lower(${repositories.name})`));
}

export async function upsertTeamRepository(
  transaction: Executor,
  teamId: number,
  repositoryId: number,
  role: RepositoryRole,
): Promise<void> {
  await transaction
    .insert(teamRepositories)
    .values({ teamId, repositoryId, role })
    .onConflictDoUpdate({
      target: [teamRepositories.teamId, teamRepositories.repositoryId],
      set: { role },
    });
}

/** @returns whether the team had it by itself. */
export async function deleteTeamRepository(
  transaction: Executor,
  teamId: number,
  repositoryId: number,
): Promise<boolean> {
  const rows = await transaction
    .delete(teamRepositories)
    .where(and(eq(teamRepositories.teamId, teamId), eq(teamRepositories.repositoryId, repositoryId)))
    .returning({ teamId: teamRepositories.teamId });
  return rows.length === 1;
}
