// An owner by name, person or organisation, as everybody may see one. A suspended account isn't there.
import { and, eq, isNull, sql } from "drizzle-orm";
import { users } from "../../../schema/tables/auth.ts";
import type { Executor } from "../../core/db.ts";

/** By name or by id. */
export async function findOwner(query: Executor, by: string | { id: number }) {
  const [row] = await query
    .select({
      id: users.id,
      username: users.username,
      kind: sql<"person" | "organization">`${users.kind}`,
      displayName: users.displayName,
      bio: users.bio,
      location: users.location,
      website: users.website,
      isAdmin: users.isAdmin,
      createdAt: users.createdAt,
    })
    .from(users)
    .where(
      and(
        typeof by === "string" ? sql`lower(${users.username}) = lower(${by})` : eq(users.id, by.id),
        isNull(users.suspendedAt),
      ),
    );
  return row;
}
