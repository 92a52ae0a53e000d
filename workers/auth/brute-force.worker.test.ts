// Trying again and again: what one address may try of many accounts, what many addresses may try of one, how long each has
// to wait, and that whoever owns an account that others guess at still gets in.
import { describe, expect, it } from "vitest";
import { randomBase62 } from "../../schema/token.ts";
import {
  ACCOUNT_FAILURES_BEFORE_PROOF_MAX,
  FAILURES_BEFORE_LOCK_MAX,
  LOCK_MS_MIN,
  MAIL_PER_CLIENT,
  type RateRule,
  SIGN_IN_PER_ADDRESS,
} from "../core/limits.ts";
import { takeRequest } from "../rate-limits/service.ts";
import { TestBrowser } from "../sign-in/testing/browser.ts";
import { WalletVisitor } from "../sign-in/testing/wallet-visitor.ts";
import { database, giveLink } from "../testing/fixtures.ts";
import { newAddress, readLink, readMails } from "../testing/mail.ts";
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
  const newAddressOfClient = () => `203.0.113.${randomBase62(8)}`;
  const tryFrom = (address: string, login: string, password: string) =>
    from(address).post("/login/password", { login, password });

  /** Wrong passwords, each from an address of its own, until the account asks for a second proof. */
  async function attack(login: string): Promise<void> {
    for (let time = 0; time <= ACCOUNT_FAILURES_BEFORE_PROOF_MAX; time++) {
      expect((await tryFrom(newAddressOfClient(), login, `guess ${time}`)).status).toBe(422);
    }
  }

  it("that guess an account's password make a second proof of it, and tell nobody whether one was right", async () => {
    const account = await makeMailAccount();
    const unknown = `nobody-${randomBase62(6)}`;
    await attack(account.username);
    await attack(unknown);
    const answers: string[] = [];
    for (const [login, password] of [
      [account.username, "one more guess"],
      [account.username, PASSWORD],
      [unknown, "one more guess"],
    ] as const) {
      const browser = from(newAddressOfClient());
      const answer = await browser.post("/login/password", { login, password });
      expect(await browser.isSignedIn()).toBe(false);
      answers.push(`${answer.status} ${answer.headers.get("location")} ${await answer.text()}`);
    }
    expect(new Set(answers)).toEqual(new Set(["303 /login/sent?for=second-proof "]));
    // One mail: the right password's.
    expect(await readMails(account.address)).toHaveLength(1);
    const owner = from(newAddressOfClient());
    await owner.post(await readLink(account.address, /Sign in/));
    expect(await owner.isSignedIn()).toBe(true);
  });

  it("never keep the right password out in a browser the account knows", async () => {
    const account = await makeMailAccount();
    const own = from(newAddressOfClient());
    const enter = (password: string) => own.post("/login/password", { login: account.username, password });
    expect((await enter(PASSWORD)).headers.get("location")).toBe("/");
    await own.post("/logout");
    expect(await own.isSignedIn()).toBe(false);
    await attack(account.username);
    // Its own address is used up and locked, too.
    await exhaust(SIGN_IN_PER_ADDRESS, own.headers["cf-connecting-ip"] ?? "");
    expect((await enter(PASSWORD)).headers.get("location")).toBe("/");
    expect(await own.isSignedIn()).toBe(true);
    // Nor does it confirm less, or change its password.
    const proof = await own.post("/login/confirm/password", { password: PASSWORD });
    expect(proof.status).toBe(303);
  });

  it("gain nothing by a known browser's cookie of another account, and its own is limited strictly", async () => {
    const [account, other] = [await makeMailAccount(), await makeMailAccount()];
    const foreign = from(newAddressOfClient());
    await foreign.post("/login/password", { login: other.username, password: PASSWORD });
    await attack(account.username);
    const answer = await foreign.post("/login/password", { login: account.username, password: PASSWORD });
    expect(answer.headers.get("location")).toBe("/login/sent?for=second-proof");
    for (let time = 0; time <= FAILURES_BEFORE_LOCK_MAX; time++) {
      await foreign.post("/login/password", { login: other.username, password: `guess ${time}` });
    }
    await expectToWait(
      await foreign.post("/login/password", { login: other.username, password: PASSWORD }),
      LOCK_MS_MIN,
    );
  });

  it("leave the other sign-in methods open", async () => {
    const account = await makeMailAccount();
    await attack(account.username);
    const byLink = from(newAddressOfClient());
    expect((await byLink.post(await giveLink(account.id))).status).toBe(303);
    const password = "meadow/39 trombone";
    await from(newAddressOfClient()).post("/reset", { login: account.address });
    const reset = await readLink(account.address, /new password/);
    expect((await from(newAddressOfClient()).post(reset, { password })).status).toBe(303);
    // Who proved to own the address doesn't wait for what others tried.
    expect((await tryFrom(newAddressOfClient(), account.username, password)).headers.get("location")).toBe(
      "/",
    );
  });
});
