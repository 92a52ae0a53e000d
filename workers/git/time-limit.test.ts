// A client that doesn't move, or not fast enough, is told so and keeps nothing.
import { describe, expect, it } from "vitest";
import { ORPHAN_GRACE_MS, REQUEST_STEP_LIMIT_MS, REQUEST_TIME_LIMIT_MS } from "./limits.ts";
import { ingestPack } from "./pack/ingest-pack.ts";
import { MemorySpool, streamOf } from "./testing/ingest-bytes.ts";
import { blob, PackBuilder } from "./testing/pack-builder.ts";
import { REQUEST_TIMES, TimeLimit } from "./time-limit.ts";
import { BodyReader } from "./wire/body-reader.ts";

const HOUR_MS = 3_600_000;
const never = new Promise<never>(() => undefined);
const LATE = { code: "limit_exceeded", message: "nothing moved for 0.02 seconds" };

/** A body that gives these bytes and then nothing more; says whether it was let go of. */
function stall(bytes: Uint8Array) {
  const state = { isCancelled: false };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes),
    cancel: () => {
      state.isCancelled = true;
    },
  });
  return { body, state };
}

describe("a step", () => {
  it("that ends in time gives what it gave, or throws what it threw", async () => {
    const limit = new TimeLimit({ stepMs: HOUR_MS, totalMs: HOUR_MS });
    expect(await limit.wait(Promise.resolve(7))).toBe(7);
    await expect(limit.wait(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("that takes too long is given up, by its own limit or by that of the whole", async () => {
    await expect(new TimeLimit({ stepMs: 20, totalMs: HOUR_MS }).wait(never)).rejects.toMatchObject(LATE);
    const whole = new TimeLimit({ stepMs: HOUR_MS, totalMs: 30 });
    await expect(whole.wait(never)).rejects.toThrow("the request took longer than 0.03 seconds");
    await expect(whole.wait(never)).rejects.toThrow("the request took longer");
  });

  it("has the limits of limits.ts unless told otherwise, and no push outlives the grace of what it stores", () => {
    expect(REQUEST_TIMES).toEqual({ stepMs: REQUEST_STEP_LIMIT_MS, totalMs: REQUEST_TIME_LIMIT_MS });
    expect(REQUEST_TIME_LIMIT_MS).toBeLessThan(ORPHAN_GRACE_MS);
  });
});

describe("a body that stalls", () => {
  const pack = new PackBuilder().add(blob("content")).finish();

  it("within a pack ends the push, and is let go of", async () => {
    const { body, state } = stall(pack.subarray(0, 20));
    const times = { stepMs: 20, totalMs: HOUR_MS };
    const receiving = ingestPack({ body, spool: new MemorySpool(), readExternal: async () => null, times });
    await expect(receiving).rejects.toMatchObject(LATE);
    expect(state.isCancelled).toBe(true);
    expect(body.locked).toBe(false);
  });

  it("within the lines before it does too", async () => {
    const { body, state } = stall(new TextEncoder().encode("0009do"));
    const reader = new BodyReader(body, 1000, { stepMs: 20, totalMs: HOUR_MS });
    await expect(reader.readPacket()).rejects.toMatchObject(LATE);
    await reader.cancel();
    expect(state.isCancelled).toBe(true);
  });

  it("and then goes on in time is taken", async () => {
    const times = { stepMs: HOUR_MS, totalMs: HOUR_MS };
    const body = streamOf(pack, 3);
    const received = await ingestPack({
      ...{ body, spool: new MemorySpool(), readExternal: async () => null, times },
    });
    expect(received.objectCount).toBe(1);
  });
});
