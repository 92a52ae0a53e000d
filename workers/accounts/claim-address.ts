// Who has an address for certain: nobody else can come to have it before the transaction ends.
import type { Executor } from "../core/db.ts";
import * as store from "./store.ts";

/** Whether an account has verified `address`: told only to who has shown to read its mail. */
export async function isAddressKnown(query: Executor, address: string): Promise<boolean> {
  return (await store.findAddressOwner(query, address)) !== undefined;
}

/** The account that has verified `address`; undefined when none has, and none will while `transaction` is open. */
export async function claimAddress(
  transaction: Executor,
  address: string,
): Promise<{ userId: number } | undefined> {
  await store.lockAddress(transaction, address);
  return store.findAddressOwner(transaction, address);
}
