// Mail for the site's admins: what waits and what failed, tried again or let go. Invariant: neither what a mail says nor whom
// it is for is shown; that lies sealed.
import { writeEvents } from "../../schema/write-events.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { Actor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { notFound } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import * as store from "./store/administration.ts";

interface AdminServices {
  database: Database;
  actor: Actor;
  origin: Origin;
}

const SITE = { site: true } as const;

/** One page of the mails that wait or were given up, and how many there are. */
export async function listMailsAsAdmin(
  { database, actor }: Pick<AdminServices, "database" | "actor">,
  kind: store.MailKind,
  page: PageRequest,
) {
  requirePermission(requireUser(actor), "site.administer", SITE);
  return {
    mails: await store.listMails(database.query, kind, page),
    total: await store.countMails(database.query, kind),
  };
}

/**
 * Has a mail tried again now, one that was given up too while it is of use. Whoever calls this drains the outbox.
 * @throws ForgeError `not_found` for one that is over
 */
export async function retryMail({ database, actor, origin }: AdminServices, id: number): Promise<void> {
  const admin = requireUser(actor);
  requirePermission(admin, "site.administer", SITE);
  await database.transaction(async (transaction) => {
    if (!(await store.makeDue(transaction, id))) throw notFound();
    await writeEvents(transaction, [{ topic: "mail.queued", repositoryId: null, payload: { mailId: id } }]);
    await recordAudit(transaction, admin, origin, { action: "site.mail-retry", target: describe(id) });
  });
}

/** Lets a mail go for good. @throws ForgeError `not_found` for one that is over */
export async function dropMail({ database, actor, origin }: AdminServices, id: number): Promise<void> {
  const admin = requireUser(actor);
  requirePermission(admin, "site.administer", SITE);
  await database.transaction(async (transaction) => {
    if (!(await store.dropMail(transaction, id))) throw notFound();
    await recordAudit(transaction, admin, origin, { action: "site.mail-drop", target: describe(id) });
  });
}

const describe = (id: number) => ({ kind: "mail", id, name: "" });
