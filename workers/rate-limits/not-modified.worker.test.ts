// What an answer that says that nothing changed took from its asker's limit is given back, to the account as well.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { randomBase62 } from "../../schema/token.ts";
import { authenticate } from "../auth/middleware.ts";
import type { AppEnv } from "../core/app-env.ts";
import { provideContext } from "../core/request-context.ts";
import { createPerson } from "../testing/fixtures.ts";

// The API's own middleware before a route whose entity may be known already.
const routes = new Hono<AppEnv>()
  .use(provideContext, authenticate)
  .get("/api/v3/thing", (context) =>
    context.req.header("if-none-match") === '"same"' ? context.body(null, 304) : context.json({}),
  );

// Few enough that none comes back while the test runs: 500 an hour by token, 6 by address.
const FEW = { ...env, RATE_LIMIT_FACTOR: "0.1" };

async function ask(headers: Record<string, string>) {
  const context = createExecutionContext();
  const answer = await routes.fetch(new Request("http://plue.test/api/v3/thing", { headers }), FEW, context);
  await waitOnExecutionContext(context);
  return { status: answer.status, remaining: Number(answer.headers.get("x-ratelimit-remaining")) };
}

describe("304", () => {
  it("is free to a token, however often it is answered", async () => {
    const { token } = await createPerson();
    const headers = { authorization: `Bearer ${token}` };
    const first = await ask(headers);
    const unchanged = { ...headers, "if-none-match": '"same"' };
    for (let time = 0; time < 5; time++) {
      expect(await ask(unchanged)).toEqual({ status: 304, remaining: first.remaining });
    }
    expect(await ask(headers)).toEqual({ status: 200, remaining: first.remaining - 1 });
  });

  it("is free to an address without one", async () => {
    const headers = { "cf-connecting-ip": `203.0.113.${randomBase62(8)}` };
    const first = await ask(headers);
    for (let time = 0; time < 3; time++) await ask({ ...headers, "if-none-match": '"same"' });
    expect(await ask(headers)).toEqual({ status: 200, remaining: first.remaining - 1 });
  });
});
