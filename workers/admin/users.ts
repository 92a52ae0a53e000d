// Accounts as the site's admins see them. Invariant: nobody suspends themselves, and what a suspension ends is looked up
// anew with every request, so it holds at once.
import { asc, eq, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { Actor, UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";

/** @throws ForgeError `not_found` for whoever isn't an admin of the site. */
export function requireSiteAdmin(actor: Actor): UserActor {
  const user = requireUser(actor);
  requirePermission(user, "site.administer", { site: true });
  return user;
}

/** People whose name begins with `prefix`, by name. */
export async function listPeople(database: Database, actor: Actor, prefix: string, page: PageRequest) {
  requireSiteAdmin(actor);
  const isWanted = sql`${users.kind} = 'person' AND starts_with(lower(${users.username}), lower(${prefix}))`;
  const { id, username, isAdmin, suspendedAt, createdAt } = users;
  const people = await database.query
    .select({ id, username, isAdmin, suspendedAt, createdAt })
    .from(users)
    .where(isWanted)
    .orderBy(asc(sql`lower(${username})`))
    .offset(page.offset)
    .limit(page.limit);
  const [row] = await database.query
    .select({ total: sql<number>`count(*)::int` })
    .from(users)
    .where(isWanted);
  return { people, total: row?.total ?? 0 };
}

/** Shuts an account out, or lets it in again. @throws ForgeError `not_found`, `conflict` for one's own. */
export async function setSuspended(
  database: Database,
  actor: Actor,
  origin: Origin,
  id: number,
  isSuspended: boolean,
): Promise<void> {
  const admin = requireSiteAdmin(actor);
  if (admin.userId === id) throw new ForgeError("conflict", "You can't suspend yourself.");
  await database.transaction(async (transaction) => {
    const [person] = await transaction
      .update(users)
      .set({ suspendedAt: isSuspended ? sql`coalesce(suspended_at, now())` : null, updatedAt: sql`now()` })
      .where(sql`${eq(users.id, id)} AND ${users.kind} = 'person'`)
      .returning({ username: users.username });
    if (!person) throw notFound();
    await recordAudit(transaction, admin, origin, {
      action: isSuspended ? "user.suspend" : "user.unsuspend",
      ownerId: id,
      target: { kind: "user", id, name: person.username },
    });
  });
}
