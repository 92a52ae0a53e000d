// The SQL of the audit log: rows are added, read and, by their age, ended.
import { auditEvents } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";

export async function insertEvent(query: Executor, event: typeof auditEvents.$inferInsert): Promise<void> {
  await query.insert(auditEvents).values(event);
}
