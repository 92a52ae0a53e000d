// Every answer says what is left; past a limit nothing more is answered; what changed nothing is free.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { createToken, randomBase62 } from "../../schema/token.ts";
import { app } from "../app.ts";
import {
  BAD_TOKENS_PER_ADDRESS,
  REQUEST_ADDRESS_CHARACTERS_MAX,
  REQUEST_HEADERS_CHARACTERS_MAX,
} from "../core/limits.ts";
import { createPerson, giveToken, makeRepository, send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";

// A factor that leaves each credential five requests an hour of the API, and six of git.
const HOUR_MS = 60 * 60_000;
const FEW = { ...env, RATE_LIMIT_FACTOR: "0.001" };

async function sendWithFew(path: string, headers: Record<string, string> = {}, method = "GET") {
  const context = createExecutionContext();
  const response = await app.fetch(new Request(`http://plue.test${path}`, { headers, method }), FEW, context);
  await waitOnExecutionContext(context);
  return response;
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const newAddress = () => `203.0.113.${randomBase62(8)}`;

describe("requests of the API", () => {
  it("are counted by credential, and the one past the limit is refused as GitHub refuses", async () => {
    const person = await createPerson();
    for (let left = 4; left >= 0; left--) {
      const answer = await sendWithFew("/api/v3/user", bearer(person.token));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-ratelimit-remaining")).toBe(String(left));
      expect(answer.headers.get("x-ratelimit-limit")).toBe("5");
      expect(answer.headers.get("x-ratelimit-used")).toBe(String(5 - left));
      expect(answer.headers.get("x-ratelimit-resource")).toBe("core");
      // While requests are left, the next one is let in at once; else a fifth of an hour after the first.
      const resetMs = Number(answer.headers.get("x-ratelimit-reset")) * 1000 - Date.now();
      expect(Math.abs(resetMs - (left > 0 ? 0 : HOUR_MS / 5))).toBeLessThan(10_000);
    }
    const refused = await sendWithFew("/api/v3/user", bearer(person.token));
    expect(refused.status).toBe(403);
    expect(refused.headers.get("x-ratelimit-remaining")).toBe("0");
    const waitSeconds = Number(refused.headers.get("retry-after"));
    expect(waitSeconds).toBeGreaterThan(0);
    const resetSeconds = Number(refused.headers.get("x-ratelimit-reset")) - Date.now() / 1000;
    expect(Math.abs(resetSeconds - waitSeconds)).toBeLessThan(3);
    expect(await refused.json()).toMatchObject({
      message: expect.stringContaining(`API rate limit exceeded for user ID ${person.id}`),
    });
    const other = await giveToken(person.id, ["admin"]);
    expect((await sendWithFew("/api/v3/user", bearer(other))).status).toBe(200);
    expect((await sendWithFew("/api/runs/1", bearer(person.token))).status).toBe(429);
  });

  it("are counted by address without a credential, an IPv6 subscriber's as one", async () => {
    const address = newAddress();
    const ask = (from: string) =>
      sendWithFew("/api/v3/users/nobody-of-that-name", { "cf-connecting-ip": from });
    expect((await ask(address)).status).toBe(404);
    const refused = await ask(address);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain(`address ${address}`);
    const network = `2001:db8:${Math.floor(Math.random() * 65535).toString(16)}:7`;
    expect((await ask(`${network}::1`)).status).toBe(404);
    expect((await ask(`${network}:a:b:c:d`)).status).toBe(403);
  });

  it("about what is left are free", async () => {
    const { token } = await createPerson();
    const ask = async () => {
      const answer = await sendWithFew("/api/v3/rate_limit", bearer(token));
      return expectGithubShape("GET", "/rate_limit", answer);
    };
    for (let count = 0; count < 7; count++) {
      expect(await ask()).toMatchObject({ rate: { limit: 5, remaining: 5, used: 0 } });
    }
    await sendWithFew("/api/v3/user", bearer(token));
    expect(await ask()).toMatchObject({ resources: { core: { remaining: 4 }, git: { remaining: 6 } } });
  });
});

describe("git", () => {
  it("is told to wait past its own limit, with a token and without", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    const path = `/${person.username}/${name}.git/info/refs?service=git-upload-pack`;
    const asking = { authorization: `Basic ${btoa(`x:${person.token}`)}` };
    for (let count = 0; count < 6; count++) expect((await sendWithFew(path, asking)).status).toBe(200);
    const refused = await sendWithFew(path, asking);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const from = { "cf-connecting-ip": newAddress() };
    expect((await sendWithFew(path, from)).status).toBe(200);
    expect((await sendWithFew(path, from)).status).toBe(429);
  });
});

describe("a request of git that is too long", () => {
  it.each([
    ["in its address", "x".repeat(REQUEST_ADDRESS_CHARACTERS_MAX), {}, 414],
    ["in its headers", "", { "x-long": "x".repeat(REQUEST_HEADERS_CHARACTERS_MAX) }, 431],
  ])("%s is told so in words that git prints", async (_, more, headers, status) => {
    const answer = await send(`/a/b.git/info/refs?service=git-upload-pack&more=${more}`, { headers });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      status,
      "text/plain; charset=UTF-8",
    ]);
    expect(await answer.text()).toMatch(/^[A-Z][^<\n]+\.\n$/);
  });
});

describe("bad tokens", () => {
  it("make their address wait, and no good token of it", async () => {
    const person = await createPerson();
    const from = { "cf-connecting-ip": newAddress() };
    const guess = async () => send("/api/v3/user", { headers: { ...bearer(createToken("plue_")), ...from } });
    for (let count = 0; count < BAD_TOKENS_PER_ADDRESS.requestsMax; count++)
      expect((await guess()).status).toBe(401);
    const refused = await guess();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const path = "/a/b.git/info/refs?service=git-upload-pack";
    const authorization = `Basic ${btoa(`x:${createToken("plue_")}`)}`;
    expect((await send(path, { headers: { ...from, authorization } })).status).toBe(429);
    expect((await send("/api/v3/user", { headers: { ...bearer(person.token), ...from } })).status).toBe(200);
  });
});
