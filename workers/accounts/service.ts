// A person's own account as they keep it: what others read of them, and how the site looks to them.
import type { Appearance } from "../../schema/appearance.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import * as store from "./store.ts";

/** Keeps how the site looks to the actor, wherever they are signed in. */
export async function setAppearance(
  database: Database,
  actor: UserActor,
  appearance: Appearance,
): Promise<void> {
  requirePermission(actor, "account.write", { accountId: actor.userId });
  await store.updateAccount(database.query, actor.userId, { appearance });
}
