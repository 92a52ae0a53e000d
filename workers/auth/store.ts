// The SQL of identity: lookups by hash only, and the one UPDATE that takes a one-time link.
import { and, eq, gt, isNull, lt, type SQL, sql } from "drizzle-orm";
import type { Appearance } from "../../schema/appearance.ts";
import { authSessions, signInChallenges, signInLinks, users } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";
import { SESSION_IDLE_MS, SESSION_LIFETIME_MS } from "../core/limits.ts";

// `last used` is written at most this often, so that a busy credential costs reads only.
const LAST_USED_STEP_MS = 60_000;

const person = { userId: users.id, username: users.username, isAdmin: users.isAdmin };

// Every page says what waits for an answer; counted here, it costs no question of its own. As listOpenFor and listOffers
// (workers/repos/) have it.
const waiting = {
  invitations: sql`(SELECT count(*) FROM invitations waiting
    WHERE waiting.ended_at IS NULL AND waiting.expires_at > now() AND (waiting.invitee_id = ${users.id}
      OR lower(waiting.email) IN (SELECT lower(own.address) FROM emails own
        WHERE own.user_id = ${users.id} AND own.verified_at IS NOT NULL)))`.mapWith(Number),
  transfers: sql`(SELECT count(*) FROM repository_transfers waiting
    JOIN repositories offered ON offered.id = waiting.repository_id AND offered.owner_id = waiting.from_id
    WHERE waiting.recipient_id = ${users.id} AND waiting.expires_at > now())`.mapWith(Number),
};

/** The live browser session with this hash and its active owner. */
export async function findSessionOwner(query: Executor, tokenHash: string, charge: SQL<unknown>) {
  const [row] = await query
    .select({
      ...person,
      sessionId: authSessions.id,
      provedAt: authSessions.provedAt,
      appearance: sql<Appearance>`${users.appearance}`,
      lastUsedAt: authSessions.lastUsedAt,
      ...waiting,
      charge,
    })
    .from(authSessions)
    .innerJoin(users, eq(users.id, authSessions.userId))
    .where(
      and(
        eq(authSessions.tokenHash, tokenHash),
        isNull(authSessions.revokedAt),
        gt(authSessions.expiresAt, sql`now()`),
        gt(authSessions.lastUsedAt, new Date(Date.now() - SESSION_IDLE_MS)),
        isNull(users.suspendedAt),
      ),
    );
  return row;
}

export async function touchSession(query: Executor, sessionId: number): Promise<void> {
  await query.update(authSessions).set({ lastUsedAt: sql`now()` }).where(eq(authSessions.id, sessionId));
}

export function isTouchDue(lastUsedAt: Date | null): boolean {
  return lastUsedAt === null || Date.now() - lastUsedAt.getTime() > LAST_USED_STEP_MS;
}

/** Takes the link if nobody has: of two at once, one gets the user and the other nothing. */
export async function takeSignInLink(transaction: Executor, secretHash: string) {
  const [row] = await transaction
    .update(signInLinks)
    .set({ usedAt: sql`now()` })
    .where(
      and(
        eq(signInLinks.secretHash, secretHash),
        isNull(signInLinks.usedAt),
        gt(signInLinks.expiresAt, sql`now()`),
      ),
    )
    .returning({
      id: signInLinks.userId,
      username: sql<string>`(SELECT username FROM users WHERE users.id = ${signInLinks.userId})`,
    });
  return row;
}

/** The link with this hash, whatever has become of it. */
export async function findSignInLink(query: Executor, secretHash: string) {
  const [row] = await query
    .select({
      username: users.username,
      expiresAt: signInLinks.expiresAt,
      usedAt: signInLinks.usedAt,
      suspendedAt: users.suspendedAt,
    })
    .from(signInLinks)
    .innerJoin(users, eq(users.id, signInLinks.userId))
    .where(eq(signInLinks.secretHash, secretHash));
  return row;
}

export async function insertSession(
  transaction: Executor,
  session: Pick<
    typeof authSessions.$inferInsert,
    "userId" | "tokenHash" | "method" | "userAgent" | "address"
  >,
): Promise<void> {
  await transaction
    .insert(authSessions)
    .values({ ...session, expiresAt: new Date(Date.now() + SESSION_LIFETIME_MS) });
}

/** Removes sessions, links and challenges that ended long ago. */
export async function deleteExpired(query: Executor): Promise<void> {
  const longAgo = new Date(Date.now() - 30 * 24 * 60 * 60 * 1000);
  await query.delete(authSessions).where(lt(authSessions.expiresAt, longAgo));
  await query.delete(signInLinks).where(lt(signInLinks.expiresAt, longAgo));
  // Anybody may ask for challenges, so they go soon.
  const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000);
  await query.delete(signInChallenges).where(lt(signInChallenges.expiresAt, yesterday));
}
