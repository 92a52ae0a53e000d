// The SQL of wallets. Invariant: an address, in lowercase, belongs to one account.
import { and, asc, eq, sql } from "drizzle-orm";
import { users, wallets } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";

/** Who has this wallet. */
export async function findWalletOwner(query: Executor, address: string) {
  const [row] = await query
    .select({
      walletId: wallets.id,
      id: users.id,
      username: users.username,
      suspendedAt: users.suspendedAt,
    })
    .from(wallets)
    .innerJoin(users, eq(users.id, wallets.userId))
    .where(eq(wallets.address, address));
  return row;
}

/** @returns undefined when somebody has it already. */
export async function insertWallet(
  transaction: Executor,
  wallet: { userId: number; address: string; name: string },
) {
  const [row] = await transaction
    .insert(wallets)
    .values(wallet)
    .onConflictDoNothing({ target: wallets.address })
    .returning({ id: wallets.id });
  return row;
}

export async function touchWallet(query: Executor, walletId: number): Promise<void> {
  await query.update(wallets).set({ lastUsedAt: sql`now()` }).where(eq(wallets.id, walletId));
}

export async function listWallets(query: Executor, userId: number) {
  return query
    .select({
      id: wallets.id,
      address: wallets.address,
      name: wallets.name,
      lastUsedAt: wallets.lastUsedAt,
      createdAt: wallets.createdAt,
    })
    .from(wallets)
    .where(eq(wallets.userId, userId))
    .orderBy(asc(wallets.id));
}

export async function renameWallet(transaction: Executor, userId: number, walletId: number, name: string) {
  const [row] = await transaction
    .update(wallets)
    .set({ name })
    .where(and(eq(wallets.id, walletId), eq(wallets.userId, userId)))
    .returning({ address: wallets.address });
  return row;
}

export async function deleteWallet(transaction: Executor, userId: number, walletId: number) {
  const [row] = await transaction
    .delete(wallets)
    .where(and(eq(wallets.id, walletId), eq(wallets.userId, userId)))
    .returning({ address: wallets.address });
  return row;
}
