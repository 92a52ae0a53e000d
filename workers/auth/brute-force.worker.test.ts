// Trying again and again: what one address may try of many accounts, what many addresses may try of one, how long each has
// to wait, and that whoever owns a locked account still gets in by another way.
import { describe, expect, it } from "vitest";
import { randomBase62 } from "../../schema/token.ts";
import {
  FAILURES_BEFORE_LOCK_MAX,
  MAIL_PER_CLIENT,
  type RateRule,
  SIGN_IN_PER_ACCOUNT,
  SIGN_IN_PER_ADDRESS,
} from "../core/limits.ts";
import { recordFailure, takeRequest } from "../rate-limits/service.ts";
import { TestBrowser } from "../sign-in/testing/browser.ts";
import { WalletVisitor } from "../sign-in/testing/wallet-visitor.ts";
import { database, giveLink } from "../testing/fixtures.ts";
import { newAddress, readLink } from "../testing/mail.ts";
import { makeMailAccount, PASSWORD } from "../testing/mail-account.ts";

const from = (address: string) => new TestBrowser({ "cf-connecting-ip": address });
const newNetwork = () => {
  const hex = () => Math.floor(Math.random() * 65_536).toString(16);
  return `2001:db8:${hex()}:${hex()}`;
};

/** Takes all that `rule` leaves a key. */
async function exhaust(rule: RateRule, key: string): Promise<void> {
  while ((await takeRequest(database, rule, key)).allowed);
}

async function expectToWait(answer: Response, atMostMs: number): Promise<void> {
  expect(answer.status).toBe(429);
  const waitSeconds = Number(answer.headers.get("retry-after"));
  expect(waitSeconds).toBeGreaterThan(0);
  expect(waitSeconds).toBeLessThanOrEqual(Math.ceil(atMostMs / 1000));
  expect(answer.headers.getSetCookie().filter((line) => line.startsWith("plue="))).toEqual([]);
}

describe("one address", () => {
  // Whoever has one IPv6 address has 2^64 of them.
  it.each([
    ["of IPv4", () => `203.0.113.${randomBase62(8)}`, (address: string) => [address, address]],
    [
      "of IPv6, and all of its network",
      newNetwork,
      (network: string) => [`${network}::/64`, `${network}:a:b:c:d`],
    ],
  ])(
    "%s may try so many passwords, whichever the accounts, and its owner's as well",
    async (_, make, spread) => {
      const [key = "", address = ""] = spread(make());
      await exhaust(SIGN_IN_PER_ADDRESS, key);
      const { username } = await makeMailAccount();
      const stepMs = SIGN_IN_PER_ADDRESS.perMs / SIGN_IN_PER_ADDRESS.requestsMax;
      for (const login of [username, `nobody-${randomBase62(6)}`]) {
        await expectToWait(
          await from(address).post("/login/password", { login, password: PASSWORD }),
          stepMs,
        );
      }
      const wallet = new WalletVisitor(undefined, { "cf-connecting-ip": address });
      await expectToWait(await wallet.post("/register/wallet", { ticket: "x", username: "x" }), stepMs);
      expect(
        (await from(make()).post("/login/password", { login: username, password: PASSWORD })).status,
      ).toBe(303);
    },
  );

  it("asks for so many mails, whomever for, and those of its network with it", async () => {
    const network = newNetwork();
    await exhaust(MAIL_PER_CLIENT, `${network}::/64`);
    for (const path of ["/login/email", "/reset"]) {
      const answer = await from(`${network}::1:2`).post(path, { login: newAddress() });
      await expectToWait(answer, MAIL_PER_CLIENT.perMs / MAIL_PER_CLIENT.requestsMax);
    }
  });
});

describe("many addresses", () => {
  it("together may try so many passwords of one account, right or wrong, known or not", async () => {
    const { id, username } = await makeMailAccount();
    const unknown = `nobody-${randomBase62(6)}`.toLowerCase();
    for (const [key, login] of [
      [`password:${id}`, username],
      [`password:?${unknown}`, unknown.toUpperCase()],
    ] as const) {
      await exhaust(SIGN_IN_PER_ACCOUNT, key);
      const stepMs = SIGN_IN_PER_ACCOUNT.perMs / SIGN_IN_PER_ACCOUNT.requestsMax;
      const answer = await from(newNetwork()).post("/login/password", { login, password: PASSWORD });
      await expectToWait(answer, stepMs);
    }
  });
});

describe("an account that others locked", () => {
  it("is entered by its owner with a mailed link, a reset password and a one-time link", async () => {
    const account = await makeMailAccount();
    for (let time = 0; time <= FAILURES_BEFORE_LOCK_MAX; time++)
      await recordFailure(database, `password:${account.id}`);
    const password = "meadow/39 trombone";
    const tryPassword = (browser: TestBrowser, word: string) =>
      browser.post("/login/password", { login: account.username, password: word });
    expect((await tryPassword(new TestBrowser(), PASSWORD)).status).toBe(429);
    const enterBy = async (path: string, fields: Record<string, string> = {}) => {
      const browser = new TestBrowser();
      expect((await browser.post(path, fields)).status).toBeLessThan(304);
      return browser;
    };
    await new TestBrowser().post("/login/email", { login: account.address });
    const byMail = await enterBy(await readLink(account.address, /Sign in/));
    expect(await byMail.isSignedIn()).toBe(true);
    expect(await (await enterBy(await giveLink(account.id))).isSignedIn()).toBe(true);
    await new TestBrowser().post("/reset", { login: account.address });
    await enterBy(await readLink(account.address, /new password/), { password });
    // Who proved to own the address doesn't wait for what others tried.
    expect((await tryPassword(new TestBrowser(), password)).status).toBe(303);
  });
});
