// The SQL that counts how somebody can sign in.
import { eq, sql } from "drizzle-orm";
import { users } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";

/** Locks the account until the transaction's end, so that nobody else removes a way in meanwhile. */
export async function lockAccount(transaction: Executor, userId: number): Promise<void> {
  await transaction.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("update");
}

/** How many wallets and passkeys somebody has, and whether a verified address to mail links to. */
export async function findWaysIn(query: Executor, userId: number) {
  const [row] = await query
    .select({
      walletCount: sql<number>`(SELECT count(*)::int FROM wallets WHERE user_id = ${userId})`,
      passkeyCount: sql<number>`(SELECT count(*)::int FROM passkeys WHERE user_id = ${userId})`,
      hasEmail: sql<boolean>`EXISTS (SELECT FROM emails WHERE user_id = ${userId} AND verified_at IS NOT NULL)`,
      hasPassword: sql<boolean>`${users.passwordHash} IS NOT NULL`,
    })
    .from(users)
    .where(eq(users.id, userId));
  return row;
}
