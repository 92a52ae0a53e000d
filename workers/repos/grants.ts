// The one SQL that says which repositories somebody has a role in, and which role: as owner, as member of the
// organisation that owns it, by a team or a team above it, or as a collaborator.
// Invariant: a team gives nothing beyond its own organisation's repositories, nor to who isn't a member of it.
import { type SQL, sql } from "drizzle-orm";
import { REPOSITORY_ROLES } from "../../schema/roles.ts";
import { repositories } from "../../schema/tables/git.ts";

const NAMES = sql.raw(`ARRAY[${REPOSITORY_ROLES.map((role) => `'${role}'`).join(", ")}]`);

/** `SELECT repository_id, rank`: 1 for read to 5 for admin, several rows a repository. */
function grantsOf(userId: number): SQL {
  return sql`(
    SELECT own.id AS repository_id, 5 AS rank FROM repositories own WHERE own.owner_id = ${userId}
    UNION ALL
    SELECT owned.id, CASE member.role
        WHEN 'owner' THEN 5
        WHEN 'member' THEN greatest(
          array_position(${NAMES}, organization.base_role),
          CASE WHEN owned.visibility = 'internal' THEN 1 END)
      END
    FROM organization_members member
    JOIN organizations organization ON organization.id = member.organization_id
    JOIN repositories owned ON owned.owner_id = organization.id
    WHERE member.user_id = ${userId}
    UNION ALL
    SELECT invited.repository_id, array_position(${NAMES}, invited.role)
    FROM collaborators invited WHERE invited.user_id = ${userId}
    UNION ALL
    SELECT given.repository_id, array_position(${NAMES}, given.role)
    FROM team_repositories given
    JOIN teams team ON team.id = given.team_id
    JOIN repositories lent ON lent.id = given.repository_id AND lent.owner_id = team.organization_id
    JOIN organization_members belonging
      ON belonging.organization_id = team.organization_id AND belonging.user_id = ${userId}
      AND belonging.role IN ('owner', 'member')
    WHERE given.team_id IN (
      WITH RECURSIVE mine AS (
        SELECT team_id FROM team_members WHERE user_id = ${userId}
        UNION
        SELECT child.parent_id FROM teams child JOIN mine ON child.id = mine.team_id
        WHERE child.parent_id IS NOT NULL
      ) SELECT team_id FROM mine)
  )`;
}

/** The rank of `userId` in the repository of the row; null for none, and for nobody. */
export function rankOf(userId: number | null): SQL<number | null> {
  if (userId === null) return sql<null>`NULL::int`;
  return sql<number | null>`(
    SELECT max(granted.rank)::int FROM ${grantsOf(userId)} granted
    WHERE granted.repository_id = ${repositories.id}
  )`;
}

/** Whether `userId` has any role in the repository of the row. */
export function isGrantedTo(userId: number): SQL {
  return sql`${repositories.id} IN (
    SELECT granted.repository_id FROM ${grantsOf(userId)} granted WHERE granted.rank IS NOT NULL
  )`;
}
