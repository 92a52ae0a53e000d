// The outbox: sent once the gateway pokes, by nobody else; what fails is tried again without holding up the rest, is given
// up in the end, and what another version of the program wrote is left to it.
import { env } from "cloudflare:test";
import { and, eq, isNull, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { SIGNATURE_HEADER, signRequest } from "../../schema/signature.ts";
import { deadLetters, outbox } from "../../schema/tables/events.ts";
import { randomBase62 } from "../../schema/token.ts";
import type { RunsMessage } from "../../schema/wire/outbox.ts";
import { outboxPayloads } from "../../schema/wire/outbox.ts";
import { writeEvents } from "../../schema/write-events.ts";
import { createPerson, database, makeRepository, send } from "../testing/fixtures.ts";
import { parseEnv } from "./env.ts";
import {
  OUTBOX_ATTEMPTS_MAX,
  OUTBOX_RETRY_MS_MAX,
  OUTBOX_RETRY_MS_MIN,
  OUTBOX_ROWS_PER_SWEEP_MAX,
} from "./limits.ts";
import { createLog } from "./log.ts";
import { drainOutbox, summarizeOutbox } from "./outbox.ts";
import { heardTopics, knownTopics } from "./outbox-subscribers.ts";

let lastRunId = 1_700_000_000;

async function writeRows(count: number): Promise<number> {
  const { id: repositoryId } = await makeRepository(await createPerson());
  const rows = Array.from({ length: count }, () => ({ runId: ++lastRunId }));
  await writeEvents(
    database.query,
    rows.map((payload) => ({ topic: "run.queued", repositoryId, payload })),
  );
  return repositoryId;
}

async function insertRaw(row: { topic: string; payload: Record<string, unknown>; attempts?: number }) {
  const { id: repositoryId } = await makeRepository(await createPerson());
  await database.query.insert(outbox).values({ ...row, repositoryId });
  return repositoryId;
}

const rowsOf = (repositoryId: number) =>
  database.query.select().from(outbox).where(eq(outbox.repositoryId, repositoryId)).orderBy(outbox.id);

const pending = async (repositoryId: number) =>
  (await rowsOf(repositoryId)).filter(({ dispatchedAt }) => dispatchedAt === null).length;

const makeDue = (repositoryId: number) =>
  database.query
    .update(outbox)
    .set({ nextAttemptAt: sql`now()` })
    .where(and(eq(outbox.repositoryId, repositoryId), isNull(outbox.dispatchedAt)));

const findLetters = (repositoryId: number) =>
  database.query
    .select()
    .from(deadLetters)
    .where(sql`queue = 'outbox' AND body->>'repositoryId' = ${String(repositoryId)}`);

const parsed = parseEnv(env);
const log = createLog({});
const drain = () => drainOutbox({ env: parsed, database, log });

/** Drains into a `runs` queue that takes no batch with one of `refused` in it. @returns what it took */
async function drainRefusing(refused: readonly number[]): Promise<number[]> {
  const taken: number[] = [];
  const runsQueue: typeof parsed.runsQueue = {
    ...parsed.runsQueue,
    sendBatch: async (messages) => {
      const ids = Array.from(messages, ({ body }: { body: RunsMessage }) => body.runId);
      if (ids.some((id) => refused.includes(id))) throw new Error("the queue doesn't take this");
      taken.push(...ids);
      return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
    },
  };
  await drainOutbox({ env: { ...parsed, runsQueue }, database, log });
  return taken;
}

async function poke(secret: string, body = ""): Promise<number> {
  const signature = await signRequest(secret, { method: "POST", path: "/internal/outbox", body });
  const init = { method: "POST", body, headers: { [SIGNATURE_HEADER]: signature } };
  return (await send("/internal/outbox", init)).status;
}

describe("POST /internal/outbox", () => {
  it("sends what waits, for the gateway only", async () => {
    const repositoryId = await writeRows(2);
    expect(await poke("another secret, as long as the real one")).toBe(404);
    expect((await send("/internal/outbox", { method: "POST" })).status).toBe(404);
    expect(await pending(repositoryId)).toBe(2);
    expect(await poke(env.GATEWAY_SECRET)).toBe(204);
    expect(await pending(repositoryId)).toBe(0);
  });
});

describe("drainOutbox", () => {
  it("goes on past one sweep's worth of rows", async () => {
    const repositoryId = await writeRows(OUTBOX_ROWS_PER_SWEEP_MAX + 1);
    await drain();
    expect(await pending(repositoryId)).toBe(0);
  });

  it("keeps what the queue did not take with the reason, sends the rest, and tries again after a wait", async () => {
    const repositoryId = await writeRows(5);
    const bad = lastRunId - 2;
    const taken = await drainRefusing([bad]);
    expect(taken).toEqual(expect.arrayContaining([bad - 2, bad - 1, bad + 1, bad + 2]));
    expect(taken).not.toContain(bad);
    const [row, ...others] = (await rowsOf(repositoryId)).filter(({ dispatchedAt }) => dispatchedAt === null);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      payload: { runId: bad },
      attempts: 1,
      problem: "the queue doesn't take this",
    });
    await drain();
    expect(await pending(repositoryId)).toBe(1);
    await makeDue(repositoryId);
    await drain();
    expect(await pending(repositoryId)).toBe(0);
  });

  it("waits twice as long after each attempt, up to the longest wait", async () => {
    const repositoryId = await insertRaw({ topic: "run.queued", payload: { runId: "seven" } });
    const waits: number[] = [];
    for (const attempts of [0, 1, 2, OUTBOX_ATTEMPTS_MAX - 2]) {
      await database.query.update(outbox).set({ attempts }).where(eq(outbox.repositoryId, repositoryId));
      await makeDue(repositoryId);
      await drain();
      const [row] = await database.query
        .select({ waitMs: sql<number>`(extract(epoch from next_attempt_at - now()) * 1000)::float8` })
        .from(outbox)
        .where(eq(outbox.repositoryId, repositoryId));
      waits.push(row?.waitMs ?? 0);
    }
    const expected = [1, 2, 4].map((times) => times * OUTBOX_RETRY_MS_MIN);
    for (const [at, wait] of [...expected, OUTBOX_RETRY_MS_MAX].entries()) {
      expect(waits[at]).toBeGreaterThan(wait / 2);
      expect(waits[at]).toBeLessThanOrEqual(wait);
    }
  });

  it.each([[{}], [{ runId: "seven" }], [{ runId: null, more: [] }]])(
    "sends what stands behind the malformed payload %j",
    async (payload) => {
      const malformed = await insertRaw({ topic: "run.queued", payload });
      const good = await writeRows(1);
      await drain();
      expect([await pending(malformed), await pending(good)]).toEqual([1, 0]);
      const [row] = await rowsOf(malformed);
      expect(row?.problem).not.toBe("");
      await database.query.delete(outbox).where(eq(outbox.repositoryId, malformed));
    },
  );

  it("gives up after the last attempt, and keeps the event as a dead letter", async () => {
    const payload = { runId: "seven" };
    const repositoryId = await insertRaw({
      topic: "run.queued",
      payload,
      attempts: OUTBOX_ATTEMPTS_MAX - 2,
    });
    await drain();
    expect([await pending(repositoryId), (await findLetters(repositoryId)).length]).toEqual([1, 0]);
    await makeDue(repositoryId);
    await drain();
    expect(await rowsOf(repositoryId)).toEqual([]);
    expect(await findLetters(repositoryId)).toMatchObject([
      { queue: "outbox", body: { topic: "run.queued", repositoryId, payload }, droppedAt: null },
    ]);
    await database.query
      .delete(deadLetters)
      .where(sql`queue = 'outbox' AND body->>'repositoryId' = ${String(repositoryId)}`);
  });

  it("leaves a topic that it doesn't know to a version that does, behind as many as there are", async () => {
    const topic = `issue.${randomBase62(8)}`;
    const { id: repositoryId } = await makeRepository(await createPerson());
    const unknown = Array.from({ length: OUTBOX_ROWS_PER_SWEEP_MAX + 1 }, (_, at) => ({
      ...{ topic, repositoryId, payload: { issueId: at } },
    }));
    await database.query.insert(outbox).values(unknown);
    const good = await writeRows(1);
    await drain();
    expect(await pending(good)).toBe(0);
    for (const row of await rowsOf(repositoryId)) {
      expect(row).toMatchObject({ dispatchedAt: null, attempts: 0, problem: "" });
    }
    const summary = await summarizeOutbox(database);
    expect(summary.find((one) => one.topic === topic)).toMatchObject({
      total: unknown.length,
      isKnown: false,
    });
    await database.query.delete(outbox).where(eq(outbox.topic, topic));
  });

  it("sends each row once where many drain at once", async () => {
    const repositoryId = await writeRows(30);
    const ours = Array.from({ length: 30 }, (_, at) => lastRunId - at);
    const taken = (await Promise.all([drainRefusing([]), drainRefusing([]), drainRefusing([])])).flat();
    const sent = taken.filter((id) => ours.includes(id));
    expect(sent.length).toBe(new Set(sent).size);
    expect(await pending(repositoryId)).toBe(0);
  });
});

describe("the topics", () => {
  it("are all in the table of subscribers", () => {
    expect([...knownTopics].sort()).toEqual(Object.keys(outboxPayloads).sort());
    expect(heardTopics).toEqual(["repository.crowded", "run.queued", "mail.queued"]);
  });

  it("take no payload of another shape", async () => {
    const payload = JSON.parse('{"runId":"seven"}');
    const writing = writeEvents(database.query, [{ topic: "run.queued", repositoryId: null, payload }]);
    await expect(writing).rejects.toThrow("runId");
  });
});
