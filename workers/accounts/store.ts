// The SQL of accounts: what a person keeps about themselves.
import { eq, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";

type AccountChanges = Partial<Pick<typeof users.$inferInsert, "appearance">>;

export async function updateAccount(query: Executor, userId: number, changes: AccountChanges): Promise<void> {
  await query
    .update(users)
    .set({ ...changes, updatedAt: sql`now()` })
    .where(eq(users.id, userId));
}
