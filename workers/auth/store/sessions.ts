// The SQL of a person's browser sessions: listed while they live, ended for good.
import { and, desc, eq, gt, isNull, ne, sql } from "drizzle-orm";
import { authSessions } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";
import { SESSION_IDLE_MS } from "../../core/limits.ts";

const isLive = (userId: number) =>
  and(
    eq(authSessions.userId, userId),
    isNull(authSessions.revokedAt),
    gt(authSessions.expiresAt, sql`now()`),
    gt(authSessions.lastUsedAt, new Date(Date.now() - SESSION_IDLE_MS)),
  );

/** The live sessions of a person, the one used last first. */
export async function listLiveSessions(query: Executor, userId: number) {
  return query
    .select({
      id: authSessions.id,
      method: authSessions.method,
      userAgent: authSessions.userAgent,
      address: authSessions.address,
      openedAt: authSessions.createdAt,
      lastUsedAt: authSessions.lastUsedAt,
      expiresAt: authSessions.expiresAt,
    })
    .from(authSessions)
    .where(isLive(userId))
    .orderBy(desc(authSessions.lastUsedAt), desc(authSessions.id));
}

/** Ends one live session of a person. @returns whether there was one. */
export async function endSession(query: Executor, userId: number, sessionId: number): Promise<boolean> {
  const ended = await query
    .update(authSessions)
    .set({ revokedAt: sql`now()` })
    .where(and(isLive(userId), eq(authSessions.id, sessionId)))
    .returning({ id: authSessions.id });
  return ended.length > 0;
}

/** Ends a person's live sessions, but for one. @returns the ids of those that ended. */
export async function endSessionsExcept(
  query: Executor,
  userId: number,
  keptSessionId: number | null,
): Promise<number[]> {
  const ended = await query
    .update(authSessions)
    .set({ revokedAt: sql`now()` })
    .where(keptSessionId === null ? isLive(userId) : and(isLive(userId), ne(authSessions.id, keptSessionId)))
    .returning({ id: authSessions.id });
  return ended.map(({ id }) => id);
}
