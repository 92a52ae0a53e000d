// The one way for the Worker to mail: an order is written in the transaction of what causes it, and the queue does the
// rest. Invariant: what was ordered in a transaction that was rolled back is never mailed, and all else is until it is
// delivered, refused or of no use any more.
import { writeEvents } from "../../schema/write-events.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { EMAIL_SIGN_IN_LIFETIME_MS, MAILS_PER_SWEEP_MAX, NEWS_LIFETIME_MS } from "../core/limits.ts";
import { readMailRoute } from "./can-mail.ts";
import type { MailOrder } from "./order.ts";
import { seal } from "./seal.ts";
import * as store from "./store.ts";

/** Orders a mail within `transaction`. Whoever calls this drains the outbox after the commit, or leaves it to the clock. */
export async function orderMail(
  env: Pick<Env, "gatewaySecret">,
  transaction: Executor,
  order: MailOrder,
): Promise<void> {
  const sealed = await seal(env.gatewaySecret, JSON.stringify(order));
  // What was asked for in order to sign in is of no use to who asked much later.
  const lifetimeMs = order.kind === "sign-in" ? EMAIL_SIGN_IN_LIFETIME_MS : NEWS_LIFETIME_MS;
  const mailId = await store.insertMail(transaction, sealed, new Date(Date.now() + lifetimeMs));
  await writeEvents(transaction, [{ topic: "mail.queued", repositoryId: null, payload: { mailId } }]);
}

/** Called by the clock: sends lost messages again, removes what is over, and says in the log where nothing can be sent. */
export async function sweepMail(env: Env, database: Database): Promise<void> {
  await readMailRoute(env);
  const overdue = await store.listOverdue(database.query, MAILS_PER_SWEEP_MAX);
  if (overdue.length > 0) {
    await env.deliveriesQueue.sendBatch(overdue.map((mailId) => ({ body: { kind: "mail", mailId } })));
  }
  await store.deleteOldMail(database.query);
}
