// The SQL of who has access to one repository: the reverse of grants.ts, and the rows of collaborators.
import { and, asc, eq, isNull, sql } from "drizzle-orm";
import { REPOSITORY_ROLES, type RepositoryRole, roleOfRank } from "../../schema/roles.ts";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { collaborators, organizationMembers, teamRepositories, teams } from "../../schema/tables/orgs.ts";
import type { Executor } from "../core/db.ts";
import type { PageRequest } from "../core/paging.ts";

const NAMES = sql.raw(`ARRAY[${REPOSITORY_ROLES.map((role) => `'${role}'`).join(", ")}]`);

/** Whose access is told: `direct` of collaborators alone, `outside` of those who aren't members, `all` of whatever source. */
export type Affiliation = "all" | "direct" | "outside";

interface Collaborator {
  id: number;
  username: string;
  isAdmin: boolean;
  role: RepositoryRole;
}

/** People with access to a repository, by name; suspended ones have none. */
export async function listPeople(
  query: Executor,
  repositoryId: number,
  { affiliation, role: wantedRole }: { affiliation: Affiliation; role?: RepositoryRole },
  page: PageRequest,
): Promise<{ people: Collaborator[]; total: number }> {
  const rows = await query
    .select({
      id: sql<number>`person.id::float8`,
      username: sql<string>`person.username`,
      isAdmin: sql<boolean>`person.is_admin`,
      rank: sql<number>`person.rank`,
      total: sql<number>`(count(*) OVER ())::int`,
    })
    .from(
      sql`(
        SELECT account.id, account.username, account.is_admin, max(granted.rank)::int AS rank
        FROM ${grantsIn(repositoryId)} granted
        JOIN users account ON account.id = granted.user_id AND account.suspended_at IS NULL
        WHERE granted.rank IS NOT NULL AND ${isOf(affiliation)}
        GROUP BY account.id
      ) person`,
    )
    .where(
      wantedRole === undefined ? undefined : sql`person.rank = array_position(${NAMES}, ${wantedRole}::text)`,
    )
    .orderBy(sql`lower(person.username)`)
    .offset(page.offset)
    .limit(page.limit);
  const people = rows.flatMap(({ rank, total: _, ...person }) => {
    const role = roleOfRank(rank);
    return role === null ? [] : [{ ...person, role }];
  });
  return { people, total: rows[0]?.total ?? 0 };
}

function isOf(affiliation: Affiliation) {
  if (affiliation === "all") return sql`true`;
  if (affiliation === "direct") return sql`granted.source = 'collaborator'`;
  return sql`granted.source = 'collaborator' AND NOT granted.is_member`;
}

// As `grantsOf` of grants.ts, for one repository and everybody.
function grantsIn(repositoryId: number) {
  return sql`(
    SELECT owned.owner_id AS user_id, 5 AS rank, 'owner' AS source, false AS is_member
    FROM repositories owned
    JOIN users owner ON owner.id = owned.owner_id AND owner.kind = 'person'
    WHERE owned.id = ${repositoryId}
    UNION ALL
    SELECT member.user_id, CASE member.role
        WHEN 'owner' THEN 5
        WHEN 'member' THEN greatest(
          array_position(${NAMES}, organization.base_role),
          CASE WHEN owned.visibility = 'internal' THEN 1 END)
      END, 'member', true
    FROM repositories owned
    JOIN organizations organization ON organization.id = owned.owner_id
    JOIN organization_members member ON member.organization_id = organization.id
    WHERE owned.id = ${repositoryId}
    UNION ALL
    SELECT invited.user_id, array_position(${NAMES}, invited.role), 'collaborator', EXISTS (
      SELECT FROM organization_members member
      JOIN repositories owned ON owned.owner_id = member.organization_id
      WHERE owned.id = ${repositoryId} AND member.user_id = invited.user_id
        AND member.role IN ('owner', 'member'))
    FROM collaborators invited WHERE invited.repository_id = ${repositoryId}
    UNION ALL
    SELECT person.user_id, array_position(${NAMES}, given.role), 'team', true
    FROM team_repositories given
    JOIN teams top ON top.id = given.team_id
    JOIN repositories lent ON lent.id = given.repository_id AND lent.owner_id = top.organization_id
    JOIN LATERAL (
      WITH RECURSIVE beneath AS (
        SELECT top.id
        UNION
        SELECT child.id FROM teams child JOIN beneath ON child.parent_id = beneath.id
      ) SELECT id FROM beneath) team ON true
    JOIN team_members person ON person.team_id = team.id
    JOIN organization_members belonging ON belonging.organization_id = top.organization_id
      AND belonging.user_id = person.user_id AND belonging.role IN ('owner', 'member')
    WHERE given.repository_id = ${repositoryId}
  )`;
}

/** The teams that a repository is lent to by name; their child teams have it through them. */
export async function listTeams(query: Executor, repositoryId: number) {
  return query
    .select({
      id: teams.id,
      slug: teams.slug,
      name: teams.name,
      description: teams.description,
      privacy: sql<"closed" | "secret">`${teams.privacy}`,
      parentId: teams.parentId,
      role: sql<RepositoryRole>`${teamRepositories.role}`,
    })
    .from(teamRepositories)
    .innerJoin(teams, eq(teams.id, teamRepositories.teamId))
    .innerJoin(
      repositories,
      and(eq(repositories.id, teamRepositories.repositoryId), eq(repositories.ownerId, teams.organizationId)),
    )
    .where(eq(teamRepositories.repositoryId, repositoryId))
    .orderBy(asc(teams.slug));
}

/** A person by name; organisations and the suspended can't be let in. */
export async function findPerson(query: Executor, username: string) {
  const [row] = await query
    .select({ id: users.id, username: users.username })
    .from(users)
    .where(
      and(
        sql`lower(${users.username}) = lower(${username})`,
        eq(users.kind, "person"),
        isNull(users.suspendedAt),
      ),
    );
  return row;
}

/** Keeps others from changing who is let in until the transaction ends. @returns whether the repository is still there. */
export async function lockRepository(transaction: Executor, repositoryId: number): Promise<boolean> {
  const rows = await transaction
    .select({ id: repositories.id })
    .from(repositories)
    .where(eq(repositories.id, repositoryId))
    .for("update");
  return rows.length === 1;
}

/** Whether somebody belongs to the organisation that owns things as `ownerId`. */
export async function isMember(query: Executor, ownerId: number, userId: number): Promise<boolean> {
  const rows = await query
    .select({ userId: organizationMembers.userId })
    .from(organizationMembers)
    .where(
      and(
        eq(organizationMembers.organizationId, ownerId),
        eq(organizationMembers.userId, userId),
        sql`${organizationMembers.role} <> 'billing'`,
      ),
    );
  return rows.length === 1;
}

export async function findCollaboratorRole(
  query: Executor,
  repositoryId: number,
  userId: number,
): Promise<RepositoryRole | null> {
  const [row] = await query
    .select({ role: sql<RepositoryRole>`${collaborators.role}` })
    .from(collaborators)
    .where(and(eq(collaborators.repositoryId, repositoryId), eq(collaborators.userId, userId)));
  return row?.role ?? null;
}

export async function upsertCollaborator(
  transaction: Executor,
  repositoryId: number,
  userId: number,
  role: RepositoryRole,
): Promise<void> {
  await transaction
    .insert(collaborators)
    .values({ repositoryId, userId, role })
    .onConflictDoUpdate({ target: [collaborators.repositoryId, collaborators.userId], set: { role } });
}

/** @returns whether there was one. */
export async function deleteCollaborator(
  transaction: Executor,
  repositoryId: number,
  userId: number,
): Promise<boolean> {
  const rows = await transaction
    .delete(collaborators)
    .where(and(eq(collaborators.repositoryId, repositoryId), eq(collaborators.userId, userId)))
    .returning({ userId: collaborators.userId });
  return rows.length === 1;
}
