// The SQL of the audit log: rows are added, read and, by their age, ended.
import { sql } from "drizzle-orm";
import { auditEvents } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";

export async function insertEvent(query: Executor, event: typeof auditEvents.$inferInsert): Promise<void> {
  await query.insert(auditEvents).values(event);
}

/** Removes at most `rowsMax` events past their age, by the one function of the database that may. */
export async function deleteOld(query: Executor, rowsMax: number): Promise<void> {
  await query.execute(sql`SELECT end_old_audit_events(${rowsMax}::integer)`);
}
