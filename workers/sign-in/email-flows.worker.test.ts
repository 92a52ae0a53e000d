// Registering, signing in, resetting and changing addresses by mail: every link once, in time, for its one purpose, and
// no answer that tells who is known.
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { accessTokens, authSessions, emails, emailTokens, users } from "../../schema/tables/auth.ts";
import { mails } from "../../schema/tables/mail.ts";
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { MAIL_PER_ASKER, MAIL_PER_RECIPIENT } from "../core/limits.ts";
import { type Browser, openBrowser } from "../testing/browser.ts";
import { database, giveToken, send } from "../testing/fixtures.ts";
import { newAddress, readLink, readMails } from "../testing/mail.ts";
import {
  makeMailAccount,
  openSignedIn,
  PASSWORD,
  readActions,
  signInByForm,
} from "../testing/mail-account.ts";
import { TestBrowser } from "./testing/browser.ts";

const OTHER_PASSWORD = "meadow/39 trombone";
const newName = () => `u${randomBase62(12)}`;

async function register(username: string, address: string): Promise<Response> {
  return openBrowser().post("/register", { username, email: address, password: PASSWORD });
}

/** Everything of a page but the address that was typed into it and the request's own id. */
const readShape = async (response: Response, ...typed: string[]): Promise<string> =>
  typed.reduce((text, word) => text.replaceAll(word, "…"), await response.text());

describe("registering", () => {
  it("makes an account with the link, and not before, and signs its owner in", async () => {
    const [username, address] = [newName(), newAddress()];
    expect((await register(username, address)).status).toBe(303);
    const count = () => database.query.select().from(users).where(eq(users.username, username));
    expect(await count()).toHaveLength(0);
    const link = await readLink(address, /Make your/);
    const browser = openBrowser();
    for (let look = 0; look < 2; look++) expect((await browser.get(link)).status).toBe(200);
    expect(await count()).toHaveLength(0);
    expect((await browser.post(link, { username })).status).toBe(303);
    expect(await browser.isSignedIn()).toBe(true);
    const [made] = await count();
    expect(made?.passwordHash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/);
    expect(await readActions(made?.id ?? 0)).toEqual(["account.activate", "session.open"]);
    await signInByForm(address.toUpperCase());
  });

  it("squats nothing: whoever comes first has the name, and the other takes another one with the same link", async () => {
    const username = newName();
    const [one, other] = [newAddress(), newAddress()];
    await register(username, one);
    await register(username, other);
    const [first, second] = [await readLink(one, /Make your/), await readLink(other, /Make your/)];
    expect((await openBrowser().post(first, { username })).status).toBe(303);
    const refused = await openBrowser().post(second, { username: username.toUpperCase() });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toMatch(/is called .* already/);
    expect((await openBrowser().post(second, { username: "settings" })).status).toBe(422);
    expect((await openBrowser().post(second, { username: newName() })).status).toBe(303);
  });

  it("ends every other activation of an address with the first", async () => {
    const address = newAddress();
    await register(newName(), address);
    const first = await readLink(address, /Make your/);
    await register(newName(), address);
    const second = await readLink(address, /Make your/);
    expect(second).not.toBe(first);
    expect((await openBrowser().post(second, { username: newName() })).status).toBe(303);
    expect((await openBrowser().post(first, { username: newName() })).status).toBe(410);
  });

  it("answers the same for an address that is known, and tells its owner alone", async () => {
    const known = await makeMailAccount();
    const [address, username] = [newAddress(), newName()];
    const answers = [await register(username, address), await register(username, known.address)];
    expect(answers.map(({ status }) => status)).toEqual([303, 303]);
    expect(new Set(answers.map(({ headers }) => headers.get("location")))).toEqual(
      new Set(["/login/sent?for=register"]),
    );
    const [unknownPage, knownPage] = await Promise.all([
      readShape(answers[0] ?? new Response(), address),
      readShape(answers[1] ?? new Response(), known.address),
    ]);
    expect(knownPage).toBe(unknownPage);
    const [mail] = await readMails(known.address);
    expect(mail?.subject).toBe("You already have a Plue account");
    expect(mail?.text).toContain(known.username);
    expect(mail?.text).not.toContain("/activate/");
  });

  it("refuses names, addresses and passwords that won't do, each at its field", async () => {
    const taken = await makeMailAccount();
    const post = (fields: Record<string, string>) =>
      openBrowser().post("/register", {
        ...{ username: newName(), email: newAddress(), password: PASSWORD },
        ...fields,
      });
    for (const [fields, id] of [
      [{ username: taken.username.toUpperCase() }, "username"],
      [{ username: "admin" }, "username"],
      [{ username: "a--b" }, "username"],
      [{ username: "" }, "username"],
      [{ email: "nobody" }, "email"],
      [{ email: "a@example.com\r\nBcc: eve@example.com" }, "email"],
      [{ email: "a@example.com,eve@example.com" }, "email"],
      [{ password: "password1234" }, "password"],
      [{ password: "short" }, "password"],
    ] as const) {
      const answer = await post(fields);
      expect(answer.status, JSON.stringify(fields)).toBe(422);
      const html = await answer.text();
      expect(html).toContain(`id="${id}-error"`);
      expect(html).not.toContain(PASSWORD);
    }
  });
});

describe("a mailed link", () => {
  const kinds = ["activate", "sign-in", "reset", "verify"] as const;

  /** A fresh link of each kind with what its form sends, and who takes it. */
  async function makeLink(kind: (typeof kinds)[number]) {
    if (kind === "activate") {
      const [username, address] = [newName(), newAddress()];
      await register(username, address);
      const link = await readLink(address, /Make your/);
      return { link, fields: { username }, browsers: [openBrowser(), openBrowser()] };
    }
    const account = await makeMailAccount();
    if (kind === "verify") {
      const browser = await openSignedIn(account.id);
      const address = newAddress();
      await browser.post("/settings/emails", { email: address });
      const link = await readLink(address, /Is this address yours/);
      return { link, fields: {}, browsers: [browser, openBrowser(browser.cookie())] };
    }
    const path = kind === "reset" ? "/reset" : "/login/email";
    await openBrowser().post(path, { login: account.username });
    const link = await readLink(account.address, kind === "reset" ? /new password/ : /Sign in/);
    const fields: Record<string, string> = kind === "reset" ? { password: OTHER_PASSWORD } : {};
    return { link, fields, browsers: [openBrowser(), openBrowser()] };
  }

  const isDone = ({ status }: Response) => status === 303 || status === 200;
  const secretOf = (link: string) => link.split("/").at(-1) ?? "";

  it.each(kinds)("to %s is taken by a form alone, once, and says so afterwards", async (kind) => {
    const { link, fields, browsers } = await makeLink(kind);
    for (let look = 0; look < 2; look++) {
      const page = await browsers[0]?.get(link);
      expect(page?.status).toBe(200);
      expect(page?.headers.get("cache-control")).toBe("no-store");
      expect(page?.headers.get("referrer-policy")).toBe("same-origin");
    }
    expect(isDone((await browsers[0]?.post(link, fields)) ?? new Response())).toBe(true);
    for (const browser of [browsers[0], openBrowser(browsers[0]?.cookie())]) {
      const again = await browser?.post(link, fields);
      expect(again?.status).toBe(410);
    }
    expect(await (await browsers[0]?.get(link))?.text()).toMatch(/has been used/);
  });

  it.each(kinds)("to %s is taken by one of two who come at once", async (kind) => {
    const { link, fields, browsers } = await makeLink(kind);
    const answers = await Promise.all(browsers.map((browser) => browser.post(link, fields)));
    expect(answers.filter(isDone)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(1);
  });

  it.each(kinds)("to %s does nothing once it has expired", async (kind) => {
    const { link, fields, browsers } = await makeLink(kind);
    await database.query
      .update(emailTokens)
      .set({ expiresAt: sql`now()` })
      .where(eq(emailTokens.secretHash, await hashSecret(secretOf(link))));
    expect((await browsers[0]?.post(link, fields))?.status).toBe(410);
    expect(await (await browsers[0]?.get(link))?.text()).toMatch(/expired/);
  });

  it.each(kinds)("to %s opens nothing else, and is nowhere to be read in the database", async (kind) => {
    const { link, fields, browsers } = await makeLink(kind);
    const secret = secretOf(link);
    for (const path of [
      "/activate/",
      "/login/email/",
      "/login/once/",
      "/reset/",
      "/verify/email/",
      "/verify/old/",
    ]) {
      if (link.startsWith(path)) continue;
      const sent = { username: newName(), password: OTHER_PASSWORD };
      expect((await browsers[0]?.post(`${path}${secret}`, sent))?.status, path).toBe(
        path.startsWith("/verify") && !(await browsers[0]?.isSignedIn()) ? 401 : 410,
      );
    }
    const stored = JSON.stringify([
      await database.query
        .select()
        .from(emailTokens)
        .where(eq(emailTokens.secretHash, await hashSecret(secret))),
      await database.query.select().from(mails).where(eq(mails.state, "queued")),
    ]);
    expect(stored).toContain(await hashSecret(secret));
    expect(stored).not.toContain(secret);
    expect(isDone((await browsers[0]?.post(link, fields)) ?? new Response())).toBe(true);
  });
});

describe("a link to sign in", () => {
  it.each(["/login/email", "/reset"])("is asked for at %s with one answer, known or not", async (path) => {
    const account = await makeMailAccount();
    const ask = async (login: string) => {
      const answer = await openBrowser().post(path, { login });
      return `${answer.status} ${answer.headers.get("location")} ${await readShape(answer, login)}`;
    };
    const unknown = await ask(newAddress());
    for (const login of [account.address, account.username, newName()])
      expect(await ask(login)).toBe(unknown);
    expect(await readMails(account.address)).toHaveLength(2);
  });

  it("isn't sent to an address that was never verified, nor to who is suspended", async () => {
    const account = await makeMailAccount();
    const claimed = newAddress();
    await database.query.insert(emails).values({ userId: account.id, address: claimed });
    await openBrowser().post("/login/email", { login: claimed });
    expect(await readMails(claimed)).toHaveLength(0);
    await openBrowser().post("/login/email", { login: account.username });
    const link = await readLink(account.address, /Sign in/);
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, account.id));
    expect((await openBrowser().post(link)).status).toBe(410);
  });
});

describe("a new password", () => {
  it("by reset ends every session and link, works from then on, and is told to its owner", async () => {
    const account = await makeMailAccount();
    const stolen = await openSignedIn(account.id);
    await openBrowser().post("/login/email", { login: account.username });
    const signInLink = await readLink(account.address, /Sign in/);
    await openBrowser().post("/reset", { login: account.address });
    const link = await readLink(account.address, /Set a new password/);
    const weak = await openBrowser().post(link, { password: `${account.username}2026` });
    expect(weak.status).toBe(422);
    const token = await giveToken(account.id, ["repo:read"]);
    const done = await openBrowser().post(link, { password: OTHER_PASSWORD });
    expect([done.status, done.headers.get("location")]).toEqual([303, "/login/password?done=reset"]);
    expect((await send("/api/v3/user", { token })).status).toBe(200);
    expect(await stolen.isSignedIn()).toBe(false);
    expect((await openBrowser().post(signInLink)).status).toBe(410);
    await signInByForm(account.username, OTHER_PASSWORD);
    const old = await openBrowser().post("/login/password", { login: account.username, password: PASSWORD });
    expect(old.status).toBe(422);
    const subjects = (await readMails(account.address)).map(({ subject }) => subject);
    expect(subjects).toContain("Your password was changed");
    expect(await readActions(account.id)).toContain("password.reset");
  });

  it("by settings needs the present one, keeps this browser signed in and no other", async () => {
    const account = await makeMailAccount();
    const [browser, other] = [await openSignedIn(account.id), await openSignedIn(account.id)];
    const before = browser.cookie();
    const change = (current: string, password: string) =>
      browser.post("/settings/password", { current, password });
    expect((await change("wrong", OTHER_PASSWORD)).status).toBe(422);
    expect((await change(PASSWORD, "password1234")).status).toBe(422);
    expect((await change(PASSWORD, OTHER_PASSWORD)).status).toBe(303);
    expect(await browser.isSignedIn()).toBe(true);
    expect(await other.isSignedIn()).toBe(false);
    expect(await openBrowser(before).isSignedIn()).toBe(false);
    expect(await readActions(account.id)).toContain("password.change");
    const live = await database.query.select().from(authSessions).where(eq(authSessions.userId, account.id));
    expect(live.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
  });
});

describe("the API tokens of an account", () => {
  const isAlive = async (token: string) => (await send("/api/v3/user", { token })).status === 200;

  it("are mentioned where a password is set anew, and revoked with it when that is chosen", async () => {
    const account = await makeMailAccount();
    await revokeAll(account.id);
    await openBrowser().post("/reset", { login: account.address });
    const link = await readLink(account.address, /Set a new password/);
    const ask = async (path: string, browser = openBrowser()) => (await browser.get(path)).text();
    expect(await ask(link)).not.toContain("revoke_tokens");
    const tokens = [await giveToken(account.id, ["admin"]), await giveToken(account.id, ["repo:read"])];
    expect(await ask(link)).toContain("Also revoke all 2 API tokens of this account");
    expect(await ask("/settings/password", await openSignedIn(account.id))).toContain("all 2 API tokens");
    const done = await openBrowser().post(link, { password: OTHER_PASSWORD, revoke_tokens: "yes" });
    expect(done.headers.get("location")).toBe("/login/password?done=reset-all");
    expect(await Promise.all(tokens.map(isAlive))).toEqual([false, false]);
    expect(await readActions(account.id)).toContain("token.revoke-all");
  });

  it("are revoked with a changed password when that is chosen, and not otherwise", async () => {
    const account = await makeMailAccount();
    const token = await giveToken(account.id, ["admin"]);
    const browser = await openSignedIn(account.id);
    const change = (current: string, password: string, more: Record<string, string> = {}) =>
      browser.post("/settings/password", { current, password, ...more });
    expect((await change(PASSWORD, OTHER_PASSWORD)).status).toBe(303);
    expect(await isAlive(token)).toBe(true);
    expect((await change(OTHER_PASSWORD, PASSWORD, { revoke_tokens: "yes" })).status).toBe(303);
    expect(await isAlive(token)).toBe(false);
  });
});

const revokeAll = (userId: number) =>
  database.query.update(accessTokens).set({ revokedAt: new Date() }).where(eq(accessTokens.userId, userId));

describe("mail that is asked for", () => {
  const ask = async (browser: Browser, login: string, path = "/reset") =>
    (await browser.post(path, { login })).status;

  it("comes to five an hour for one recipient from one address", async () => {
    const [browser, login] = [openBrowser(), newAddress()];
    for (let time = 0; time < MAIL_PER_ASKER.requestsMax; time++) expect(await ask(browser, login)).toBe(303);
    expect(await ask(browser, login)).toBe(429);
    expect(await ask(browser, newAddress())).toBe(303);
  });

  it("comes to so many for one recipient from all addresses, and each kind has its own count", async () => {
    const login = newAddress();
    for (let time = 0; time < MAIL_PER_RECIPIENT.requestsMax; time++)
      expect(await ask(openBrowser(), login)).toBe(303);
    expect(await ask(openBrowser(), login)).toBe(429);
    expect(await ask(openBrowser(), login, "/login/email")).toBe(303);
  });

  it("isn't kept from its owner, in a browser the account knows, by what others ask for", async () => {
    const account = await makeMailAccount();
    const own = new TestBrowser({ "cf-connecting-ip": `203.0.113.${randomBase62(8)}` });
    await own.post("/login/password", { login: account.username, password: PASSWORD });
    await own.post("/logout");
    for (const path of ["/reset", "/login/email"]) {
      for (let time = 0; time < MAIL_PER_RECIPIENT.requestsMax; time++)
        await ask(openBrowser(), account.username, path);
      expect(await ask(openBrowser(), account.username, path)).toBe(429);
      expect((await own.post(path, { login: account.username })).status).toBe(303);
    }
  });
});
