// The outbox: sent once the gateway pokes, by nobody else, and kept when the queue doesn't take it.
import { env } from "cloudflare:test";
import { and, eq, isNull } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { SIGNATURE_HEADER, signRequest } from "../../schema/signature.ts";
import { outbox } from "../../schema/tables/events.ts";
import { createPerson, database, makeRepository, send } from "../testing/fixtures.ts";
import { parseEnv } from "./env.ts";
import { OUTBOX_ROWS_PER_SWEEP_MAX } from "./limits.ts";
import { drainOutbox, writeEvent } from "./outbox.ts";

async function writeRows(count: number): Promise<number> {
  const repository = await makeRepository(await createPerson());
  for (let runId = 1; runId <= count; runId++) {
    await writeEvent(database.query, "run.queued", repository.id, { runId });
  }
  return repository.id;
}

const pending = async (repositoryId: number) =>
  (
    await database.query
      .select()
      .from(outbox)
      .where(and(eq(outbox.repositoryId, repositoryId), isNull(outbox.dispatchedAt)))
  ).length;

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
    await drainOutbox(parseEnv(env), database);
    expect(await pending(repositoryId)).toBe(0);
  });

  it("keeps what the queue did not take, and sends it the next time", async () => {
    const repositoryId = await writeRows(1);
    const runsQueue: typeof env.RUNS_QUEUE = {
      ...env.RUNS_QUEUE,
      sendBatch: () => Promise.reject(new Error("the queue is away")),
    };
    const away = { ...parseEnv(env), runsQueue };
    await expect(drainOutbox(away, database)).rejects.toThrow("the queue is away");
    expect(await pending(repositoryId)).toBe(1);
    await drainOutbox(parseEnv(env), database);
    expect(await pending(repositoryId)).toBe(0);
  });
});
