// The SQL that says which repositories somebody has a role in, and which role: as owner, as member of the organisation
// that owns it, by a team or a team above it, or as a collaborator.
// Invariant: a team gives nothing beyond its own organisation's repositories, nor to who isn't a member of it.
import { type SQL, sql } from "drizzle-orm";
import { REPOSITORY_ROLES } from "../../schema/roles.ts";
import { repositories } from "../../schema/tables/git.ts";

const NAMES = sql.raw(`ARRAY[${REPOSITORY_ROLES.map((role) => `'${role}'`).join(", ")}]`);

/**
 * The ids of the teams that somebody is in and of all above those. An array, asked once a statement: its rows are
 * guessed to be few, which they are, so that what the teams have is found by index.
 */
const teamsOf = (userId: number | SQL): SQL => sql`ARRAY(
  WITH RECURSIVE mine AS (
    SELECT belonging.team_id
    FROM team_members belonging
    JOIN teams team ON team.id = belonging.team_id
    JOIN organization_members member ON member.organization_id = team.organization_id
      AND member.user_id = ${userId} AND member.role IN ('owner', 'member')
    WHERE belonging.user_id = ${userId}
    UNION
    SELECT child.parent_id FROM teams child JOIN mine ON child.id = mine.team_id
    WHERE child.parent_id IS NOT NULL
  ) SELECT team_id FROM mine)`;

/**
 * The rank of `userId`, or of whom a column says, in the repository of the row: 1 for read to 5 for admin; null for none,
 * and for nobody.
 */
export function rankOf(userId: number | SQL | null): SQL<number | null> {
  if (userId === null) return sql<null>`NULL::int`;
  return sql<number | null>`greatest(
    CASE WHEN ${repositories.ownerId} = ${userId} THEN 5 END,
    (SELECT CASE member.role
        WHEN 'owner' THEN 5
        WHEN 'member' THEN greatest(
          array_position(${NAMES}, organization.base_role),
          CASE WHEN ${repositories.visibility} = 'internal' THEN 1 END)
      END
      FROM organization_members member
      JOIN organizations organization ON organization.id = member.organization_id
      WHERE member.organization_id = ${repositories.ownerId} AND member.user_id = ${userId}),
    (SELECT array_position(${NAMES}, invited.role) FROM collaborators invited
      WHERE invited.repository_id = ${repositories.id} AND invited.user_id = ${userId}),
    (SELECT max(array_position(${NAMES}, given.role))
      FROM team_repositories given
      JOIN teams team ON team.id = given.team_id AND team.organization_id = ${repositories.ownerId}
      WHERE given.repository_id = ${repositories.id} AND given.team_id = ANY (${teamsOf(userId)}))
  )`;
}

/** Whether `userId` has any role in the repository of the row: exactly where `rankOf` isn't null. */
export function isGrantedTo(userId: number): SQL {
  return sql`(
    ${repositories.ownerId} = ${userId}
    OR ${repositories.ownerId} IN (
      SELECT member.organization_id
      FROM organization_members member
      JOIN organizations organization ON organization.id = member.organization_id
      WHERE member.user_id = ${userId}
        AND (member.role = 'owner' OR (member.role = 'member' AND organization.base_role <> 'none')))
    OR (${repositories.visibility} = 'internal' AND ${repositories.ownerId} IN (
      SELECT member.organization_id FROM organization_members member
      WHERE member.user_id = ${userId} AND member.role IN ('owner', 'member')))
    OR ${repositories.id} IN (
      SELECT invited.repository_id FROM collaborators invited WHERE invited.user_id = ${userId})
    OR (${repositories.id}, ${repositories.ownerId}) IN (
      SELECT given.repository_id, team.organization_id
      FROM team_repositories given JOIN teams team ON team.id = given.team_id
      WHERE given.team_id = ANY (${teamsOf(userId)}))
  )`;
}
