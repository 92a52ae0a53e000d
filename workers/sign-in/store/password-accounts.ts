// The SQL of accounts that sign in by password or by mail.
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { authSessions, emails, users } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";
import { hasLogin } from "../../core/has-login.ts";

const shape = {
  id: users.id,
  username: users.username,
  passwordHash: users.passwordHash,
  address: sql<string>`coalesce((
    SELECT main.address FROM emails main WHERE main.user_id = "users"."id" AND main.is_primary), '')`,
};

/** Whoever may sign in by this name or verified address. */
export async function findPerson(query: Executor, login: string) {
  const [row] = await query
    .select(shape)
    .from(users)
    .where(and(eq(users.kind, "person"), isNull(users.suspendedAt), hasLogin(login)));
  return row;
}

/** As `findPerson`, by id; held until the transaction ends. */
export async function lockPerson(transaction: Executor, id: number) {
  const [row] = await transaction
    .select(shape)
    .from(users)
    .where(and(eq(users.id, id), eq(users.kind, "person"), isNull(users.suspendedAt)))
    .for("update");
  return row;
}

/** Replaces a hash; `isChange` when the password is another one. */
export async function setPasswordHash(
  query: Executor,
  id: number,
  passwordHash: string,
  isChange: boolean,
): Promise<void> {
  const changedAt = isChange ? { passwordChangedAt: sql`now()` } : {};
  await query
    .update(users)
    .set({ passwordHash, updatedAt: sql`now()`, ...changedAt })
    .where(eq(users.id, id));
}

/** Makes a person with a first address, verified and primary. @returns undefined when the name is taken. */
export async function insertPerson(
  transaction: Executor,
  person: { username: string; passwordHash: string; address: string },
) {
  const { username, passwordHash, address } = person;
  const [row] = await transaction
    .insert(users)
    .values({ username, passwordHash, passwordChangedAt: sql`now()` })
    .onConflictDoNothing()
    .returning({ id: users.id });
  if (!row) return undefined;
  await transaction
    .insert(emails)
    .values({ userId: row.id, address, isPrimary: true, verifiedAt: sql`now()` });
  return row.id;
}

/** Which of these sessions, by their hashes, was this person's, whether it goes on or not: their browser is known. */
export async function findKnownSession(query: Executor, userId: number, hashes: readonly string[]) {
  if (hashes.length === 0) return undefined;
  const [row] = await query
    .select({ hash: authSessions.tokenHash })
    .from(authSessions)
    .where(and(eq(authSessions.userId, userId), inArray(authSessions.tokenHash, [...hashes])))
    .limit(1);
  return row?.hash;
}
