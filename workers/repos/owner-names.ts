// Whether a name for a person or an organisation is free. Invariant: one space of names for both, without case, and
// none that looks like another's.
import { and, eq, ne, or, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import { repositoryRedirects } from "../../schema/tables/git.ts";
import type { Executor } from "../core/db.ts";
import { toSkeleton } from "./names.ts";

// As `toSkeleton`, and as the index `users_skeleton`.
const skeletonOf = sql`translate(replace(replace(replace(lower(${users.username}), '-', ''), 'rn', 'm'), 'vv', 'w'), '01i', 'oll')`;

/**
 * Who has `name`, or a name that looks like it: `taken` by an account or by the redirects of one that was renamed,
 * `similar` to an account's; undefined when it is free. Of two who take it at once, the unique index stops one.
 * @param exceptId the account that is being renamed
 */
export async function findTakenName(
  query: Executor,
  name: string,
  exceptId = 0,
): Promise<"taken" | "similar" | undefined> {
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
  return redirect === undefined ? undefined : "taken";
}
