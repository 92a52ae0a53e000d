// The SQL of rules for branches.
import { and, asc, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { type BranchRules, protectedBranches, refs, repositories } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";
import type { ProtectedBranch } from "../git/store/protection.ts";
import { bigintColumn, queryRows } from "../git/store/query-rows.ts";

const shape = {
  id: protectedBranches.id,
  pattern: protectedBranches.pattern,
  priority: protectedBranches.priority,
  rules: protectedBranches.rules,
};

/** The rules of a repository, the first to rule first. */
export async function listRules(query: Executor, repositoryId: number): Promise<ProtectedBranch[]> {
  return query
    .select(shape)
    .from(protectedBranches)
    .where(eq(protectedBranches.repositoryId, repositoryId))
    .orderBy(sql`${protectedBranches.priority} DESC`, asc(protectedBranches.pattern));
}

/** Holds the repository's row until the transaction ends: pushes then see the rules as they were before or are after. */
export async function lockRepository(transaction: Executor, repositoryId: number): Promise<boolean> {
  const rows = await transaction
    .select({ id: repositories.id })
    .from(repositories)
    .where(eq(repositories.id, repositoryId))
    .for("no key update");
  return rows.length > 0;
}

interface WantedRule {
  pattern: string;
  priority: number;
  rules: BranchRules;
}

/** @returns the new rule's id, or undefined when there is one of that pattern. */
export async function insertRule(
  transaction: Executor,
  repositoryId: number,
  wanted: WantedRule,
): Promise<number | undefined> {
  const [row] = await transaction
    .insert(protectedBranches)
    .values({ repositoryId, ...wanted })
    .onConflictDoNothing()
    .returning({ id: protectedBranches.id });
  return row?.id;
}

export async function updateRule(transaction: Executor, id: number, wanted: WantedRule): Promise<void> {
  await transaction
    .update(protectedBranches)
    .set({ ...wanted, updatedAt: sql`now()` })
    .where(eq(protectedBranches.id, id));
}

export async function deleteRule(transaction: Executor, id: number): Promise<void> {
  await transaction.delete(protectedBranches).where(eq(protectedBranches.id, id));
}

export async function findOwnerId(query: Executor, repositoryId: number): Promise<number> {
  const [row] = await query
    .select({ ownerId: repositories.ownerId })
    .from(repositories)
    .where(eq(repositories.id, repositoryId));
  if (row === undefined) throw new Error(`repository ${repositoryId} is gone`);
  return row.ownerId;
}

/** Where a branch points now; null when there is none. */
export async function findBranchTip(
  query: Executor,
  repositoryId: number,
  branch: string,
): Promise<string | null> {
  const [row] = await query
    .select({ oid: refs.oid })
    .from(refs)
    .where(and(eq(refs.repositoryId, repositoryId), eq(refs.name, `refs/heads/${branch}`)));
  return row?.oid ?? null;
}

/** Of some fingerprints those of SSH keys that belong to an account in good standing. */
export async function listKnownKeys(
  query: Executor,
  fingerprints: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await queryRows(
    query,
    sql`SELECT fingerprint FROM ssh_keys JOIN users ON users.id = ssh_keys.user_id
      WHERE fingerprint = ANY(${sql.param([...fingerprints])}::text[]) AND users.suspended_at IS NULL`,
    z.object({ fingerprint: z.string() }),
  );
  return new Set(rows.map(({ fingerprint }) => fingerprint));
}

const namedRow = z.object({ kind: z.enum(["user", "team"]), id: bigintColumn, name: z.string() });

/** People by username, and teams of the repository's owner by slug, without case. */
export async function findNamed(
  query: Executor,
  repositoryId: number,
  wanted: { users: readonly string[]; teams: readonly string[] },
) {
  const lower = (names: readonly string[]) => sql.param(names.map((name) => name.toLowerCase()));
  return queryRows(
    query,
    sql`SELECT 'user' AS kind, id, username AS name FROM users
        WHERE kind = 'person' AND lower(username) = ANY(${lower(wanted.users)}::text[])
      UNION ALL
      SELECT 'team', teams.id, teams.slug FROM teams
        JOIN repositories ON repositories.owner_id = teams.organization_id
        WHERE repositories.id = ${repositoryId} AND lower(teams.slug) = ANY(${lower(wanted.teams)}::text[])`,
    namedRow,
  );
}

/** What people and teams of these ids are called; ids of what has gone are left out. */
export async function listNames(
  query: Executor,
  repositoryId: number,
  wanted: { users: readonly number[]; teams: readonly number[] },
) {
  return queryRows(
    query,
    sql`SELECT 'user' AS kind, id, username AS name FROM users
        WHERE id = ANY(${sql.param([...wanted.users])}::bigint[])
      UNION ALL
      SELECT 'team', teams.id, teams.slug FROM teams
        JOIN repositories ON repositories.owner_id = teams.organization_id
        WHERE repositories.id = ${repositoryId} AND teams.id = ANY(${sql.param([...wanted.teams])}::bigint[])
      ORDER BY 3`,
    namedRow,
  );
}

const BRANCH_PREFIX = "refs/heads/";
const isBranch = (repositoryId: number) =>
  and(eq(refs.repositoryId, repositoryId), sql`starts_with(${refs.name}, ${BRANCH_PREFIX})`);

/** Branches by name, without their prefix. */
export async function listBranches(
  query: Executor,
  repositoryId: number,
  page: { offset: number; limit: number },
): Promise<{ name: string; oid: string }[]> {
  return query
    .select({ name: sql<string>`substr(${refs.name}, ${BRANCH_PREFIX.length + 1}::int)`, oid: refs.oid })
    .from(refs)
    .where(isBranch(repositoryId))
    .orderBy(asc(refs.name))
    .offset(page.offset)
    .limit(page.limit);
}

export async function countBranches(query: Executor, repositoryId: number): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(refs)
    .where(isBranch(repositoryId));
  return row?.total ?? 0;
}
