// The SQL of passkeys. Invariant: a counter never goes back, of any number of answers at once.
import { and, asc, eq, lt, or, sql } from "drizzle-orm";
import { passkeys, users } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";

/** A passkey with whoever it is of. */
export async function findPasskey(query: Executor, credentialId: string) {
  const [row] = await query
    .select({
      passkeyId: passkeys.id,
      publicKey: passkeys.publicKey,
      counter: passkeys.counter,
      isBackupEligible: passkeys.isBackupEligible,
      id: users.id,
      username: users.username,
      suspendedAt: users.suspendedAt,
    })
    .from(passkeys)
    .innerJoin(users, eq(users.id, passkeys.userId))
    .where(eq(passkeys.credentialId, credentialId));
  return row;
}

export async function listPasskeys(query: Executor, userId: number) {
  return query
    .select({
      id: passkeys.id,
      name: passkeys.name,
      credentialId: passkeys.credentialId,
      transports: passkeys.transports,
      isBackedUp: passkeys.isBackedUp,
      lastUsedAt: passkeys.lastUsedAt,
      createdAt: passkeys.createdAt,
    })
    .from(passkeys)
    .where(eq(passkeys.userId, userId))
    .orderBy(asc(passkeys.id));
}

/** @returns undefined when that credential is somebody's already. */
export async function insertPasskey(transaction: Executor, passkey: typeof passkeys.$inferInsert) {
  const [row] = await transaction
    .insert(passkeys)
    .values(passkey)
    .onConflictDoNothing({ target: passkeys.credentialId })
    .returning({ id: passkeys.id });
  return row;
}

/** Keeps what an answer said. @returns false when the counter went back meanwhile; 0 means that there is none. */
export async function usePasskey(
  transaction: Executor,
  passkeyId: number,
  answer: { counter: number; isBackedUp: boolean },
): Promise<boolean> {
  const { counter, isBackedUp } = answer;
  const isForward = or(lt(passkeys.counter, counter), sql`${passkeys.counter} = 0 AND ${counter} = 0`);
  const used = await transaction
    .update(passkeys)
    .set({ counter, isBackedUp, lastUsedAt: sql`now()` })
    .where(and(eq(passkeys.id, passkeyId), isForward))
    .returning({ id: passkeys.id });
  return used.length > 0;
}

export async function renamePasskey(transaction: Executor, userId: number, passkeyId: number, name: string) {
  const [row] = await transaction
    .update(passkeys)
    .set({ name })
    .where(and(eq(passkeys.id, passkeyId), eq(passkeys.userId, userId)))
    .returning({ id: passkeys.id });
  return row;
}

export async function deletePasskey(transaction: Executor, userId: number, passkeyId: number) {
  const [row] = await transaction
    .delete(passkeys)
    .where(and(eq(passkeys.id, passkeyId), eq(passkeys.userId, userId)))
    .returning({ name: passkeys.name });
  return row;
}
