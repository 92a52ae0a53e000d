// A response at the client's pace, which may be slow, but not for ever.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { AppEnv } from "../../core/app-env.ts";
import { provideContext } from "../../core/request-context.ts";
import type { RequestTimes } from "../time-limit.ts";
import { answerInStream, type ClientSink } from "./git-response.ts";

const HOUR_MS = 3_600_000;

/** Answers with what `work` writes; `ended` settles as `work` does. */
async function answerWith(work: (sink: ClientSink) => Promise<void>, times?: RequestTimes) {
  const ended = Promise.withResolvers<void>();
  const app = new Hono<AppEnv>();
  app.use(provideContext);
  app.get("/", (context) =>
    answerInStream(
      context,
      "text/plain",
      (sink) => {
        const working = work(sink);
        working.then(ended.resolve, ended.reject);
        return working;
      },
      times,
    ),
  );
  const context = createExecutionContext();
  const response = await app.fetch(new Request("http://plue.test/"), env, context);
  return { response, ended: ended.promise, settled: () => waitOnExecutionContext(context) };
}

describe("a response in a stream", () => {
  it("brings all that is written", async () => {
    const { response, ended, settled } = await answerWith(async (sink) => {
      for (const letter of "abc") await sink.write(new TextEncoder().encode(letter));
    });
    expect(await response.text()).toBe("abc");
    await ended;
    await settled();
  });

  it("is given up when the client takes nothing for too long", async () => {
    let wasGone = false;
    const work = async (sink: ClientSink) => {
      try {
        await sink.write(new Uint8Array(100_000));
      } finally {
        wasGone = sink.isGone;
      }
    };
    const { response, ended, settled } = await answerWith(work, { stepMs: 20, totalMs: HOUR_MS });
    await expect(ended).rejects.toMatchObject({
      code: "limit_exceeded",
      message: "nothing moved for 0.02 seconds",
    });
    await settled();
    expect(wasGone).toBe(true);
    await expect(response.text()).rejects.toThrow();
  });
});
