// What queues gave up is kept with why, and sent again or let go by admins, once; and what waits is told.
import { createExecutionContext, createMessageBatch, env, getQueueResult } from "cloudflare:test";
import { desc, eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { auditEvents, users } from "../../schema/tables/auth.ts";
import { deadLetters, messageFailures, outbox } from "../../schema/tables/events.ts";
import { randomBase62 } from "../../schema/token.ts";
import { FAILURE_CHARACTERS_MAX } from "../core/limits.ts";
import { createLog } from "../core/log.ts";
import { noteFailure, takeFailure } from "../core/message-failures.ts";
import worker from "../main.ts";
import type { Browser } from "../testing/browser.ts";
import { createPerson, database, type Person } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";

let admin: Person & { browser: Browser };

beforeAll(async () => {
  const person = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, person.id));
  admin = { ...person, browser: await openSignedIn(person.id) };
});

const services = { database, log: createLog({}) };
let lastRunId = 2_000_000_000;
const newBody = () => ({ kind: "wake", runId: ++lastRunId });

/** Has a queue's dead-letter queue hand over a message. @returns the row it became */
async function giveUp(queue: string, body: unknown, id = randomBase62(12)) {
  const batch = createMessageBatch(`${queue}-dead`, [{ id, timestamp: new Date(), attempts: 1, body }]);
  const context = createExecutionContext();
  await worker.queue(batch, env, context);
  expect((await getQueueResult(batch, context)).explicitAcks).toEqual([id]);
  const rows = await database.query.select().from(deadLetters).where(eq(deadLetters.messageId, id));
  if (rows.length !== 1 || !rows[0]) throw new Error(`${rows.length} rows`);
  return rows[0];
}
const post = (id: number, verb: string) =>
  admin.browser.post(`/site-admin/queues/dead-letters/${id}/${verb}`);
const show = async () => (await admin.browser.get("/site-admin/queues?per_page=100")).text();

async function readLastAct() {
  const [event] = await database.query
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.actorId, admin.id))
    .orderBy(desc(auditEvents.id))
    .limit(1);
  return event;
}

describe("a message that a queue gave up", () => {
  it("is kept once however often it is handed over, with why it wasn't done", async () => {
    const body = newBody();
    await noteFailure(services, "runs", body, new Error("outside", { cause: new Error("nobody was there") }));
    const { id, messageId } = await giveUp("runs", body);
    await giveUp("runs", body, messageId);
    const page = await show();
    expect(page).toContain(String(body.runId));
    expect(page).toContain("nobody was there");
    expect(page).not.toContain("outside");
    expect(await takeFailure(database.query, "runs", body)).toBe("");
    await post(id, "drop");
  });

  it("is sent again once, and recorded", async () => {
    const body = newBody();
    const { id } = await giveUp("runs", body);
    const answers = await Promise.all([post(id, "resend"), post(id, "resend")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 404]);
    expect(await readLastAct()).toMatchObject({
      ...{ action: "site.dead-letter-resend", targetId: id, targetName: "runs", details: { body } },
    });
    expect(await show()).not.toContain(String(body.runId));
  });

  it("is let go once, and not sent after that", async () => {
    const { id } = await giveUp("maintenance", { kind: "housekeep", repositoryId: 1 });
    expect([(await post(id, "drop")).status, (await post(id, "drop")).status]).toEqual([303, 404]);
    expect((await post(id, "resend")).status).toBe(404);
    expect(await readLastAct()).toMatchObject({ action: "site.dead-letter-drop", targetId: id });
  });

  it.each([
    ["runs", { kind: "sleep" }],
    ["imports", { kind: "wake", runId: 1 }],
    ["elsewhere", { kind: "wake", runId: 1 }],
  ])("of %s that says %j stays, since nobody would know what to do with it", async (queue, body) => {
    const { id } = await giveUp(queue, body);
    const answer = await post(id, "resend");
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("No queue knows")]);
    expect((await post(id, "drop")).status).toBe(303);
  });
});

describe("an event that was given up", () => {
  const isLast = async (topic: string) =>
    database.query.select().from(outbox).where(eq(outbox.topic, topic)).orderBy(desc(outbox.id)).limit(1);

  async function giveUpEvent(body: unknown): Promise<number> {
    const [row] = await database.query
      .insert(deadLetters)
      .values({ queue: "outbox", messageId: randomBase62(12), body, problem: "the queue was away" })
      .returning({ id: deadLetters.id });
    return row?.id ?? 0;
  }

  it("is written to the outbox again", async () => {
    const payload = { runId: ++lastRunId, status: "failed" };
    const id = await giveUpEvent({ topic: "run.finished", repositoryId: null, payload });
    expect(await show()).toContain("the queue was away");
    expect([(await post(id, "resend")).status, (await post(id, "resend")).status]).toEqual([303, 404]);
    const [event] = await isLast("run.finished");
    expect(event).toMatchObject({ payload, repositoryId: null });
  });

  it.each([
    ["No program here knows", { topic: "run.finished", repositoryId: null, payload: { runId: "seven" } }],
    ["No program here knows", { topic: "issue.opened", repositoryId: null, payload: {} }],
    ["is gone", { topic: "run.queued", repositoryId: 2_000_000_000, payload: { runId: 1 } }],
  ])("stays where it can't be sent: %s", async (reason, body) => {
    const id = await giveUpEvent(body);
    const answer = await post(id, "resend");
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining(reason)]);
    expect((await post(id, "drop")).status).toBe(303);
  });
});

describe("why a message wasn't done", () => {
  it("is the last failure, cut to its limit", async () => {
    const body = newBody();
    await noteFailure(services, "runs", body, new Error("first"));
    await noteFailure(services, "runs", body, new Error("x".repeat(FAILURE_CHARACTERS_MAX + 1)));
    expect(await takeFailure(database.query, "runs", body)).toBe("x".repeat(FAILURE_CHARACTERS_MAX));
    await noteFailure(services, "runs", body, "y".repeat(FAILURE_CHARACTERS_MAX));
    expect(await takeFailure(database.query, "runs", body)).toBe("y".repeat(FAILURE_CHARACTERS_MAX));
  });

  it("is noted by the consumer that fails", async () => {
    const body = newBody();
    // The gateway's address in these tests is one where nobody listens.
    const message = { id: randomBase62(12), timestamp: new Date(), attempts: 1, body };
    const batch = createMessageBatch("runs", [message]);
    await worker.queue(batch, env, createExecutionContext());
    expect(await takeFailure(database.query, "runs", body)).not.toBe("");
  });

  it("is no reason not to try again where it can't be noted", async () => {
    const broken = {
      query: new Proxy(database.query, {
        get: () => {
          throw new Error("away");
        },
      }),
    };
    await expect(
      noteFailure({ ...services, database: broken }, "runs", newBody(), new Error("x")),
    ).resolves.toBeUndefined();
    expect(
      await database.query.select().from(messageFailures).where(eq(messageFailures.problem, "x")),
    ).toEqual([]);
  });
});

it("an event that nobody sent is told with its topic and its age, and called stuck once it is old", async () => {
  const [row] = await database.query
    .insert(outbox)
    .values({
      topic: `test.${randomBase62(8)}`,
      payload: {},
      createdAt: new Date(Date.now() - 6 * 60_000),
    })
    .returning({ id: outbox.id, topic: outbox.topic });
  if (!row) throw new Error("no event");
  try {
    const page = await show();
    expect(page).toContain(row.topic);
    expect(page.slice(page.indexOf(row.topic))).toMatch(/^.{0,120}stuck.{0,200}6 minutes ago/s);
  } finally {
    await database.query.delete(outbox).where(eq(outbox.id, row.id));
  }
});
