// A refused push is read on, so that the client hears why, but not without end.
import { describe, expect, it } from "vitest";
import { TimeLimit } from "../time-limit.ts";
import { drainBody } from "./drain-body.ts";

/** A body of so many bytes, or without end; `state` says how much of it was taken. */
function count(sizeBytes: number, chunkBytes: number) {
  const state = { givenBytes: 0, isCancelled: false };
  const chunk = new Uint8Array(chunkBytes);
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (state.givenBytes >= sizeBytes) return controller.close();
        state.givenBytes += chunkBytes;
        controller.enqueue(chunk);
      },
      cancel() {
        state.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

describe("what is left of a body", () => {
  it("is read to its end as long as it is within the limit", async () => {
    const { body, state } = count(100, 10);
    await drainBody(body, 100);
    expect(state).toEqual({ givenBytes: 100, isCancelled: false });
  });

  it("is dropped once it is past it", async () => {
    const { body, state } = count(Number.POSITIVE_INFINITY, 10);
    await drainBody(body, 99);
    expect(state).toEqual({ givenBytes: 100, isCancelled: true });
  });

  it("has the limit of limits.ts unless told otherwise", async () => {
    const { body, state } = count(Number.POSITIVE_INFINITY, 64 * 1024 ** 2);
    await drainBody(body);
    expect(state.givenBytes).toBe(5 * 64 * 1024 ** 2);
  });

  it("is dropped when it stalls", async () => {
    const body = new ReadableStream<Uint8Array>();
    const time = new TimeLimit({ stepMs: 20, totalMs: 3_600_000 });
    await expect(drainBody(body, 100, time)).rejects.toMatchObject({ code: "limit_exceeded" });
  });
});
