// What has been mailed, for tests on workerd: the mails that wait for an address, written but sent to nobody.
import { env } from "cloudflare:test";
import { asc, eq } from "drizzle-orm";
import { mails } from "../../schema/tables/mail.ts";
import { randomBase62 } from "../../schema/token.ts";
import type { Mail } from "../../schema/wire/mail.ts";
import { parseEnv } from "../core/env.ts";
import { createLog } from "../core/log.ts";
import { readyMail } from "../mail/consume-queue.ts";
import { database } from "./fixtures.ts";

/** An address of nobody else's. */
export const newAddress = (): string => `${randomBase62(10).toLowerCase()}@example.com`;

/** All mails to `address` that wait, oldest first. Orders are carried out as the queue would. */
export async function readMails(address: string): Promise<Mail[]> {
  const services = { env: parseEnv(env), database, log: createLog({}) };
  const rows = await database.query
    .select({ id: mails.id })
    .from(mails)
    .where(eq(mails.state, "queued"))
    .orderBy(asc(mails.id));
  const found: Mail[] = [];
  for (const { id } of rows) {
    if (!written.has(id)) {
      const ready = await readyMail(services, id);
      written.set(id, ready.state === "ready" ? ready.mail : null);
    }
    const mail = written.get(id);
    if (mail?.to === address) found.push(mail);
  }
  return found;
}

/** What was written already, by its row; null for what nobody is to get. */
const written = new Map<number, Mail | null>();

/** The path of the link in the newest mail to `address` whose subject matches. @throws Error when there is none. */
export async function readLink(address: string, subject: RegExp): Promise<string> {
  const mail = (await readMails(address)).findLast((one) => subject.test(one.subject));
  const link = /http:\/\/plue\.test(\/\S+\/[0-9A-Za-z]{43})/.exec(mail?.text ?? "")?.[1];
  if (link === undefined) throw new Error(`no link in ${mail?.text}`);
  return link;
}
