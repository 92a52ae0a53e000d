// The first shield, with Cloudflare's bindings as the runtime has them, and without: past its count an address is refused
// before the database is asked anything, each class of requests by itself.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { randomBase62 } from "../../schema/token.ts";
import { app } from "../app.ts";
import type { Bindings } from "../core/env.ts";
import { SHIELD_PERIOD_MS } from "../core/limits.ts";

const SHIELDED = { ...env, RATE_SHIELD: env.SMALL_SHIELD };
// A database that nobody answers for: whatever needs it fails.
const WITHOUT_DATABASE = { ...SHIELDED, NEON_PROXY: "127.0.0.1:9" };
const newAddress = () => `203.0.113.${randomBase62(8)}`;

async function ask(path: string, address: string, bindings: Bindings, init: RequestInit = {}) {
  const context = createExecutionContext();
  const headers = { ...(address === "" ? {} : { "cf-connecting-ip": address }) };
  const answer = await app.fetch(
    new Request(`http://plue.test${path}`, { ...init, headers }),
    bindings,
    context,
  );
  await waitOnExecutionContext(context);
  return answer;
}

/** Takes all that is left of a key; a new minute begins anew. */
async function exhaust(shield: RateLimit | undefined, key: string): Promise<void> {
  if (shield === undefined) throw new Error("wrangler.toml binds no such shield");
  while ((await shield.limit({ key })).success);
}

/** What is answered to an address of which too much has been counted. */
async function askExhausted(resource: string, path: string, init: RequestInit = {}): Promise<Response> {
  const address = newAddress();
  return vi.waitUntil(
    async () => {
      await exhaust(env.SMALL_SHIELD, `${resource}:${address}`);
      const answer = await ask(path, address, WITHOUT_DATABASE, init);
      return answer.status === 429 ? answer : false;
    },
    { timeout: 30_000 },
  );
}

it("counts nothing where Plue isn't behind Cloudflare", async () => {
  const address = "203.0.113.77";
  const alone = { ...SHIELDED, TRUSTED_PROXIES: "", CONNECTION_ADDRESS: address };
  await exhaust(env.SMALL_SHIELD, `page:${address}`);
  expect((await ask("/", "", alone)).status).toBe(200);
});

describe("past Cloudflare's count", () => {
  it.each([
    ["core", "/api/v3/user", "application/json"],
    ["search", "/api/v3/search/repositories", "application/json"],
    ["page", "/", "text/html; charset=UTF-8"],
    ["git", "/a/b.git/info/refs?service=git-upload-pack", "text/plain; charset=UTF-8"],
  ])("%s is refused in its own form, and the database isn't asked", async (resource, path, type) => {
    const answer = await askExhausted(resource, path);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(answer.headers.get("retry-after")).toBe(String(SHIELD_PERIOD_MS / 1000));
    expect(await answer.text()).toContain("Too many requests from this address. Try again in a minute.");
  });

  it("of tries to sign in these are refused, and the page that shows how isn't", async () => {
    const address = newAddress();
    const init = { method: "POST", body: new URLSearchParams({ login: "x", password: "y" }) };
    await vi.waitUntil(
      async () => {
        await exhaust(env.SIGN_IN_SHIELD, address);
        return (await ask("/login/password", address, WITHOUT_DATABASE, init)).status === 429;
      },
      { timeout: 30_000 },
    );
    expect((await ask("/login/password", address, SHIELDED)).status).toBe(200);
  });

  it("another class, another address and one that isn't known are let by", async () => {
    const address = newAddress();
    await exhaust(env.SMALL_SHIELD, `core:${address}`);
    expect((await ask("/", address, SHIELDED)).status).toBe(200);
    expect((await ask("/api/v3/rate_limit", newAddress(), SHIELDED)).status).toBe(200);
    expect((await ask("/api/v3/rate_limit", "", SHIELDED)).status).toBe(200);
  });
});

it("the deployed Worker has both shields", () => {
  expect([typeof env.RATE_SHIELD?.limit, typeof env.SIGN_IN_SHIELD?.limit]).toEqual(["function", "function"]);
});

it("without Cloudflare's bindings everybody is let by to the counts of Postgres", async () => {
  const { RATE_SHIELD: _, SIGN_IN_SHIELD: __, ...unshielded } = env;
  const address = newAddress();
  await exhaust(env.SMALL_SHIELD, `core:${address}`);
  expect((await ask("/api/v3/rate_limit", address, unshielded)).status).toBe(200);
  const init = { method: "POST", body: new URLSearchParams({ login: "x", password: "y" }) };
  expect((await ask("/login/password", address, unshielded, init)).status).toBe(422);
});
