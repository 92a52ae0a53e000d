// Session fixation, and tokens where they would be kept: what somebody plants in a browser or an address is worth nothing.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { authSessions } from "../../schema/tables/auth.ts";
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, giveLink, makeRepository, send } from "../testing/fixtures.ts";
import { makeMailAccount, openSignedIn, PASSWORD } from "../testing/mail-account.ts";

const findSession = async (cookie: string) => {
  const tokenHash = await hashSecret(cookie.replace(/^plue=/, ""));
  return database.query.select().from(authSessions).where(eq(authSessions.tokenHash, tokenHash));
};

describe("a session that was planted", () => {
  it("is never adopted: signing in makes a secret of its own", async () => {
    const account = await makeMailAccount();
    const ways = [
      (cookie: string) => openOn(cookie, "/login/password", { login: account.username, password: PASSWORD }),
      async (cookie: string) => openOn(cookie, await giveLink(account.id)),
    ];
    for (const enter of ways) {
      const planted = `plue=${randomBase62(43)}`;
      const browser = await enter(planted);
      expect(await browser.isSignedIn()).toBe(true);
      expect(browser.cookie()).not.toBe(planted);
      expect(await findSession(browser.cookie())).toHaveLength(1);
      expect(await findSession(planted)).toEqual([]);
      expect((await send("/new", { cookie: planted })).status).toBe(401);
    }
  });

  it("that is the attacker's own ends when its victim signs in, and never becomes the victim's", async () => {
    const [victim, attacker] = [await makeMailAccount(), await createPerson()];
    const planted = (await openSignedIn(attacker.id)).cookie();
    const fields = { login: victim.username, password: PASSWORD };
    const browser = await openOn(planted, "/login/password", fields);
    expect(browser.cookie()).not.toBe(planted);
    expect(await (await browser.get("/settings/profile")).text()).toContain(victim.username);
    expect((await send("/new", { cookie: planted })).status).toBe(401);
  });

  it("changes nothing of a sign-in by another name of a cookie, or a second cookie of the same name", async () => {
    const person = await createPerson();
    const own = (await openSignedIn(person.id)).cookie();
    const attacker = (await openSignedIn((await createPerson()).id)).cookie();
    const other = attacker.replace(/^plue=/, "");
    for (const cookie of [
      `Plue=${other}`,
      `__Host-plue=${other}`,
      `__Secure-plue=${other}`,
      `session=${other}`,
    ]) {
      expect((await send("/new", { cookie })).status).toBe(401);
      const page = await (await send("/settings/profile", { cookie: `${cookie}; ${own}` })).text();
      expect(page).toContain(person.username);
    }
  });

  it("in an address, a form or a header isn't one", async () => {
    const secret = (await openSignedIn((await createPerson()).id)).cookie().replace(/^plue=/, "");
    expect((await send(`/new?plue=${secret}`)).status).toBe(401);
    expect((await send("/new", { headers: { "x-plue": secret } })).status).toBe(401);
    expect((await send("/new", { headers: { authorization: `Bearer ${secret}` } })).status).toBe(401);
  });
});

async function openOn(cookie: string, path: string, fields: Record<string, string> = {}) {
  const browser = openBrowser(cookie);
  const answer = await browser.post(path, fields);
  expect(answer.status).toBe(303);
  return browser;
}

describe("a token in an address", () => {
  it("is refused on pages, in the API and for git, even beside a good one", async () => {
    const person = await createPerson();
    const { name } = await makeRepository(person);
    const git = `/${person.username}/${name}.git`;
    const paths = ["/", "/api/v3/user", `${git}/info/refs?service=git-upload-pack`, `${git}/bundles/any`];
    const asked: [string, string][] = paths.map((path) => ["GET", path]);
    asked.push(["POST", `${git}/git-upload-pack`], ["POST", `${git}/git-receive-pack`]);
    const queries = ["access_token", "token", "private_token", "anything", "x=1&x"];
    for (const [method, path] of asked) {
      for (const query of queries) {
        const address = `${path}${path.includes("?") ? "&" : "?"}${query}=${person.token}`;
        for (const token of [undefined, person.token]) {
          const answer = await send(address, { method, ...(token === undefined ? {} : { token }) });
          const text = await answer.text();
          expect([address, answer.status]).toEqual([address, 400]);
          expect(text).not.toContain(person.token);
          expect(text).toMatch(/belong in an address/);
        }
      }
    }
    const open = await send(`${git}/info/refs?service=git-upload-pack`);
    expect(open.status).toBe(200);
    await open.body?.cancel();
  });
});
