// The SQL that makes a person's account.
import { users } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";

type NewPerson = Pick<typeof users.$inferInsert, "username" | "passwordHash" | "passwordChangedAt">;

/** @returns undefined when the name was taken in the meantime. */
export async function insertPerson(transaction: Executor, person: NewPerson) {
  const [row] = await transaction
    .insert(users)
    .values(person)
    .onConflictDoNothing()
    .returning({ id: users.id, username: users.username });
  return row;
}
