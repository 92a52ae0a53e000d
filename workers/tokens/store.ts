// The SQL of API tokens. Invariant: every change names the account whose token it is.
import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import { accessTokens, users } from "../../schema/tables/auth.ts";
import { accessTokenRepositories, repositories } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";

const isLive = sql`${accessTokens.revokedAt} IS NULL AND (${accessTokens.expiresAt} IS NULL OR ${accessTokens.expiresAt} > now())`;

const shape = {
  id: accessTokens.id,
  name: accessTokens.name,
  tokenPrefix: accessTokens.tokenPrefix,
  scopes: accessTokens.scopes,
  /** `owner/name`; null where the token isn't limited. */
  repositories: sql<string[] | null>`CASE WHEN ${accessTokens.isRepositoryLimited} THEN (
    SELECT coalesce(json_agg(owner.username || '/' || reached.name ORDER BY reached.id), '[]')
    FROM ${accessTokenRepositories} listed
    JOIN ${repositories} reached ON reached.id = listed.repository_id
    JOIN ${users} owner ON owner.id = reached.owner_id
    WHERE listed.token_id = access_tokens.id) END`,
  lastUsedAt: accessTokens.lastUsedAt,
  lastUsedAddress: accessTokens.lastUsedAddress,
  expiresAt: accessTokens.expiresAt,
  createdAt: accessTokens.createdAt,
};

export type TokenRow = Awaited<ReturnType<typeof listTokens>>[number];

/** Those that have not ended, newest first. */
export async function listTokens(query: Executor, userId: number) {
  return query
    .select(shape)
    .from(accessTokens)
    .where(and(eq(accessTokens.userId, userId), isLive))
    .orderBy(desc(accessTokens.id));
}

export async function findToken(query: Executor, userId: number, id: number) {
  const [row] = await query
    .select(shape)
    .from(accessTokens)
    .where(and(eq(accessTokens.userId, userId), eq(accessTokens.id, id), isLive));
  return row;
}

/** Locks the account, so that of two who count its tokens at once the second sees the first's. */
export async function lockAccount(transaction: Executor, userId: number): Promise<void> {
  await transaction.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("no key update");
}

export async function countTokens(query: Executor, userId: number): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(accessTokens)
    .where(and(eq(accessTokens.userId, userId), isLive));
  return row?.total ?? 0;
}

export async function insertToken(
  transaction: Executor,
  token: typeof accessTokens.$inferInsert,
  repositoryIds: readonly number[],
): Promise<number> {
  const [row] = await transaction.insert(accessTokens).values(token).returning({ id: accessTokens.id });
  if (!row) throw new Error("no token was made");
  if (repositoryIds.length > 0) {
    await transaction
      .insert(accessTokenRepositories)
      .values(repositoryIds.map((repositoryId) => ({ tokenId: row.id, repositoryId })));
  }
  return row.id;
}

/** @returns the token's name, or undefined when there is no such live one. */
export async function replaceSecret(
  transaction: Executor,
  userId: number,
  id: number,
  secret: { tokenHash: string; tokenPrefix: string },
) {
  const [row] = await transaction
    .update(accessTokens)
    .set({ ...secret, lastUsedAt: null, lastUsedAddress: "" })
    .where(and(eq(accessTokens.userId, userId), eq(accessTokens.id, id), isLive))
    .returning({ name: accessTokens.name });
  return row?.name;
}

/** @returns as `replaceSecret`. */
export async function revoke(transaction: Executor, userId: number, id: number) {
  const [row] = await transaction
    .update(accessTokens)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(accessTokens.userId, userId), eq(accessTokens.id, id), isNull(accessTokens.revokedAt)))
    .returning({ name: accessTokens.name });
  return row?.name;
}

/** @returns how many there were. */
export async function revokeAll(transaction: Executor, userId: number): Promise<number> {
  const revoked = await transaction
    .update(accessTokens)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(accessTokens.userId, userId), isLive))
    .returning({ id: accessTokens.id });
  return revoked.length;
}

/** The ids of the repositories that this token reaches; null where it isn't limited. And when it ends. */
export async function findBounds(query: Executor, id: number) {
  const [row] = await query
    .select({ expiresAt: accessTokens.expiresAt })
    .from(accessTokens)
    .where(inArray(accessTokens.id, [id]));
  return row;
}

/** The live token with this hash, whosever it is. */
export async function findByHash(query: Executor, tokenHash: string) {
  const [row] = await query
    .select({ id: accessTokens.id, userId: accessTokens.userId, name: accessTokens.name })
    .from(accessTokens)
    .where(and(eq(accessTokens.tokenHash, tokenHash), isLive));
  return row;
}
