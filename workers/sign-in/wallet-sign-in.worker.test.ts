// Signing in by a wallet: what is taken, and all that isn't.
import { and, asc, eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { auditEvents, authSessions, signInChallenges, users, wallets } from "../../schema/tables/auth.ts";
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { SIGN_IN_PER_ADDRESS } from "../core/limits.ts";
import { database } from "../testing/fixtures.ts";
import { TestBrowser } from "./testing/browser.ts";
import { createSigningKey } from "./testing/signing-key.ts";
import { readTicket, WalletVisitor } from "./testing/wallet-visitor.ts";
import { addChecksum } from "./wallet-signature.ts";

const newName = () => `w${randomBase62(12)}`.toLowerCase();
const nonceOf = (message: string) => /^Nonce: (\S+)$/m.exec(message)?.[1] ?? "";

async function registerNew(): Promise<{ visitor: WalletVisitor; username: string; id: number }> {
  const [visitor, username] = [new WalletVisitor(), newName()];
  expect((await visitor.register(username)).status).toBe(303);
  const [user] = await database.query.select().from(users).where(eq(users.username, username));
  return { visitor, username, id: user?.id ?? 0 };
}

/** The reason of the newest refusal that was recorded, of a test's own address. */
async function readReason(address: string): Promise<unknown> {
  const [row] = await database.query
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.action, "sign-in.refuse"), eq(auditEvents.address, address)))
    .orderBy(sql`id DESC`)
    .limit(1);
  return row?.details.reason;
}

let lastAddress = 0;
const newAddress = () => `2001:db8:${(++lastAddress).toString(16)}::1`;

describe("a wallet that nobody has", () => {
  it("makes an account of the name that is chosen, and signs in to it from then on", async () => {
    const { visitor, username } = await registerNew();
    expect(await visitor.isSignedIn()).toBe(true);
    const elsewhere = new WalletVisitor(visitor.key);
    const answer = await elsewhere.signIn();
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/settings/sessions"]);
    expect(await (await elsewhere.get("/")).text()).toContain(username);
    const page = await (await elsewhere.get("/settings/sessions")).text();
    expect(page).toContain("a wallet");
  });

  it.each([
    ["login", /reserved/],
    ["Settings", /reserved/],
    ["", /needs a name/],
    ["a--b", /single hyphens/],
    ["ada/../x", /letters and digits/],
    ["аda", /letters and digits/],
    ["a".repeat(40), /at most 39/],
  ])("isn't given the name %j, and may try another with the same ticket", async (name, problem) => {
    const visitor = new WalletVisitor();
    const ticket = readTicket(await (await visitor.signIn()).text());
    const refused = await visitor.post("/register/wallet", { ticket, username: name });
    expect(refused.status).toBe(422);
    const page = await refused.text();
    expect(page).toMatch(problem);
    expect(readTicket(page)).toBe(ticket);
    expect(await visitor.isSignedIn()).toBe(false);
    expect((await visitor.post("/register/wallet", { ticket, username: newName() })).status).toBe(303);
  });

  it("isn't given a name that is taken, in any case", async () => {
    const { username } = await registerNew();
    const answer = await new WalletVisitor().register(username.toUpperCase());
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringMatching(/taken/)]);
  });

  it("makes one account of two tries at once, in the browser that proved it only", async () => {
    const visitor = new WalletVisitor();
    const ticket = readTicket(await (await visitor.signIn()).text());
    const thief = new TestBrowser();
    await thief.postJson("/login/passkey/options", { purpose: "sign-in" });
    expect((await thief.post("/register/wallet", { ticket, username: newName() })).status).toBe(410);
    const names = [newName(), newName(), newName()];
    const answers = await Promise.all(
      names.map((username) => visitor.post("/register/wallet", { ticket, username })),
    );
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    const made = await database.query.select().from(users).where(sql`${users.username} IN ${names}`);
    expect(made).toHaveLength(1);
  });
});

describe("a nonce", () => {
  it("is random, stored hashed, and bound to the browser by a cookie that scripts can't read", async () => {
    const visitor = new WalletVisitor();
    const body = { purpose: "sign-in", address: visitor.key.address, chainId: 1 };
    const answer = await visitor.postJson("/login/wallet/message", body);
    expect(answer.headers.get("set-cookie")).toMatch(
      /^plue-browser=[0-9A-Za-z]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const { message } = await answer.json<{ message: string }>();
    const nonce = nonceOf(message);
    expect(nonce).toMatch(/^[0-9A-Za-z]{22}$/);
    const [row] = await database.query
      .select()
      .from(signInChallenges)
      .where(eq(signInChallenges.valueHash, await hashSecret(nonce)));
    expect(JSON.stringify(row)).not.toContain(nonce);
    expect(row?.browserHash).toBe(await hashSecret(visitor.cookies.get("plue-browser") ?? ""));
    expect(nonceOf(await visitor.ask())).not.toBe(nonce);
  });

  it("works once, even of many at once", async () => {
    const { visitor } = await registerNew();
    const other = new WalletVisitor(visitor.key);
    const message = await other.ask();
    const answers = await Promise.all([1, 2, 3, 4].map(() => other.present(message)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422, 422]);
    expect((await other.present(message)).status).toBe(422);
  });

  it("is used up by a wrong signature too", async () => {
    const { visitor } = await registerNew();
    const other = new WalletVisitor(visitor.key);
    const message = await other.ask();
    expect((await other.present(message, createSigningKey().signMessage(message))).status).toBe(422);
    expect((await other.present(message)).status).toBe(422);
    expect(await other.isSignedIn()).toBe(false);
  });
});

type Case = [what: string, reason: string, meddle: (message: string) => string];
const after = (ms: number) => new Date(Date.now() + ms).toISOString();
const CASES: Case[] = [
  ["of another domain", "domain", (text) => text.replace("plue.test wants", "evil.test wants")],
  ["of another scheme", "scheme", (text) => text.replace("plue.test wants", "https://plue.test wants")],
  ["of another URI", "uri", (text) => text.replace("plue.test/login", "plue.test/settings/wallets")],
  ["of a chain that isn't known", "chain-id", (text) => text.replace("Chain ID: 1", "Chain ID: 137")],
  ["of another version", "malformed", (text) => text.replace("Version: 1", "Version: 2")],
  ["of an altered statement", "statement", (text) => text.replace("Sign in to Plue.", "Sign in to all.")],
  ["of no statement", "malformed", (text) => text.replace("Sign in to Plue.\n\n", "")],
  ["with a request's id", "request-id", (text) => `${text}\nRequest ID: 1`],
  ["with resources", "resources", (text) => `${text}\nResources:\n- https://evil.test`],
  ["that has expired", "expired", (text) => text.replace(/(?<=Expiration Time: ).+/, after(-1_000))],
  [
    "that expires late",
    "expiration-time",
    (text) => text.replace(/(?<=Expiration Time: ).+/, after(3_600_000)),
  ],
  ["that never expires", "expiration-time", (text) => text.replace(/\nExpiration Time: .+/, "")],
  ["that isn't valid yet", "not-yet-valid", (text) => `${text}\nNot Before: ${after(60_000)}`],
  ["issued long ago", "issued-at", (text) => text.replace(/(?<=Issued At: ).+/, after(-3_600_000))],
  ["issued in the future", "issued-at", (text) => text.replace(/(?<=Issued At: ).+/, after(3_600_000))],
  ["of a nonce that never was", "unknown", (text) => text.replace(/(?<=Nonce: ).+/, randomBase62(22))],
  ["of no text at all", "malformed", () => ""],
];

describe("a message", () => {
  let visitor: WalletVisitor;
  beforeAll(async () => {
    visitor = (await registerNew()).visitor;
  });

  it.each(CASES)("%s is refused, though signed by the wallet", async (_, reason, meddle) => {
    const address = newAddress();
    const other = new WalletVisitor(visitor.key, { "cf-connecting-ip": address });
    const answer = await other.present(meddle(await other.ask()));
    expect(answer.status).toBe(422);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(await readReason(address)).toBe(reason);
    expect(await other.isSignedIn()).toBe(false);
  });

  it("of another wallet, or signed before it was altered, isn't that wallet's", async () => {
    const address = newAddress();
    const thief = new WalletVisitor(createSigningKey(), { "cf-connecting-ip": address });
    const own = await thief.ask();
    const forged = own.replace(thief.key.address, visitor.key.address);
    expect((await thief.present(forged, thief.key.signMessage(forged))).status).toBe(422);
    expect(await readReason(address)).toBe("no-node");
    const message = await thief.ask();
    expect((await thief.present(message, "0x")).status).toBe(422);
    expect((await thief.present(await thief.ask(), "nonsense")).status).toBe(422);
    expect(await readReason(address)).toBe("signature");
    expect(await thief.isSignedIn()).toBe(false);
  });

  it("says that contract wallets can't be checked where no node is configured", async () => {
    const visitor = new WalletVisitor();
    const page = await (await visitor.present(await visitor.ask(), "0x00")).text();
    expect(page).toMatch(/contract wallet.+no Ethereum node is configured for chain 1/s);
  });

  it("that another browser was given is refused, whoever signed it", async () => {
    const address = newAddress();
    const [victim, thief] = [
      new WalletVisitor(visitor.key),
      new WalletVisitor(visitor.key, { "cf-connecting-ip": address }),
    ];
    const message = await victim.ask();
    expect((await thief.present(message)).status).toBe(422);
    expect(await readReason(address)).toBe("other-browser");
    await thief.ask();
    expect((await thief.present(message)).status).toBe(422);
    expect(await readReason(address)).toBe("other-browser");
    expect((await victim.present(message)).status).toBe(303);
  });

  it("whose ten minutes are over is refused", async () => {
    const address = newAddress();
    const other = new WalletVisitor(visitor.key, { "cf-connecting-ip": address });
    const message = await other.ask();
    await database.query
      .update(signInChallenges)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(eq(signInChallenges.valueHash, await hashSecret(nonceOf(message))));
    expect((await other.present(message)).status).toBe(422);
    expect(await readReason(address)).toBe("expired");
  });

  it("isn't given for what is no address, nor to a form of another site", async () => {
    const ask = (address: string) =>
      visitor.postJson("/login/wallet/message", { purpose: "sign-in", address, chainId: 1 });
    expect((await ask("0x12")).status).toBe(422);
    expect((await ask(`0x${"z".repeat(40)}`)).status).toBe(422);
    expect((await visitor.post("/login/wallet/message", { purpose: "sign-in" })).status).toBe(415);
    expect((await visitor.postJson("/login/wallet/message", {})).status).toBe(400);
    const foreign = new WalletVisitor(visitor.key, { "sec-fetch-site": "cross-site" });
    await expect(foreign.ask()).rejects.toThrow("403");
    expect((await foreign.present(await visitor.ask())).status).toBe(403);
  });
});

describe("a person", () => {
  it("who is suspended doesn't get in, and is told", async () => {
    const { visitor, id } = await registerNew();
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, id));
    const other = new WalletVisitor(visitor.key);
    const answer = await other.signIn();
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("suspended")]);
  });

  it("gets a new session at each sign-in, and goes nowhere but to this site", async () => {
    const { visitor, id } = await registerNew();
    const before = visitor.cookies.get("plue");
    const message = await visitor.ask();
    const fields = { message, signature: visitor.key.signMessage(message), return_to: "//evil.test" };
    const answer = await visitor.post("/login/wallet", fields);
    expect(answer.headers.get("location")).toBe("/");
    expect(visitor.cookies.get("plue")).not.toBe(before);
    const live = await database.query
      .select()
      .from(authSessions)
      .where(and(eq(authSessions.userId, id), sql`revoked_at IS NULL`));
    expect(live).toHaveLength(1);
  });

  it("finds in the log how the account came to be, and who was refused", async () => {
    const { visitor, id } = await registerNew();
    const log = await database.query
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.ownerId, id))
      .orderBy(asc(auditEvents.id));
    expect(log.map(({ action, targetName }) => [action, targetName])).toEqual([
      ["account.create", expect.any(String)],
      ["wallet.add", visitor.key.address],
      ["session.open", expect.any(String)],
    ]);
    const [wallet] = await database.query.select().from(wallets).where(eq(wallets.userId, id));
    expect(addChecksum(wallet?.address ?? "")).toBe(visitor.key.address);
  });

  it("may try so often from one address and no more", async () => {
    const browser = new WalletVisitor(createSigningKey(), { "cf-connecting-ip": newAddress() });
    await browser.ask();
    const statuses: number[] = [];
    for (let at = 0; at <= SIGN_IN_PER_ADDRESS.requestsMax; at++) {
      statuses.push((await browser.post("/register/wallet", { ticket: "none", username: "x" })).status);
    }
    expect(statuses.indexOf(429)).toBe(SIGN_IN_PER_ADDRESS.requestsMax);
    expect(new Set(statuses.slice(0, -1))).toEqual(new Set([410]));
  });

  it("who fails again and again from one address has to wait", async () => {
    const headers = { "cf-connecting-ip": newAddress() };
    const statuses: number[] = [];
    for (let at = 0; at < 8; at++) {
      const visitor = new WalletVisitor(createSigningKey(), headers);
      const body = { purpose: "sign-in", address: visitor.key.address, chainId: 1 };
      const asked = await visitor.postJson("/login/wallet/message", body);
      if (asked.status !== 200) statuses.push(asked.status);
      else
        statuses.push(
          (await visitor.present((await asked.json<{ message: string }>()).message, "0x")).status,
        );
    }
    expect(statuses[0]).toBe(422);
    expect(statuses.at(-1)).toBe(429);
    const { visitor } = await registerNew();
    expect((await new WalletVisitor(visitor.key).signIn()).status).toBe(303);
  });
});
