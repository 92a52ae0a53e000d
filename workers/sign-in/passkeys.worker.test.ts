// Passkeys: what is taken, and all that isn't; and that nobody removes their last way in.
import { and, asc, eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { auditEvents, authSessions, emails, passkeys, users, wallets } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { RECENT_PROOF_MS } from "../core/limits.ts";
import { database } from "../testing/fixtures.ts";
import { TestBrowser } from "./testing/browser.ts";
import { createSigningKey } from "./testing/signing-key.ts";
import { SoftwarePasskey } from "./testing/software-authenticator.ts";
import { WalletVisitor } from "./testing/wallet-visitor.ts";

interface Options {
  challenge: string;
  user: { id: string };
}

async function ask(browser: TestBrowser, path = "/login/passkey/options", purpose = "sign-in") {
  const answer = await browser.postJson(path, { purpose });
  expect(answer.status).toBe(200);
  return answer.json<Options>();
}

async function registerPerson(): Promise<{ visitor: WalletVisitor; id: number }> {
  const [visitor, username] = [new WalletVisitor(), `p${randomBase62(12)}`.toLowerCase()];
  expect((await visitor.register(username)).status).toBe(303);
  const [user] = await database.query.select().from(users).where(eq(users.username, username));
  return { visitor, id: user?.id ?? 0 };
}

async function add(visitor: WalletVisitor, passkey: SoftwarePasskey, lies: object = {}): Promise<Response> {
  const { challenge, user } = await ask(visitor, "/settings/passkeys/options");
  const answer = await passkey.register({ challenge, ...lies }, user.id);
  return visitor.post("/settings/passkeys", { answer, name: "my key" });
}

async function signIn(browser: TestBrowser, passkey: SoftwarePasskey, lies: object = {}): Promise<Response> {
  const { challenge } = await ask(browser);
  return browser.post("/login/passkey", { answer: await passkey.signIn({ challenge, ...lies }) });
}

const readReasons = async (ownerId: number) => {
  const rows = await database.query
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.ownerId, ownerId), eq(auditEvents.action, "sign-in.refuse")))
    .orderBy(asc(auditEvents.id));
  return rows.map(({ details }) => details.reason);
};
const findPasskeys = (userId: number) =>
  database.query.select().from(passkeys).where(eq(passkeys.userId, userId));

describe("a passkey", () => {
  it("is kept with its flags, signs in without a name, and both are kept up to date", async () => {
    const { visitor, id } = await registerPerson();
    const passkey = await SoftwarePasskey.create();
    passkey.counter = 3;
    expect((await add(visitor, passkey)).headers.get("location")).toBe("/settings/passkeys?done=added");
    expect(await findPasskeys(id)).toMatchObject([
      {
        ...{ name: "my key", credentialId: passkey.id, counter: 3, transports: ["internal"] },
        ...{ isBackupEligible: true, isBackedUp: false, lastUsedAt: null },
      },
    ]);
    passkey.counter = 4;
    const elsewhere = new TestBrowser();
    expect((await signIn(elsewhere, passkey, { isBackedUp: true })).status).toBe(303);
    expect(await elsewhere.isSignedIn()).toBe(true);
    expect(await findPasskeys(id)).toMatchObject([{ counter: 4, isBackedUp: true }]);
  });

  it("whose counter goes back or stands still is refused, at once too; one that doesn't count isn't", async () => {
    const { visitor, id } = await registerPerson();
    const [counting, silent] = [await SoftwarePasskey.create(), await SoftwarePasskey.create()];
    counting.counter = 7;
    await add(visitor, counting);
    await add(visitor, silent);
    expect((await signIn(new TestBrowser(), counting)).status).toBe(422);
    counting.counter = 6;
    expect((await signIn(new TestBrowser(), counting)).status).toBe(422);
    expect(await readReasons(id)).toEqual(["counter", "counter"]);
    counting.counter = 8;
    const copies = await Promise.all([1, 2, 3].map(() => signIn(new TestBrowser(), counting)));
    expect(copies.map(({ status }) => status).sort()).toEqual([303, 422, 422]);
    expect((await signIn(new TestBrowser(), silent)).status).toBe(303);
    expect((await signIn(new TestBrowser(), silent)).status).toBe(303);
  });

  describe("that lies", () => {
    let passkey: SoftwarePasskey;
    let visitor: WalletVisitor;
    let id: number;
    beforeAll(async () => {
      ({ visitor, id } = await registerPerson());
      passkey = await SoftwarePasskey.create();
      await add(visitor, passkey);
    });

    it.each([
      ["about the origin", { origin: "https://evil.test" }, /origin/],
      ["about the site", { rpId: "evil.test" }, /RP ID/],
      ["by not checking its user", { isVerified: false }, /verified/],
      ["about what it was asked", { type: "webauthn.create" }, /type/],
      ["about its challenge", { challenge: "A".repeat(43) }, /unknown/],
    ])("%s is refused", async (_, lies, reason) => {
      const browser = new TestBrowser();
      expect((await signIn(browser, passkey, lies)).status).toBe(422);
      expect((await readReasons(id)).at(-1)).toMatch(reason);
      expect(await browser.isSignedIn()).toBe(false);
    });

    it("about whose it is, or what it is, is refused", async () => {
      const browser = new TestBrowser();
      const { challenge } = await ask(browser);
      const answer = await passkey.signIn({ challenge }, { userHandle: "AAAA" });
      expect((await browser.post("/login/passkey", { answer })).status).toBe(422);
      expect((await readReasons(id)).at(-1)).toBe("user-handle");
      const forged = JSON.parse(await passkey.signIn(await ask(browser)));
      forged.response.signature = `${forged.response.signature.slice(0, -4)}AAAA`;
      const forgedAnswer = { answer: JSON.stringify(forged) };
      expect((await browser.post("/login/passkey", forgedAnswer)).status).toBe(422);
      for (const nonsense of ["", "{", "[]", "{}", '{"id":"!"}', "null"]) {
        expect((await browser.post("/login/passkey", { answer: nonsense })).status).toBe(422);
      }
      expect(await browser.isSignedIn()).toBe(false);
    });

    it("when it is made is refused as well", async () => {
      for (const lies of [{ origin: "https://evil.test" }, { rpId: "evil.test" }, { isVerified: false }]) {
        expect((await add(visitor, await SoftwarePasskey.create(), lies)).status).toBe(422);
      }
      expect(await findPasskeys(id)).toHaveLength(1);
    });
  });

  it("answers a challenge once, in the browser that asked, and for what was asked", async () => {
    const { visitor, id } = await registerPerson();
    const passkey = await SoftwarePasskey.create();
    await add(visitor, passkey);
    const [victim, thief] = [new TestBrowser(), new TestBrowser()];
    await ask(thief);
    const answer = await passkey.signIn(await ask(victim));
    expect((await thief.post("/login/passkey", { answer })).status).toBe(422);
    const tries = await Promise.all([1, 2, 3].map(() => victim.post("/login/passkey", { answer })));
    expect(tries.map(({ status }) => status).sort()).toEqual([303, 422, 422]);
    // To confirm, it has to be asked to confirm.
    const other = await passkey.signIn(await ask(visitor));
    expect((await visitor.post("/login/passkey", { answer: other, purpose: "confirm" })).status).toBe(422);
    expect(await readReasons(id)).toEqual(["other-browser", "used", "used", "other-person"]);
  });

  it("of somebody else confirms nothing, nor is it added twice", async () => {
    const [ada, eve] = [await registerPerson(), await registerPerson()];
    const passkey = await SoftwarePasskey.create();
    await add(ada.visitor, passkey);
    const asked = await ask(eve.visitor, "/login/passkey/options", "confirm");
    const answer = await passkey.signIn(asked);
    expect((await eve.visitor.post("/login/passkey", { answer, purpose: "confirm" })).status).toBe(422);
    expect((await readReasons(ada.id)).at(-1)).toBe("other-account");
    expect((await add(eve.visitor, passkey)).status).toBe(422);
    expect(await findPasskeys(eve.id)).toEqual([]);
  });
});

describe("one's own ways in", () => {
  const removal = (visitor: WalletVisitor, kind: string, id: number | undefined) =>
    visitor.post(`/settings/${kind}/${id}/remove`);

  it("are renamed and removed by nobody else", async () => {
    const [ada, eve] = [await registerPerson(), await registerPerson()];
    await add(ada.visitor, await SoftwarePasskey.create());
    const [passkey] = await findPasskeys(ada.id);
    expect((await removal(eve.visitor, "passkeys", passkey?.id)).status).toBe(404);
    const rename = (visitor: WalletVisitor, name: string) =>
      visitor.post(`/settings/passkeys/${passkey?.id}/name`, { name });
    expect((await rename(eve.visitor, "mine")).status).toBe(404);
    expect((await rename(ada.visitor, "a".repeat(60))).status).toBe(303);
    expect((await rename(ada.visitor, "a".repeat(61))).status).toBe(422);
    expect((await rename(ada.visitor, " ")).status).toBe(422);
    expect((await rename(ada.visitor, "a\u0007b")).status).toBe(422);
    expect((await findPasskeys(ada.id))[0]?.name).toBe("a".repeat(60));
  });

  it("are never all removed, even by two removals at once; a verified address is one too", async () => {
    const { visitor, id } = await registerPerson();
    await add(visitor, await SoftwarePasskey.create());
    const [passkey] = await findPasskeys(id);
    const [wallet] = await database.query.select().from(wallets).where(eq(wallets.userId, id));
    const ends = await Promise.all([
      removal(visitor, "passkeys", passkey?.id),
      removal(visitor, "wallets", wallet?.id),
    ]);
    expect(ends.map(({ status }) => status).sort()).toEqual([303, 422]);
    await database.query
      .insert(emails)
      .values({ userId: id, address: `${randomBase62(9)}@plue.test`, verifiedAt: new Date() });
    const ends2 = await Promise.all([
      removal(visitor, "passkeys", passkey?.id),
      removal(visitor, "wallets", wallet?.id),
    ]);
    expect(ends2.map(({ status }) => status).sort()).toEqual([303, 404]);
  });

  it("change only after a proof from this hour, for which the account's own ways are offered", async () => {
    const { visitor, id } = await registerPerson();
    const age = (ms: number) =>
      database.query
        .update(authSessions)
        .set({ provedAt: new Date(Date.now() - ms) })
        .where(and(eq(authSessions.userId, id), sql`revoked_at IS NULL`));
    await age(RECENT_PROOF_MS + 1_000);
    const [wallet] = await database.query.select().from(wallets).where(eq(wallets.userId, id));
    const confirm = "/login/confirm?return_to=%2Fsettings%2Fwallets";
    expect((await visitor.get("/settings/wallets")).headers.get("location")).toBe(confirm);
    // The form is kept meanwhile.
    expect((await removal(visitor, "wallets", wallet?.id)).headers.get("location")).toBe(
      `${confirm}%3Fform%3Dkept`,
    );
    expect((await visitor.postJson("/settings/passkeys/options", {})).status).toBe(403);
    const body = { purpose: "add", address: visitor.key.address, chainId: 1 };
    expect((await visitor.postJson("/login/wallet/message", body)).status).toBe(403);
    const page = await (await visitor.get(confirm)).text();
    expect(page).toContain('data-wallet="confirm"');
    expect(page).not.toContain('data-passkey="confirm"');
    const before = visitor.cookies.get("plue");
    const message = await visitor.ask("confirm");
    expect((await visitor.present(message, undefined, "confirm")).status).toBe(303);
    expect(visitor.cookies.get("plue")).not.toBe(before);
    expect((await visitor.get("/settings/wallets")).status).toBe(200);
  });

  it("gain a wallet by its own signature for this account, and no other's", async () => {
    const [ada, eve] = [await registerPerson(), await registerPerson()];
    const key = createSigningKey();
    const second = new WalletVisitor(key);
    for (const [name, value] of ada.visitor.cookies) second.cookies.set(name, value);
    const message = await second.ask("add");
    expect(message).toMatch(/Let this wallet sign in to Plue as p/);
    const fields = { message, signature: key.signMessage(message) };
    // Neither to sign in with, nor for somebody else.
    expect((await new WalletVisitor(key).post("/login/wallet", fields)).status).toBe(422);
    expect((await eve.visitor.post("/settings/wallets", fields)).status).toBe(422);
    expect((await second.post("/settings/wallets", fields)).headers.get("location")).toContain("done=added");
    expect((await second.post("/settings/wallets", fields)).status).toBe(422);
    const elsewhere = new WalletVisitor(key);
    expect((await elsewhere.signIn()).status).toBe(303);
    const owned = await database.query.select().from(wallets).where(eq(wallets.userId, ada.id));
    expect(owned).toHaveLength(2);
  });
});
