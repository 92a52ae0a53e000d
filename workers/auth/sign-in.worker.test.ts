// Signing in by a one-time link, and what a session may be made to do from elsewhere.
import { describe, expect, it } from "vitest";
import { createPerson, giveLink, giveToken, send } from "../testing/fixtures.ts";

async function signIn(link: string): Promise<string> {
  const response = await send(link, { method: "POST" });
  expect(response.status).toBe(303);
  const cookie = response.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/^plue=[0-9A-Za-z]{43}; .*HttpOnly; SameSite=Lax$/);
  return cookie.split(";")[0] ?? "";
}

async function readCsrfToken(cookie: string): Promise<string> {
  const page = await (await send("/new", { cookie })).text();
  return /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
}

const form = (fields: Record<string, string>) => ({
  method: "POST",
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded" },
});

describe("a one-time link", () => {
  it("asks first, signs in once, and then says that it was used", async () => {
    const person = await createPerson();
    const link = await giveLink(person.id);
    for (let look = 0; look < 2; look++) {
      const page = await send(link);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain(person.username);
    }
    const cookie = await signIn(link);
    expect(await (await send("/", { cookie })).text()).toContain(person.username);
    for (const method of ["GET", "POST"]) {
      const again = await send(link, { method });
      expect(again.status).toBe(410);
      expect(again.headers.get("set-cookie")).toBeNull();
      expect(await again.text()).toMatch(/used/);
    }
  });

  it("signs one of two in who take it at once", async () => {
    const link = await giveLink((await createPerson()).id);
    const answers = await Promise.all([1, 2, 3, 4].map(() => send(link, { method: "POST" })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([303, 410, 410, 410]);
  });

  it("is refused when it has expired or never was", async () => {
    const link = await giveLink((await createPerson()).id, new Date(Date.now() - 1));
    expect((await send(link, { method: "POST" })).status).toBe(410);
    expect(await (await send(link)).text()).toMatch(/expired/);
    expect((await send("/login/once/nothing", { method: "POST" })).status).toBe(410);
  });
});

describe("a session", () => {
  it("ends with signing out, for good", async () => {
    const cookie = await signIn(await giveLink((await createPerson()).id));
    const out = await send("/logout", { ...form({ _csrf: await readCsrfToken(cookie) }), cookie });
    expect(out.status).toBe(303);
    expect((await send("/new", { cookie })).status).toBe(401);
  });

  it("can't be used by a form without its token, or from another site", async () => {
    const cookie = await signIn(await giveLink((await createPerson()).id));
    const csrf = await readCsrfToken(cookie);
    expect((await send("/new", { ...form({ name: "forged" }), cookie })).status).toBe(403);
    expect((await send("/new", { ...form({ name: "forged", _csrf: "x".repeat(40) }), cookie })).status).toBe(
      403,
    );
    const foreign = form({ name: "forged", _csrf: csrf });
    for (const headers of [
      { origin: "http://evil.test" },
      { "sec-fetch-site": "cross-site" },
      { origin: "null" },
    ]) {
      const answer = await send("/new", { ...foreign, headers: { ...foreign.headers, ...headers }, cookie });
      expect(answer.status).toBe(403);
    }
    expect((await send("/new", { ...form({ name: "mine", _csrf: csrf }), cookie })).status).toBe(303);
  });

  it("can't write through the API without its token", async () => {
    const cookie = await signIn(await giveLink((await createPerson()).id));
    const init = {
      method: "POST",
      body: '{"name":"forged"}',
      headers: { "content-type": "text/plain" },
      cookie,
    };
    expect((await send("/api/v3/user/repos", init)).status).toBe(403);
  });
});

describe("an API token", () => {
  it.each([
    ["expired", { expiresAt: new Date(Date.now() - 1000) }],
    ["revoked", { revokedAt: new Date() }],
  ])("that is %s opens nothing", async (_, state) => {
    const person = await createPerson();
    const token = await giveToken(person.id, ["admin"], state);
    const answer = await send("/api/v3/user", { token });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ message: "Bad credentials" });
  });

  it("is refused when it is wrong, rather than taken for nobody, and cookies don't help it", async () => {
    const cookie = await signIn(await giveLink((await createPerson()).id));
    for (const token of ["plue_wrong", `plue_${"a".repeat(36)}`]) {
      expect((await send("/api/v3/user", { token })).status).toBe(401);
      expect((await send("/api/v3/user", { token, cookie })).status).toBe(401);
    }
  });

  it("does what its scopes say and no more", async () => {
    const person = await createPerson(["repo:read"]);
    const answer = await send("/api/v3/user/repos", {
      method: "POST",
      body: '{"name":"x"}',
      token: person.token,
    });
    expect(answer.status).toBe(403);
    expect((await send("/api/v3/user", { token: person.token })).headers.get("x-oauth-scopes")).toBe(
      "repo:read",
    );
  });
});
