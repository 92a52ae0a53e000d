// The SQL that makes an account without a password or an address.
import { users } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";

/** @returns undefined when the name was taken in the meantime. */
export async function insertPerson(transaction: Executor, username: string) {
  const [row] = await transaction
    .insert(users)
    .values({ username })
    .onConflictDoNothing()
    .returning({ id: users.id, username: users.username });
  return row;
}
