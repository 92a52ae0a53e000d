// Whether a name for a person or an organisation is free. Invariant: one space of names for both, without case, and
// none that looks like another's.
import { and, eq, gt, lte, ne, or, sql } from "drizzle-orm";
import { reservedNames, users } from "../../schema/tables/auth.ts";
import { repositoryRedirects } from "../../schema/tables/git.ts";
import type { Database, Executor } from "../core/db.ts";
import { NAME_RESERVED_MS } from "../core/limits.ts";
import { toSkeleton } from "./names.ts";

// Any number will do, as long as nothing else locks by it.
const NAME_LOCKS = 4022;

// As `toSkeleton`, and as the index `users_skeleton`.
const skeletonOf = sql`translate(replace(replace(replace(lower(${users.username}), '-', ''), 'rn', 'm'), 'vv', 'w'), '01i', 'oll')`;

/**
 * Who has `name`, or a name that looks like it: `taken` by an account, by the redirects of one that was renamed, or kept
 * since one was deleted, `similar` to an account's; undefined when it is free. Within a transaction it stays so until that ends: whoever asks for
 * the same or a similar name meanwhile waits, and is told then.
 * @param exceptId the account that is being renamed
 */
export async function findTakenName(
  query: Executor,
  name: string,
  exceptId = 0,
): Promise<"taken" | "similar" | undefined> {
  await query.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${toSkeleton(name)}, ${NAME_LOCKS}))`,
  );
  const isSame = sql`lower(${users.username}) = lower(${name})`;
  const rows = await query
    .select({ isSame: sql<boolean>`${isSame}` })
    .from(users)
    .where(and(ne(users.id, exceptId), or(isSame, eq(skeletonOf, toSkeleton(name)))))
    .limit(2);
  if (rows.some((row) => row.isSame)) return "taken";
  if (rows.length > 0) return "similar";
  const [redirect] = await query
    .select({ id: repositoryRedirects.id })
    .from(repositoryRedirects)
    .where(
      and(
        sql`lower(${repositoryRedirects.owner}) = lower(${name})`,
        sql`${repositoryRedirects.repositoryId} NOT IN (SELECT id FROM repositories WHERE owner_id = ${exceptId})`,
      ),
    )
    .limit(1);
  if (redirect !== undefined) return "taken";
  const [reserved] = await query
    .select({ id: reservedNames.id })
    .from(reservedNames)
    .where(and(sql`lower(${reservedNames.name}) = lower(${name})`, gt(reservedNames.expiresAt, sql`now()`)));
  return reserved === undefined ? undefined : "taken";
}

/**
 * Keeps names of accounts that are being deleted from everybody for a time: whoever got one would be taken for who had
 * it, and be sent what is still pushed there.
 */
export async function reserveNames(transaction: Executor, names: readonly string[]): Promise<void> {
  const expiresAt = new Date(Date.now() + NAME_RESERVED_MS);
  for (const name of names) {
    await transaction.execute(sql`
      INSERT INTO reserved_names (name, expires_at) VALUES (${name}, ${expiresAt.toISOString()}::timestamptz)
      ON CONFLICT (lower(name)) DO UPDATE SET name = excluded.name, expires_at = excluded.expires_at`);
  }
}

/** Gives names back whose time is over; called by the clock. */
export async function sweepReservedNames({ query }: Pick<Database, "query">): Promise<void> {
  await query.delete(reservedNames).where(lte(reservedNames.expiresAt, sql`now()`));
}
