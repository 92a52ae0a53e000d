// Whether somebody may make organisations, as the site is set at the moment.
import { can, requirePermission, type Verdict } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import { readSettings } from "../site-settings/service.ts";

/** The verdict on making one, for pages that offer it. */
export async function judgeOrganizationCreation(query: Executor, actor: UserActor): Promise<Verdict> {
  const { organizationCreation } = await readSettings(query);
  const onlyAdminsOrganize = organizationCreation === "admins";
  return can(actor, "account.create-organization", { accountId: actor.userId, onlyAdminsOrganize });
}

/** @throws ForgeError `forbidden` with the reason */
export async function requireOrganizationCreation(query: Executor, actor: UserActor): Promise<void> {
  const { organizationCreation } = await readSettings(query);
  const onlyAdminsOrganize = organizationCreation === "admins";
  requirePermission(actor, "account.create-organization", { accountId: actor.userId, onlyAdminsOrganize });
}
