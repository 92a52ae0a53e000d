// Who moves a branch, as the rules know them: what the repository gives them, and their teams.
import { eq, sql } from "drizzle-orm";
import { roleOfRank } from "../../schema/roles.ts";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";
import { rankOf } from "../repos/grants.ts";
import type { Mover } from "./judge-move.ts";

/** Somebody as the rules know them; nobody in person has neither role nor teams. */
export async function findMover(
  query: Executor,
  repositoryId: number,
  userId: number | null,
): Promise<Mover> {
  if (userId === null) return { userId, role: null, teamIds: [] };
  const [row] = await query
    .select({
      rank: rankOf(userId),
      isAdmin: sql<boolean>`coalesce((SELECT is_admin FROM ${users} WHERE id = ${userId}), false)`,
      teamIds: sql<number[]>`(WITH RECURSIVE mine AS (
          SELECT team_id FROM team_members WHERE user_id = ${userId}
          UNION
          SELECT team.parent_id FROM teams team JOIN mine ON team.id = mine.team_id
          WHERE team.parent_id IS NOT NULL
        ) SELECT coalesce(json_agg(team_id), '[]') FROM mine)`,
    })
    .from(repositories)
    .where(eq(repositories.id, repositoryId));
  const role = row?.isAdmin ? "admin" : roleOfRank(row?.rank ?? null);
  return { userId, role, teamIds: row?.teamIds ?? [] };
}
