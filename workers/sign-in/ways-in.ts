// How somebody can sign in. Invariant: the last way in is never removed; whoever removes one locks the account first.
import type { Executor } from "../core/db.ts";
import { findWaysIn, lockAccount } from "./store/ways-in.ts";

interface WaysIn {
  walletCount: number;
  passkeyCount: number;
  /** A verified address: links can be mailed to it. */
  hasEmail: boolean;
  hasPassword: boolean;
}

export async function readWaysIn(query: Executor, userId: number): Promise<WaysIn> {
  const ways = await findWaysIn(query, userId);
  if (!ways) throw new Error("there is no such account");
  return ways;
}

/**
 * How many ways in there are, with the account locked until the transaction ends. Count before you remove one: it has
 * to be more than one. A password is none of its own, since it needs a verified address beside it.
 */
export async function countWaysIn(transaction: Executor, userId: number): Promise<number> {
  await lockAccount(transaction, userId);
  const { walletCount, passkeyCount, hasEmail } = await readWaysIn(transaction, userId);
  return walletCount + passkeyCount + (hasEmail ? 1 : 0);
}
