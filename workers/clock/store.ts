// The SQL of the clock: when each part of its work was last done.
import { sql } from "drizzle-orm";
import { clockParts } from "../../schema/tables/events.ts";
import type { Executor } from "../core/db.ts";

export async function noteSuccess(query: Executor, name: string): Promise<void> {
  await query
    .insert(clockParts)
    .values({ name, succeededAt: sql`now()` })
    .onConflictDoUpdate({ target: clockParts.name, set: { succeededAt: sql`now()`, problem: "" } });
}

export async function noteFailure(query: Executor, name: string, problem: string): Promise<void> {
  await query
    .insert(clockParts)
    .values({ name, failedAt: sql`now()`, problem })
    .onConflictDoUpdate({ target: clockParts.name, set: { failedAt: sql`now()`, problem } });
}

export async function listParts(query: Executor) {
  return query.select().from(clockParts);
}
