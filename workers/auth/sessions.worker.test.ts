// One's sessions: told apart, ended one by one or all at once, and replaced whenever somebody proves who they are.
import { and, asc, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { auditEvents } from "../../schema/tables/auth.ts";
import { createPerson, database, giveLink, giveToken, send } from "../testing/fixtures.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

async function signIn(personId: number, cookie?: string): Promise<string> {
  const headers = { "user-agent": FIREFOX, "cf-connecting-ip": "192.0.2.7" };
  const link = await giveLink(personId);
  const page = cookie === undefined ? "" : await (await send(link, { cookie })).text();
  const response = await send(link, {
    method: "POST",
    headers: { ...headers, "x-csrf-token": /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "" },
    ...(cookie === undefined ? {} : { cookie }),
  });
  expect(response.status).toBe(303);
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

const isSignedIn = async (cookie: string) => (await send("/new", { cookie })).status === 200;

async function openPage(cookie: string) {
  const page = await (await send("/settings/sessions", { cookie })).text();
  const csrf = /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const ids = [...page.matchAll(/sessions\/(\d+)\/revoke"/g)].map((match) => Number(match[1]));
  const post = (path: string) =>
    send(path, {
      method: "POST",
      cookie,
      headers: { "x-csrf-token": csrf, "sec-fetch-site": "same-origin" },
    });
  return { page, ids, post };
}

async function readLog(ownerId: number) {
  const rows = await database.query
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.ownerId, ownerId)))
    .orderBy(asc(auditEvents.id));
  return rows.map(({ action, details, actorName }) => ({ action, details, actorName }));
}

describe("the list of sessions", () => {
  it("says which browser, from where, how and when, and which of them is asking", async () => {
    const person = await createPerson();
    const cookie = await signIn(person.id);
    await signIn(person.id);
    const { page, ids } = await openPage(cookie);
    expect(page).toContain("Firefox 145 on Linux");
    expect(page).toContain("from 192.0.2.7");
    expect(page).toContain("a one-time link");
    expect(page.match(/this one/g)).toHaveLength(1);
    expect(ids).toHaveLength(1);
  });

  it("is nobody else's, and needs a session or a token of all that its owner may do", async () => {
    const person = await createPerson();
    expect((await send("/settings/sessions")).status).toBe(401);
    expect((await send("/settings/sessions", { token: person.token })).status).toBe(200);
    const weak = await giveToken(person.id, ["repo:write", "user:*"]);
    expect((await send("/settings/sessions", { token: weak })).status).toBe(403);
  });
});

describe("ending sessions", () => {
  it("ends one, and it is over at once", async () => {
    const person = await createPerson();
    const [mine, other] = [await signIn(person.id), await signIn(person.id)];
    const { ids, post } = await openPage(mine);
    const answer = await post(`/settings/sessions/${ids[0]}/revoke`);
    expect(answer.headers.get("location")).toBe("/settings/sessions?done=ended");
    expect([await isSignedIn(mine), await isSignedIn(other)]).toEqual([true, false]);
    expect((await post(`/settings/sessions/${ids[0]}/revoke`)).status).toBe(404);
  });

  it("ends all others and leaves the one that asks", async () => {
    const person = await createPerson();
    const others = [await signIn(person.id), await signIn(person.id)];
    const mine = await signIn(person.id);
    await (await openPage(mine)).post("/settings/sessions/revoke-others");
    expect(await Promise.all(others.map(isSignedIn))).toEqual([false, false]);
    expect(await isSignedIn(mine)).toBe(true);
    const log = await readLog(person.id);
    expect(log.map(({ action }) => action)).toEqual([
      ...["session.open", "session.open", "session.open"],
      ...["session.revoke", "session.revoke"],
    ]);
    expect(log.at(-1)?.actorName).toBe(person.username);
  });

  it("doesn't reach another person's, nor what is no id", async () => {
    const [ada, eve] = [await createPerson(), await createPerson()];
    const [hers, evil] = [await signIn(ada.id), await signIn(eve.id)];
    await signIn(ada.id);
    const [id] = (await openPage(hers)).ids;
    const { post } = await openPage(evil);
    for (const wrong of [id, 0, "x", "1e3", "9".repeat(20)]) {
      expect((await post(`/settings/sessions/${wrong}/revoke`)).status).toBe(404);
    }
    expect((await openPage(hers)).ids).toEqual([id]);
  });
});

describe("signing in anew", () => {
  it("gives the browser another secret, and the old one is worth nothing", async () => {
    const person = await createPerson();
    const before = await signIn(person.id);
    const after = await signIn(person.id, before);
    expect(after).not.toBe(before);
    expect([await isSignedIn(before), await isSignedIn(after)]).toEqual([false, true]);
    const { page } = await openPage(after);
    expect(page.match(/<li /g)).toHaveLength(1);
  });

  it("never takes over a secret that was planted in the browser", async () => {
    const person = await createPerson();
    const planted = `plue=${"A".repeat(43)}`;
    const response = await send(await giveLink(person.id), { method: "POST", cookie: planted });
    const given = response.headers.get("set-cookie") ?? "";
    expect(given).toMatch(/^plue=[0-9A-Za-z]{43};/);
    expect(given.startsWith(planted)).toBe(false);
    expect(await isSignedIn(planted)).toBe(false);
  });

  it("records who signed out, of what", async () => {
    const person = await createPerson();
    const cookie = await signIn(person.id);
    const { post } = await openPage(cookie);
    expect((await post("/logout")).status).toBe(303);
    expect(await isSignedIn(cookie)).toBe(false);
    expect((await readLog(person.id)).at(-1)).toMatchObject({
      action: "session.revoke",
      details: { why: "sign-out" },
      actorName: person.username,
    });
  });
});
