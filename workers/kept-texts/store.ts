// The SQL of texts that a browser left for its next request. Invariant: each statement looks and takes at once.
import { and, eq, gt, lt, sql } from "drizzle-orm";
import { keptTexts } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";

interface KeptRow {
  userId: number;
  keyHash: string;
  sealed: string;
  lifetimeMs: number;
}

const expiry = (lifetimeMs: number) => sql`now() + ${lifetimeMs}::float8 * interval '1 millisecond'`;

/** Keeps a text, in place of what was kept under the same key. */
export async function upsertText(query: Executor, { lifetimeMs, ...row }: KeptRow): Promise<void> {
  const { userId, sealed } = row;
  await query
    .insert(keptTexts)
    .values({ ...row, expiresAt: expiry(lifetimeMs) })
    .onConflictDoUpdate({
      target: keptTexts.keyHash,
      set: { userId, sealed, expiresAt: expiry(lifetimeMs) },
    });
}

/** Claims a key that nobody holds: of two at once, one does. */
export async function claimKey(query: Executor, { lifetimeMs, ...row }: KeptRow): Promise<boolean> {
  const claimed = await query
    .insert(keptTexts)
    .values({ ...row, expiresAt: expiry(lifetimeMs) })
    .onConflictDoUpdate({
      target: keptTexts.keyHash,
      set: { sealed: row.sealed, expiresAt: expiry(lifetimeMs) },
      setWhere: lt(keptTexts.expiresAt, sql`now()`),
    })
    .returning({ id: keptTexts.id });
  return claimed.length === 1;
}

const isLive = (userId: number, keyHash: string) =>
  and(eq(keptTexts.keyHash, keyHash), eq(keptTexts.userId, userId), gt(keptTexts.expiresAt, sql`now()`));

export async function findText(query: Executor, userId: number, keyHash: string) {
  const [row] = await query
    .select({ sealed: keptTexts.sealed })
    .from(keptTexts)
    .where(isLive(userId, keyHash));
  return row?.sealed;
}

export async function takeText(query: Executor, userId: number, keyHash: string) {
  const [row] = await query
    .delete(keptTexts)
    .where(isLive(userId, keyHash))
    .returning({ sealed: keptTexts.sealed });
  return row?.sealed;
}

export async function deleteKey(query: Executor, keyHash: string): Promise<void> {
  await query.delete(keptTexts).where(eq(keptTexts.keyHash, keyHash));
}

export async function deletePast(query: Executor): Promise<void> {
  await query.delete(keptTexts).where(lt(keptTexts.expiresAt, sql`now()`));
}
