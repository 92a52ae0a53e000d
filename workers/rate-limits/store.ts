// The SQL of rate limits. Invariant: each question is one statement that looks and takes at once, under its row's lock,
// so that however many instances ask together, exactly as many are let in as the rule says.
import { eq, inArray, sql } from "drizzle-orm";
import { z } from "zod";
import { rateLimits } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";
import { queryRows } from "../git/store/query-rows.ts";

/** The answer of the database's function `take_request`. */
const takenSchema = z.object({
  is_allowed: z.boolean(),
  /** How many more would be allowed now. */
  remaining: z.coerce.number().int(),
  /** Until as many are allowed as at first. */
  full_ms: z.coerce.number(),
  /** Until the next one is allowed. */
  wait_ms: z.coerce.number(),
});

export async function take(query: Executor, key: string, requestsMax: number, perMs: number) {
  const [row] = await queryRows(
    query,
    sql`SELECT * FROM take_request(${key}, ${requestsMax}::integer, ${perMs}::bigint)`,
    takenSchema,
  );
  return row;
}

export interface LockRule {
  freeFailures: number;
  lockMsMin: number;
  lockMsMax: number;
  forgottenMs: number;
}

/** Counts one more failure, and locks where there are too many. @returns how long it is locked, 0 for not at all. */
export async function addFailure(query: Executor, key: string, rule: LockRule): Promise<number> {
  const { freeFailures, lockMsMin, lockMsMax, forgottenMs } = rule;
  const count = sql`CASE WHEN known.arrival_at < now() THEN 1 ELSE least(known.failures + 1, 1000) END`;
  const lockMs = (failures: ReturnType<typeof sql>) => sql`CASE WHEN ${failures} > ${freeFailures}::integer
    THEN now() + least(${lockMsMax}::float8, ${lockMsMin}::float8 * 2 ^ least(${failures} - ${freeFailures}::integer - 1, 40))
      * interval '1 millisecond' END`;
  const forgottenAt = sql`now() + ${forgottenMs}::float8 * interval '1 millisecond'`;
  const [row] = await queryRows(
    query,
    sql`INSERT INTO rate_limits AS known (key, arrival_at, failures, locked_until)
      VALUES (${key}, ${forgottenAt}, 1, ${lockMs(sql`1`)})
      ON CONFLICT (key) DO UPDATE
      SET arrival_at = excluded.arrival_at, failures = ${count}, locked_until = ${lockMs(count)}
      RETURNING greatest(0, coalesce(extract(epoch FROM locked_until - now()) * 1000, 0)) AS locked_ms`,
    z.object({ locked_ms: z.coerce.number() }),
  );
  return row?.locked_ms ?? 0;
}

/** How long the longest lock of these keys lasts yet, in ms; 0 for none. */
export async function findLock(query: Executor, keys: readonly string[]): Promise<number> {
  const [row] = await query
    .select({
      lockedMs: sql`coalesce(max(extract(epoch FROM ${rateLimits.lockedUntil} - now()) * 1000), 0)`.mapWith(
        Number,
      ),
    })
    .from(rateLimits)
    .where(inArray(rateLimits.key, [...keys]));
  return Math.max(0, row?.lockedMs ?? 0);
}

export async function remove(query: Executor, key: string): Promise<void> {
  await query.delete(rateLimits).where(eq(rateLimits.key, key));
}

export async function giveBack(query: Executor, key: string, stepMs: number): Promise<void> {
  await query
    .update(rateLimits)
    .set({ arrivalAt: sql`${rateLimits.arrivalAt} - ${stepMs}::float8 * interval '1 millisecond'` })
    .where(eq(rateLimits.key, key));
}

/** How long until as many are allowed as at first; 0 when they are. */
export async function findFullMs(query: Executor, key: string): Promise<number> {
  const [row] = await query
    .select({ fullMs: sql`extract(epoch FROM ${rateLimits.arrivalAt} - now()) * 1000`.mapWith(Number) })
    .from(rateLimits)
    .where(eq(rateLimits.key, key));
  return Math.max(0, row?.fullMs ?? 0);
}

/** Removes at most `rowsMax` rows that say nothing any more. */
export async function deletePast(query: Executor, rowsMax: number): Promise<void> {
  await query.execute(sql`DELETE FROM ${rateLimits} WHERE ctid IN (
    SELECT ctid FROM ${rateLimits} WHERE arrival_at < now() LIMIT ${rowsMax}::integer FOR UPDATE SKIP LOCKED)`);
}
