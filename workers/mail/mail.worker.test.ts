// Mail on its way: sealed while it waits, tried again until somebody has taken it, given up when it never will be, and
// never lost or written twice.
import { env } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { emailTokens } from "../../schema/tables/auth.ts";
import { outbox } from "../../schema/tables/events.ts";
import { mails } from "../../schema/tables/mail.ts";
import type { Mail, MailEnd } from "../../schema/wire/mail.ts";
import { parseEnv } from "../core/env.ts";
import { MAIL_ATTEMPTS_MAX } from "../core/limits.ts";
import { createLog } from "../core/log.ts";
import { drainOutbox } from "../core/outbox.ts";
import { database } from "../testing/fixtures.ts";
import { newAddress } from "../testing/mail.ts";
import { makeMailAccount } from "../testing/mail-account.ts";
import { sendMail } from "./consume-queue.ts";
import type { MailOrder } from "./order.ts";
import { seal, unseal } from "./seal.ts";
import { orderMail, sweepMail } from "./service.ts";

const parsed = parseEnv(env);

/** A mail that nobody but this test works at: no event tells of it. */
async function order(wanted: MailOrder): Promise<number> {
  return database.transaction(async (transaction) => {
    await orderMail(parsed, transaction, wanted);
    const [event] = await transaction
      .delete(outbox)
      .where(sql`${outbox.id} = (SELECT max(id) FROM outbox WHERE topic = 'mail.queued')`)
      .returning({ payload: outbox.payload });
    return Number(event?.payload.mailId);
  });
}

const message = (): MailOrder => ({ kind: "message", to: newAddress(), subject: "Hello", text: "Hello.\n" });

async function readRow(id: number) {
  const [row] = await database.query.select().from(mails).where(eq(mails.id, id));
  if (!row) throw new Error("no row");
  return row;
}

const makeDue = (id: number) =>
  database.query.update(mails).set({ nextAttemptAt: sql`now()` }).where(eq(mails.id, id));

/** Services whose deliverer does as it is told and keeps what it was given. */
function deliverBy(end: () => MailEnd | Promise<MailEnd>) {
  const given: Mail[] = [];
  const deliver = async (mail: Mail) => {
    given.push(mail);
    return end();
  };
  return { given, services: { env: parsed, database, log: createLog({}), deliver } };
}

const SENT: MailEnd = { end: "sent" };
const fail = (): never => {
  throw new Error("nobody is there");
};

describe("a mail that waits", () => {
  it("lies sealed, and is gone from its row once it was sent", async () => {
    const wanted = message();
    const id = await order(wanted);
    const { sealed } = await readRow(id);
    expect(sealed).toMatch(/^v1\./);
    expect(sealed).not.toContain("Hello");
    const { given, services } = deliverBy(() => SENT);
    expect(await sendMail(services, id)).toBeUndefined();
    expect(given).toMatchObject([{ id, subject: "Hello" }]);
    expect(await readRow(id)).toMatchObject({ state: "sent", sealed: null, attempts: 1 });
    expect(await sendMail(services, id)).toBeUndefined();
    expect(given).toHaveLength(1);
  });

  it("isn't there when the transaction that ordered it is rolled back", async () => {
    const count = async () => (await database.query.select({ id: mails.id }).from(mails)).length;
    const before = await count();
    const failing = database.transaction(async (transaction) => {
      await orderMail(parsed, transaction, message());
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await count()).toBe(before);
  });

  it("is told to the queue by the outbox, and again by the clock when the message was lost", async () => {
    const sent: unknown[] = [];
    const deliveriesQueue: typeof parsed.deliveriesQueue = {
      ...parsed.deliveriesQueue,
      sendBatch: async (messages) => {
        for (const { body } of messages) sent.push(body);
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      },
    };
    const watched = { ...parsed, deliveriesQueue };
    const order = () =>
      database.transaction(async (transaction) => {
        await orderMail(parsed, transaction, message());
        const isNew = sql`${mails}.xmin = pg_current_xact_id()::xid`;
        const [ordered] = await transaction.select({ id: mails.id }).from(mails).where(isNew);
        return { kind: "mail", mailId: ordered?.id ?? 0 };
      });
    let hint = await order();
    // The outbox is everybody's: what other tests drain meanwhile may be this mail.
    const isTold = async () => {
      await drainOutbox({ env: watched, database, log: createLog({}) });
      const told = sent.some((body) => JSON.stringify(body) === JSON.stringify(hint));
      if (!told) hint = await order();
      return told;
    };
    await expect.poll(isTold, { timeout: 20_000 }).toBe(true);
    sent.length = 0;
    await sweepMail(watched, database);
    expect(sent).not.toContainEqual(hint);
    await database.query
      .update(mails)
      .set({ nextAttemptAt: sql`now() - interval '1 year'` })
      .where(eq(mails.id, hint.mailId));
    await sweepMail(watched, database);
    expect(sent).toContainEqual(hint);
  });

  it("opens under its own secret alone, and only whole", async () => {
    const sealed = await seal(parsed.gatewaySecret, "a link");
    expect(await unseal(parsed.gatewaySecret, sealed)).toBe("a link");
    expect(await unseal("another secret, as long as the real one", sealed)).toBeUndefined();
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith("A") ? "BB" : "AA"}`;
    for (const broken of [changed, sealed.slice(0, -4), "", "v1..", `v2${sealed.slice(2)}`]) {
      expect(await unseal(parsed.gatewaySecret, broken)).toBeUndefined();
    }
    const id = await order(message());
    await database.query.update(mails).set({ sealed: changed }).where(eq(mails.id, id));
    const { given, services } = deliverBy(() => SENT);
    await sendMail(services, id);
    expect(given).toEqual([]);
    expect(await readRow(id)).toMatchObject({ state: "failed", sealed: null });
  });
});

describe("an attempt", () => {
  it("that fails is made again later and later, with the same link, and the last one gives up", async () => {
    const account = await makeMailAccount();
    const id = await order({ kind: "reset", login: account.username });
    const { given, services } = deliverBy(fail);
    const waitsMs: number[] = [];
    for (let attempt = 1; attempt < MAIL_ATTEMPTS_MAX; attempt++) {
      const againAt = await sendMail(services, id);
      waitsMs.push(Math.round(((againAt?.getTime() ?? 0) - Date.now()) / 5_000) * 5_000);
      expect(await sendMail(services, id)).toBeUndefined();
      await makeDue(id);
    }
    expect(waitsMs.slice(0, 4)).toEqual([15_000, 30_000, 60_000, 120_000]);
    expect(Math.max(...waitsMs)).toBeLessThanOrEqual(60 * 60_000);
    expect(await readRow(id)).toMatchObject({ state: "queued", problem: "nobody is there" });
    expect(await sendMail(services, id)).toBeUndefined();
    expect(await readRow(id)).toMatchObject({ state: "failed", attempts: MAIL_ATTEMPTS_MAX });
    expect(given).toHaveLength(MAIL_ATTEMPTS_MAX);
    expect(new Set(given.map(({ text }) => text)).size).toBe(1);
    const links = await database.query.select().from(emailTokens).where(eq(emailTokens.userId, account.id));
    expect(links).toHaveLength(1);
  });

  it("is made by one of those who come at once", async () => {
    const id = await order(message());
    const { given, services } = deliverBy(() => SENT);
    await Promise.all([1, 2, 3, 4].map(() => sendMail(services, id)));
    expect(given).toHaveLength(1);
  });

  it("that is refused for good is the last", async () => {
    const id = await order(message());
    const { services } = deliverBy(() => ({
      end: "refused",
      problem: "the mail server refused it with 550",
    }));
    expect(await sendMail(services, id)).toBeUndefined();
    expect(await readRow(id)).toMatchObject({
      ...{ state: "failed", problem: "the mail server refused it with 550" },
    });
  });

  it("isn't made when the link in it is of no use any more, nor for nobody", async () => {
    const { given, services } = deliverBy(() => SENT);
    const late = await order(message());
    await database.query.update(mails).set({ expiresAt: sql`now()` }).where(eq(mails.id, late));
    await sendMail(services, late);
    expect(await readRow(late)).toMatchObject({ state: "failed", problem: "it was not sent in time" });
    const needless = await order({ kind: "sign-in", login: newAddress() });
    await sendMail(services, needless);
    expect(await readRow(needless)).toMatchObject({ state: "needless", sealed: null });
    expect(given).toEqual([]);
  });
});

it("is forgotten a month after it ended", async () => {
  const id = await order(message());
  const { services } = deliverBy(() => SENT);
  await sendMail(services, id);
  const age = (days: number) =>
    database.query
      .update(mails)
      .set({ createdAt: sql`now() - ${days} * interval '1 day'` })
      .where(eq(mails.id, id));
  await age(29);
  await sweepMail(parsed, database);
  await readRow(id);
  await age(31);
  await sweepMail(parsed, database);
  await expect(readRow(id)).rejects.toThrow("no row");
});
