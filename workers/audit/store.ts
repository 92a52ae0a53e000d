// The SQL of the audit log: rows are added, read and, by their age, ended.
import { sql } from "drizzle-orm";
import { auditEvents } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";

export async function insertEvent(query: Executor, event: typeof auditEvents.$inferInsert): Promise<void> {
  await query.insert(auditEvents).values(event);
}

/** Removes at most `rowsMax` events past their age; the database's trigger refuses it for any younger one. */
export async function deleteOld(query: Executor, rowsMax: number): Promise<void> {
  await query.execute(sql`DELETE FROM ${auditEvents} WHERE id IN (
    SELECT id FROM ${auditEvents} WHERE created_at < now() - interval '400 days 1 hour'
    ORDER BY created_at LIMIT ${rowsMax}::integer)`);
}
