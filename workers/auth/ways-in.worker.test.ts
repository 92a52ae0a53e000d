// Session fixation, by every way in: a cookie that somebody planted is never the one of who signs in on it, and what it
// was good for before ends.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { authSessions, users } from "../../schema/tables/auth.ts";
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { TestBrowser } from "../sign-in/testing/browser.ts";
import { SoftwarePasskey } from "../sign-in/testing/software-authenticator.ts";
import { WalletVisitor } from "../sign-in/testing/wallet-visitor.ts";
import { createPerson, database, giveLink, send } from "../testing/fixtures.ts";
import { newAddress, readLink } from "../testing/mail.ts";
import { makeMailAccount, openSignedIn, PASSWORD } from "../testing/mail-account.ts";

const newName = () => `w${randomBase62(12)}`.toLowerCase();
const idOf = async (username: string) =>
  (await database.query.select().from(users).where(eq(users.username, username)))[0]?.id ?? 0;

/** Who comes in, and how, in whatever browser: all but the last step is done. */
interface Way {
  /** Undefined where the account is made by it. */
  personId?: number;
  username: string;
  enter(browser: TestBrowser): Promise<Response>;
}

const byMail = async (path: string, subject: RegExp, fields: Record<string, string>): Promise<Way> => {
  const account = await makeMailAccount();
  await new TestBrowser().post(path, { login: account.username });
  const link = await readLink(account.address, subject);
  return { personId: account.id, username: account.username, enter: (browser) => browser.post(link, fields) };
};

const WAYS: Record<string, () => Promise<Way>> = {
  password: async () => {
    const { id, username } = await makeMailAccount();
    const fields = { login: username, password: PASSWORD };
    return { personId: id, username, enter: (browser) => browser.post("/login/password", fields) };
  },
  "mailed link": () => byMail("/login/email", /Sign in/, {}),
  "a password that was reset": async () => {
    const password = "meadow/39 trombone";
    const { enter: reset, ...way } = await byMail("/reset", /new password/, { password });
    const enter = async (browser: TestBrowser) => {
      expect((await reset(browser)).status).toBe(303);
      return browser.post("/login/password", { login: way.username, password });
    };
    return { ...way, enter };
  },
  activation: async () => {
    const [username, email] = [newName(), newAddress()];
    await new TestBrowser().post("/register", { username, email, password: PASSWORD });
    const link = await readLink(email, /Make your/);
    return { username, enter: (browser) => browser.post(link, { username }) };
  },
  "one-time link": async () => {
    const { id, username } = await createPerson();
    const link = await giveLink(id);
    return { personId: id, username, enter: (browser) => browser.post(link) };
  },
  wallet: async () => {
    const [visitor, username] = [new WalletVisitor(), newName()];
    await visitor.register(username);
    return { personId: await idOf(username), username, enter: (browser) => share(visitor, browser).signIn() };
  },
  "wallet that is new": async () => {
    const [visitor, username] = [new WalletVisitor(), newName()];
    return { username, enter: (browser) => share(visitor, browser).register(username) };
  },
  passkey: async () => {
    const [visitor, passkey, username] = [new WalletVisitor(), await SoftwarePasskey.create(), newName()];
    await visitor.register(username);
    const made = await askPasskey(visitor, "/settings/passkeys/options");
    const answer = await passkey.register(made, made.user?.id ?? "");
    await visitor.post("/settings/passkeys", { answer, name: "key" });
    const enter = async (browser: TestBrowser) => {
      const options = await askPasskey(browser, "/login/passkey/options");
      return browser.post("/login/passkey", { answer: await passkey.signIn(options) });
    };
    return { personId: await idOf(username), username, enter };
  },
};

/** A wallet in another's browser. */
function share(visitor: WalletVisitor, browser: TestBrowser): WalletVisitor {
  const shared = new WalletVisitor(visitor.key);
  Object.defineProperty(shared, "cookies", { value: browser.cookies });
  return shared;
}

async function askPasskey(browser: TestBrowser, path: string) {
  const answer = await browser.postJson(path, { purpose: "sign-in" });
  return answer.json<{ challenge: string; user?: { id: string } }>();
}

const openedBy = async (secret: string) => {
  const tokenHash = await hashSecret(secret);
  const [row] = await database.query.select().from(authSessions).where(eq(authSessions.tokenHash, tokenHash));
  return row?.revokedAt === null ? row.userId : undefined;
};

describe.each(Object.entries(WAYS))("coming in by %s", (_, prepare) => {
  it("makes a session of its own on a planted cookie, and ends the one that was planted", async () => {
    const attacker = await createPerson();
    const live = (await openSignedIn(attacker.id)).cookie().replace("plue=", "");
    for (const planted of [randomBase62(43), live]) {
      const way = await prepare();
      const browser = new TestBrowser();
      browser.cookies.set("plue", planted);
      const answer = await way.enter(browser);
      expect([answer.status, browser.cookies.get("plue")]).toEqual([303, expect.stringMatching(/^\w{43}$/)]);
      const made = browser.cookies.get("plue") ?? "";
      expect(made).not.toBe(planted);
      expect(await openedBy(made)).toBe(way.personId ?? (await idOf(way.username)));
      expect(await openedBy(planted)).toBeUndefined();
      expect((await send("/new", { cookie: `plue=${planted}` })).status).toBe(401);
    }
  });
});
