// Who administers the site. For everybody else there is nothing here.
import { requirePermission } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { Actor, UserActor } from "../core/actor.ts";

/** @throws ForgeError `not_found` for whoever isn't an admin of the site. */
export function requireSiteAdmin(actor: Actor): UserActor {
  const user = requireUser(actor);
  requirePermission(user, "site.administer", { site: true });
  return user;
}
