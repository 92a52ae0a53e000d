// Passwords: the same work for who is known and who isn't, hashes that are brought up to date, and tries that are counted.
import { env } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { rateLimits, users } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { ANONYMOUS } from "../core/actor.ts";
import { parseEnv } from "../core/env.ts";
import {
  FAILURES_BEFORE_LOCK_MAX,
  PASSWORD_HASHES_AT_ONCE_MAX,
  PASSWORD_HASHES_WAITING_MAX,
} from "../core/limits.ts";
import { openBrowser } from "../testing/browser.ts";
import { createPerson, database } from "../testing/fixtures.ts";
import { newAddress } from "../testing/mail.ts";
import {
  countHashes,
  makeMailAccount,
  openSignedIn,
  PASSWORD,
  readActions,
  signInByForm,
} from "../testing/mail-account.ts";
import { orderEntryLink } from "./email-links.ts";
import { signInByPassword } from "./password.ts";
import { hashPassword, verifyPassword } from "./password-hash.ts";
import { register } from "./register.ts";

const makeServices = (derive = countHashes().derive) => ({
  ...{ env: parseEnv(env), database, actor: ANONYMOUS, derive },
  origin: { address: `192.0.2.${randomBase62(6)}`, userAgent: "", requestId: "" },
});
const tryTo = (login: string, password = "not the one it is") =>
  openBrowser().post("/login/password", { login, password });

describe("a stored password", () => {
  it("is a PHC string with a salt of its own, and matches its password alone", async () => {
    const [one, other] = [await hashPassword(PASSWORD), await hashPassword(PASSWORD)];
    expect(one).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(other).not.toBe(one);
    expect(await verifyPassword(PASSWORD, one)).toEqual({ isRight: true, isOutdated: false });
    expect(await verifyPassword(`${PASSWORD} `, one)).toEqual({ isRight: false, isOutdated: false });
    expect(await verifyPassword("", null)).toEqual({ isRight: false, isOutdated: false });
  });

  it("of another cost is right, and outdated", async () => {
    const stored = await hashPassword(PASSWORD, { parameters: { ln: 4, r: 8, p: 1 } });
    expect(await verifyPassword(PASSWORD, stored)).toEqual({ isRight: true, isOutdated: true });
  });

  it("is the same however its letters are composed", async () => {
    const stored = await hashPassword("überraschung im garten", { parameters: { ln: 4, r: 8, p: 1 } });
    expect((await verifyPassword("u\u0308berraschung im garten", stored)).isRight).toBe(true);
  });

  it("with a shape that isn't known is an error, and no password's", async () => {
    await expect(verifyPassword(PASSWORD, "$2b$10$abcdefghijklmnopqrstuv")).rejects.toThrow("no known shape");
  });

  it("is hashed anew with the current cost when it is next given", async () => {
    const old = await hashPassword(PASSWORD, { parameters: { ln: 10, r: 8, p: 1 } });
    const account = await makeMailAccount(old);
    await signInByForm(account.username);
    const [row] = await database.query.select().from(users).where(eq(users.id, account.id));
    expect(row?.passwordHash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/);
    await signInByForm(account.address);
  });

  it("isn't waited for by more than there is room for", async () => {
    const room = PASSWORD_HASHES_AT_ONCE_MAX + PASSWORD_HASHES_WAITING_MAX;
    const cheap = { parameters: { ln: 4, r: 8, p: 1 } };
    const ask = (count: number) =>
      Promise.allSettled(Array.from({ length: count }, () => hashPassword("x", cheap)));
    const refused = (ended: PromiseSettledResult<string>[]) =>
      ended.filter(({ status }) => status === "rejected").length;
    expect(refused(await ask(room))).toBe(0);
    expect(refused(await ask(room + 1))).toBe(1);
    expect(refused(await ask(1))).toBe(0);
  });
});

describe("signing in by password", () => {
  it("costs one hash of the same cost for everybody, known or not, with a password or without", async () => {
    const account = await makeMailAccount();
    const walletOnly = await createPerson();
    for (const login of [
      account.username,
      account.address,
      walletOnly.username,
      `u${randomBase62(12)}`,
      newAddress(),
      "",
      "' OR 1=1 --",
    ]) {
      const { derive, asked } = countHashes();
      const end = await signInByPassword(makeServices(derive), { login, password: "not the one it is" });
      expect(end).toEqual({ end: "refused" });
      expect(asked, login).toEqual(["14 8 5"]);
    }
  });

  it("says the same to everybody who isn't let in", async () => {
    const account = await makeMailAccount();
    const suspended = await makeMailAccount();
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, suspended.id));
    const logins = [account.username, suspended.username, `u${randomBase62(12)}`];
    const answers = await Promise.all(
      logins.map(async (login) => {
        const answer = await tryTo(login, login === suspended.username ? PASSWORD : "not the one it is");
        return `${answer.status} ${(await answer.text()).replaceAll(login, "…")}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^422 .*Wrong name or password/s);
    expect(await readActions(account.id)).toEqual(["sign-in.refuse"]);
  });

  it.each(["known", "unknown"])(
    "locks an address after too many failures for somebody %s, says when, and no other address",
    async (kind) => {
      const account = await makeMailAccount();
      const login = kind === "known" ? account.username : `u${randomBase62(12)}`;
      const services = makeServices();
      for (let time = 0; time <= FAILURES_BEFORE_LOCK_MAX; time++) {
        expect(await signInByPassword(services, { login, password: "wrong" })).toEqual({ end: "refused" });
      }
      const { derive, asked } = countHashes();
      const locked = await signInByPassword({ ...services, derive }, { login, password: PASSWORD });
      expect(locked.end).toBe("limited");
      expect(asked).toEqual([]);
      expect((await tryTo(login, PASSWORD)).status).toBe(kind === "known" ? 303 : 422);
    },
  );

  it("forgets an address's failures after a success", async () => {
    const account = await makeMailAccount();
    const browser = openBrowser();
    const enter = (password: string) =>
      browser.post("/login/password", { login: account.username, password });
    expect((await enter("not the one it is")).status).toBe(422);
    expect((await enter(PASSWORD)).status).toBe(303);
    const rows = await database.query
      .select()
      .from(rateLimits)
      .where(sql`${rateLimits.key} LIKE ${`failure:password:${account.id}@%`}`);
    expect(rows).toEqual([]);
  });

  it("leads back only to a page of this site, and replaces the session there was", async () => {
    const account = await makeMailAccount();
    const other = await openSignedIn((await makeMailAccount()).id);
    const before = other.cookie();
    const post = (return_to: string) =>
      other.post("/login/password", { login: account.username, password: PASSWORD, return_to });
    expect((await post("//evil.test/")).headers.get("location")).toBe("/");
    expect(await openBrowser(before).isSignedIn()).toBe(false);
    expect((await post("/settings/emails")).headers.get("location")).toBe("/settings/emails");
    expect(other.cookie()).not.toBe(before);
  });
});

describe("asking by mail", () => {
  it("does the same statements and hashes for an address that is known as for one that isn't", async () => {
    const account = await makeMailAccount();
    const counted = async (address: string) => {
      const { derive, asked } = countHashes();
      const statements: string[] = [];
      const spied = {
        ...database,
        transaction: ((work) =>
          database.transaction((transaction) =>
            work(
              new Proxy(transaction, {
                get: (target, name, receiver) => {
                  statements.push(String(name));
                  return Reflect.get(target, name, receiver);
                },
              }),
            ),
          )) satisfies typeof database.transaction,
      };
      const services = { ...makeServices(derive), database: spied };
      const username = `u${randomBase62(12)}`;
      expect(await register(services, { username, address, password: PASSWORD })).toEqual({ end: "mailed" });
      expect(await orderEntryLink(services, "sign-in", address)).toEqual({ end: "mailed" });
      expect(await orderEntryLink(services, "reset", address)).toEqual({ end: "mailed" });
      return { statements, asked };
    };
    const known = await counted(account.address);
    expect(known.asked).toHaveLength(1);
    expect(known.statements.length).toBeGreaterThanOrEqual(7);
    expect(await counted(newAddress())).toEqual(known);
  });
});
