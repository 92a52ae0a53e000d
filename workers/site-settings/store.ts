// The SQL of the site's settings: one row for each that was ever set.
import { inArray, sql } from "drizzle-orm";
import { siteSettings } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";

type Row = Pick<typeof siteSettings.$inferSelect, "name" | "value">;

export async function listSettings(query: Executor): Promise<Row[]> {
  return query.select({ name: siteSettings.name, value: siteSettings.value }).from(siteSettings);
}

/** Holds these settings until the transaction ends, so that what they were is what is replaced. */
export async function lockSettings(transaction: Executor, rows: readonly Row[]): Promise<void> {
  await transaction
    .insert(siteSettings)
    .values([...rows])
    .onConflictDoNothing();
  const names = rows.map(({ name }) => name);
  await transaction
    .select({ name: siteSettings.name })
    .from(siteSettings)
    .where(inArray(siteSettings.name, names))
    .orderBy(siteSettings.name)
    .for("update");
}

export async function updateSettings(transaction: Executor, rows: readonly Row[]): Promise<void> {
  await transaction
    .insert(siteSettings)
    .values([...rows])
    .onConflictDoUpdate({
      target: siteSettings.name,
      set: { value: sql`excluded.value`, updatedAt: sql`now()` },
    });
}
