// The queue's consumer, with a gateway that answers and with one that is away.
import { createExecutionContext, createMessageBatch, env, getQueueResult } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SIGNATURE_HEADER, verifySignature } from "../../schema/signature.ts";
import type { RunsMessage } from "../../schema/wire/outbox.ts";
import { parseEnv } from "../core/env.ts";
import { createLog } from "../core/log.ts";
import { database } from "../testing/fixtures.ts";
import { consumeRuns } from "./consume-queue.ts";

const messages = [1, 2].map((runId) => ({
  id: `m${runId}`,
  timestamp: new Date(),
  attempts: 1,
  body: { kind: "wake" as const, runId },
}));

async function consume() {
  const batch = createMessageBatch<RunsMessage>("runs", messages);
  await consumeRuns({ env: parseEnv(env), database, log: createLog({}) }, batch);
  return getQueueResult(batch, createExecutionContext());
}

afterEach(() => vi.unstubAllGlobals());

describe("consumeRuns", () => {
  it("wakes the gateway once for a batch, signed, and is done with it", async () => {
    const wakes: boolean[] = [];
    // The gateway is a service of another process; here it is what fetch meets.
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const { pathname } = new URL(url);
      const request = { method: init.method ?? "GET", path: pathname, body: String(init.body) };
      const header = new Headers(init.headers).get(SIGNATURE_HEADER);
      wakes.push(pathname === "/wake" && (await verifySignature(env.GATEWAY_SECRET, request, header)));
      return new Response(null, { status: 204 });
    });
    const result = await consume();
    expect(wakes).toEqual([true]);
    expect(result.ackAll || result.explicitAcks.length === 2).toBe(true);
    expect(result.retryMessages).toEqual([]);
  });

  it("tries again when the gateway is away", async () => {
    const result = await consume();
    expect(result.retryBatch.retry || result.retryMessages.length === 2).toBe(true);
  });
});
