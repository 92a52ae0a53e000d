// Guessing: what wildcards and quotes match in searches, and how often a password may be tried.
import { eq, inArray, like, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { rateLimits, users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import {
  ADDRESS_FAILURES_BEFORE_LOCK_MAX,
  FAILURES_BEFORE_LOCK_MAX,
  LOCK_MS_MAX,
  LOCK_MS_MIN,
} from "../core/limits.ts";
import { TestBrowser } from "../sign-in/testing/browser.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database, type Person, send } from "../testing/fixtures.ts";
import { type MailAccount, makeMailAccount, openSignedIn, PASSWORD } from "../testing/mail-account.ts";
import { insist } from "../testing/organizations.ts";

const WILD = [
  "%",
  "_",
  "u%",
  "u_",
  "\\",
  "\\%",
  "' OR '1'='1",
  "'; DROP TABLE users; --",
  '") OR 1=1 --',
  "*",
  "u.*",
];

describe("a search", () => {
  let admin: Person;
  let cookie: string;

  beforeAll(async () => {
    admin = await createPerson();
    await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, admin.id));
    cookie = (await openSignedIn(admin.id)).cookie();
  });
  const countFound = async (search: string) => {
    const page = await send(`/site-admin?search=${encodeURIComponent(search)}`, { cookie });
    expect([search, page.status]).toEqual([search, 200]);
    return [...(await page.text()).matchAll(/\/site-admin\/people\/\w+/g)].length;
  };

  it("among people finds who is meant, and takes wildcards and quotes as they are", async () => {
    const person = await createPerson();
    expect(await countFound(person.username)).toBe(1);
    expect(await countFound(person.username.toUpperCase())).toBe(1);
    for (const word of WILD) {
      expect([word, await countFound(word)]).toEqual([word, 0]);
      const near = `${person.username.slice(0, -1)}${word}`;
      expect([near, await countFound(near)]).toEqual([near, 0]);
    }
  });

  it("of the audit log finds an action or an actor by its whole name only", async () => {
    const exported = async (name: string, value: string) =>
      (await send(`/site-admin/audit/export?${name}=${encodeURIComponent(value)}`, { cookie })).text();
    await insist(admin, "POST", "/orgs", { login: `o${randomBase62(10)}` });
    expect(await exported("actor", admin.username)).toContain("organization.");
    for (const word of [...WILD, `${admin.username.slice(0, -1)}_`, `${admin.username.slice(0, 4)}%`]) {
      expect([word, await exported("actor", word)]).toEqual([word, ""]);
    }
    for (const word of [...WILD, "session%", "session._pen", "session"]) {
      expect([word, await exported("action", word)]).toEqual([word, ""]);
    }
  });

  it("by a name in an address finds nobody by a wildcard", async () => {
    const person = await createPerson();
    for (const word of [...WILD, `${person.username.slice(0, -1)}_`, `${person.username.slice(0, -1)}%`]) {
      for (const path of ["/api/v3/users/", "/api/v3/orgs/", `/api/v3/repos/${person.username}/`]) {
        const answer = await send(path + encodeURIComponent(word), { token: person.token });
        await answer.body?.cancel();
        expect([path, word, answer.status]).toEqual([path, word, 404]);
      }
    }
    const login = `${person.username.slice(0, -1)}_`;
    expect((await openBrowser().post("/login/password", { login, password: PASSWORD })).status).toBe(422);
  });
});

describe("guessing a password", () => {
  let victim: MailAccount;
  const address = `203.0.113.${randomBase62(8)}`;
  const tryFrom = (from: string, login: string, password: string) =>
    new TestBrowser({ "cf-connecting-ip": from }).post("/login/password", { login, password });
  const elsewhere = () => `203.0.113.${randomBase62(8)}`;
  const keyOf = (account: MailAccount) => `failure:password:${account.id}@address:${address}`;

  // As many failures as `failures`, all but the last longer ago than their lock.
  async function setFailures(failures: number): Promise<void> {
    await database.query
      .insert(rateLimits)
      .values({ key: keyOf(victim), failures, arrivalAt: sql`now() + interval '1 hour'` })
      .onConflictDoUpdate({ target: rateLimits.key, set: { failures, lockedUntil: null } });
    await database.query.delete(rateLimits).where(like(rateLimits.key, "failure:password-address:%"));
  }

  beforeAll(async () => {
    victim = await makeMailAccount();
  });

  it("from one address locks the account for that address, for the right password too, and nobody else", async () => {
    const other = await makeMailAccount();
    for (let time = 0; time <= FAILURES_BEFORE_LOCK_MAX; time++) {
      // By name and by address, so that neither is a second chance.
      const login = time % 2 === 0 ? victim.username.toUpperCase() : victim.address;
      expect((await tryFrom(address, login, `guess ${time} ${randomBase62(4)}`)).status).toBe(422);
    }
    for (const login of [victim.username, victim.address]) {
      const locked = await tryFrom(address, login, PASSWORD);
      expect(locked.status).toBe(429);
      expect(locked.headers.getSetCookie()).toEqual([]);
      const waitSeconds = Number(locked.headers.get("retry-after"));
      expect(waitSeconds).toBeGreaterThan(0);
      expect(waitSeconds).toBeLessThanOrEqual(LOCK_MS_MIN / 1000);
    }
    expect((await tryFrom(address, other.username, PASSWORD)).status).toBe(303);
    expect((await tryFrom(elsewhere(), victim.username, PASSWORD)).status).toBe(303);
  });

  it("locks for twice as long with each failure, up to the longest", async () => {
    const waits: number[] = [];
    for (let more = 0; more < 6; more++) {
      await setFailures(FAILURES_BEFORE_LOCK_MAX + more);
      expect((await tryFrom(address, victim.username, "another guess")).status).toBe(422);
      const locked = await tryFrom(address, victim.username, PASSWORD);
      expect(locked.status).toBe(429);
      waits.push(Number(locked.headers.get("retry-after")) * 1000);
    }
    const wanted = [1, 2, 4, 8, 16, 32].map((times) => Math.min(LOCK_MS_MIN * times, LOCK_MS_MAX));
    for (const [at, wait] of waits.entries()) {
      expect(wait).toBeLessThanOrEqual(wanted[at] ?? 0);
      expect(wait).toBeGreaterThan((wanted[at] ?? 0) - 10_000);
    }
  });

  it("ends with the lock: the right password is then let in, and failures are forgotten", async () => {
    await setFailures(FAILURES_BEFORE_LOCK_MAX + 3);
    expect((await tryFrom(address, victim.username, PASSWORD)).status).toBe(303);
    const left = await database.query
      .select()
      .from(rateLimits)
      .where(inArray(rateLimits.key, [keyOf(victim)]));
    expect(left).toEqual([]);
  });

  it("of many accounts from one address locks the address", async () => {
    const from = elsewhere();
    for (let time = 0; time <= ADDRESS_FAILURES_BEFORE_LOCK_MAX; time++) {
      expect((await tryFrom(from, `nobody-${randomBase62(8)}`, "a guess")).status).toBe(422);
    }
    expect((await tryFrom(from, (await makeMailAccount()).username, PASSWORD)).status).toBe(429);
  });
});
