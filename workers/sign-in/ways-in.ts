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
 * Whether nothing but one-time links lets its owner in, as with the first admin. Then nothing could prove who they are but
 * the session they have, so that a first way in is set up without a proof; all else waits until there is one.
 */
export async function hasNoWayIn(query: Executor, userId: number): Promise<boolean> {
  const { walletCount, passkeyCount, hasEmail, hasPassword } = await readWaysIn(query, userId);
  return walletCount + passkeyCount === 0 && !hasEmail && !hasPassword;
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
