// The consumer of the `deliveries` queue. Invariant: a message is only a hint; a mail is worked at by one at a time, as
// its row says, and is tried until somebody has taken it or it is given up.
import { deliveriesMessageSchema, type Mail, type MailEnd, mailSchema } from "../../schema/wire/mail.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { MAIL_ATTEMPTS_MAX, NEWS_LIFETIME_MS } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { deliverMail } from "./deliver.ts";
import { mailOrderSchema } from "./order.ts";
import { prepareMail } from "./prepare.ts";
import { seal, unseal } from "./seal.ts";
import * as store from "./store.ts";

interface MailServices {
  env: Env;
  database: Database;
  log: Log;
  /** Who delivers; the provider or the gateway unless a test says otherwise. */
  deliver?: (mail: Mail) => Promise<MailEnd>;
}

export async function consumeDeliveries(services: MailServices, batch: MessageBatch<unknown>): Promise<void> {
  const { log } = services;
  for (const message of batch.messages) {
    const parsed = deliveriesMessageSchema.safeParse(message.body);
    if (!parsed.success) {
      log.error("a message of the deliveries queue has no known shape", parsed.error, { id: message.id });
      message.ack();
      continue;
    }
    const againAt = await sendMail(services, parsed.data.mailId);
    if (againAt === undefined) message.ack();
    else message.retry({ delaySeconds: Math.max(1, Math.ceil((againAt.getTime() - Date.now()) / 1000)) });
  }
}

/**
 * Makes one attempt at a mail that is due.
 * @returns when the next one is due; undefined when there is none, or somebody else is at it.
 */
export async function sendMail(services: MailServices, id: number): Promise<Date | undefined> {
  const { env, database, log } = services;
  const row = await store.takeUpMail(database.query, id);
  if (!row) return undefined;
  if (row.expiresAt.getTime() <= Date.now()) return giveUp(services, id, "it was not sent in time");
  const mail = await readyMail(services, id);
  if (mail.state === "needless") {
    await store.endMail(database.query, id, "needless");
    return undefined;
  }
  if (mail.state === "broken") return giveUp(services, id, mail.problem);
  try {
    const deliver = services.deliver ?? ((ready: Mail) => deliverMail(env, ready));
    const end = await deliver(mail.mail);
    if (end.end === "refused") return giveUp(services, id, end.problem, true);
    await store.endMail(database.query, id, "sent");
    log.info("a mail was sent", { mailId: id, attempts: row.attempts });
    return undefined;
  } catch (error) {
    log.error("a mail was not sent", error, { mailId: id, attempts: row.attempts });
    const problem = error instanceof Error ? error.message : String(error);
    if (row.attempts >= MAIL_ATTEMPTS_MAX) return giveUp(services, id, problem, true);
    await store.noteProblem(database.query, id, problem);
    return row.nextAttemptAt;
  }
}

async function giveUp(
  { database, log }: MailServices,
  id: number,
  problem: string,
  keepsText = false,
): Promise<undefined> {
  await store.endMail(database.query, id, "failed", problem, keepsText);
  log.warn("a mail was given up", { mailId: id, problem });
}

type Ready = { state: "ready"; mail: Mail } | { state: "needless" } | { state: "broken"; problem: string };

/**
 * The mail of a row, written now if it was only ordered: an order is carried out once, and what was written is kept, so
 * that a second attempt sends the same link.
 */
export async function readyMail({ env, database }: MailServices, id: number): Promise<Ready> {
  return database.transaction(async (transaction): Promise<Ready> => {
    const row = await store.lockMail(transaction, id);
    if (!row || row.sealed === null) return { state: "needless" };
    const text = await unseal(env.gatewaySecret, row.sealed);
    if (text === undefined) return { state: "broken", problem: "it was sealed under another secret" };
    const order = mailOrderSchema.parse(JSON.parse(text));
    const prepared = await prepareMail(transaction, env.publicUrl, order);
    if (!prepared) return { state: "needless" };
    const { message } = prepared;
    if (order.kind !== "message") {
      const sealed = await seal(env.gatewaySecret, JSON.stringify(message));
      const expiresAt = prepared.expiresAt ?? new Date(Date.now() + NEWS_LIFETIME_MS);
      await store.replaceSealed(transaction, id, sealed, expiresAt);
    }
    return { state: "ready", mail: mailSchema.parse({ id, ...message }) };
  });
}
