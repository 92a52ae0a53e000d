// The ways in and out, in Chromium: wallets that sign with real keys, contract wallets behind a node, passkeys of a virtual
// authenticator, and what a stolen cookie, another tab and a browser without scripts can do.
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EthereumNode, startEthereumNode } from "../workers/sign-in/testing/ethereum-node.ts";
import { createSigningKey } from "../workers/sign-in/testing/signing-key.ts";
import {
  FACTORY_ADDRESS,
  FACTORY_CODE,
  predictAddress,
  wrapUndeployed,
  writeInitCode,
  writeWalletCode,
} from "../workers/sign-in/testing/wallet-contracts.ts";
import { addChecksum, readHex } from "../workers/sign-in/wallet-signature.ts";
import { openBrowser } from "./browser.ts";
import { openPlueDatabase } from "./plue-database.ts";
import { addAuthenticator, openPage } from "./sign-in-browser.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
let browser: Browser;
let node: EthereumNode;

beforeAll(async () => {
  node = await startEthereumNode();
  await node.deploy(FACTORY_ADDRESS, FACTORY_CODE);
  [plue, browser] = await Promise.all([startPlue({ env: { ETHEREUM_RPC_URL: node.url } }), openBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await plue?.stop();
  await node?.close();
});

const visit = (page: Page, path: string) => page.goto(plue.url + path);
const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();
const signOut = async (page: Page) => {
  await press(page, "Sign out");
  await page.getByRole("banner").getByRole("link", { name: "Sign in" }).waitFor();
};
const shoot = async (page: Page, name: string) => {
  for (const [width, colorScheme] of [
    [1280, "light"],
    [320, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${plue.artifactsFolder}/${name}-${width}.png`, fullPage: true });
  }
};
const isSignedIn = async (cookie: string) =>
  (await fetch(`${plue.url}/new`, { headers: { cookie } })).status === 200;
const readCookie = async (page: Page) => {
  const cookie = (await page.context().cookies()).find(({ name }) => name === "plue");
  return `plue=${cookie?.value}`;
};

async function register(page: Page, wallet: string, username: string): Promise<void> {
  await visit(page, "/login?return_to=/settings/wallets");
  await press(page, `Sign in with ${wallet}`);
  await page.getByLabel("Username", { exact: true }).fill(username);
  await press(page, "Make the account");
  await page.getByRole("heading", { name: "Wallets" }).waitFor();
}

describe("a wallet", () => {
  it("makes an account, signs out, and signs in again to where one was going", async () => {
    const { page, context } = await openPage(browser, { Foxy: createSigningKey() });
    await visit(page, "/settings/wallets");
    await page.getByRole("button", { name: "Sign in with Foxy" }).waitFor();
    await shoot(page, "sign-in");
    await press(page, "Sign in with Foxy");
    await page.getByRole("heading", { name: "New account" }).waitFor();
    await shoot(page, "wallet-registration");
    await page.getByLabel("Username", { exact: true }).fill("settings");
    await press(page, "Make the account");
    await page.getByText("The name settings is reserved.").waitFor();
    await page.getByLabel("Username", { exact: true }).fill("ada");
    await press(page, "Make the account");
    await page.getByRole("heading", { name: "Wallets" }).waitFor();
    await shoot(page, "wallets");
    await visit(page, "/settings/sessions");
    await page.getByText(/Chrome \d+ on Linux/).waitFor();
    await shoot(page, "sessions");
    await signOut(page);
    await visit(page, "/login?return_to=//evil.test");
    await press(page, "Sign in with Foxy");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    expect(page.url()).toBe(`${plue.url}/`);
    await context.close();
  });

  it("is one of several to choose from, is added to an account, named, and removed but never as the last", async () => {
    const { page, context } = await openPage(browser, {
      Foxy: createSigningKey(),
      Shell: createSigningKey(),
    });
    await register(page, "Foxy", "berta");
    await press(page, "Add a wallet of Shell");
    await page.getByText("The wallet was added.").waitFor();
    await page.getByRole("textbox", { name: "Name" }).last().fill("at the desk");
    await page.getByRole("button", { name: "Rename it" }).last().click();
    await page.getByText("The wallet has its name.").waitFor();
    await signOut(page);
    await visit(page, "/login");
    await press(page, "Sign in with Shell");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await visit(page, "/settings/wallets");
    await press(page, "Remove at the desk");
    await page.getByText("The wallet was removed.").waitFor();
    await press(page, /^Remove/);
    await page.getByText("This is your only way to sign in.").waitFor();
    expect(await page.getByRole("button", { name: /^Remove/ }).count()).toBe(1);
    await context.close();
  });

  it("may be a contract, deployed or not", async () => {
    const owner = createSigningKey();
    const code = writeWalletCode(owner.address.toLowerCase());
    const deployed = addChecksum(`0x${"c0de".repeat(10)}`);
    await node.deploy(deployed, code);
    const salt = keccak_256(Uint8Array.of(1));
    const undeployed = addChecksum(predictAddress(salt, writeInitCode(code)));
    const wrap = (text: string) => {
      const signature = readHex(owner.signMessage(text)) ?? new Uint8Array();
      return `0x${bytesToHex(wrapUndeployed(concatBytes(salt, writeInitCode(code)), signature))}`;
    };
    const { page, context } = await openPage(browser, {
      Safe: { address: deployed, signMessage: (text) => owner.signMessage(text) },
      Yet: { address: undeployed, signMessage: wrap },
      Other: { address: deployed, signMessage: (text) => createSigningKey().signMessage(text) },
    });
    await register(page, "Safe", "carla");
    await signOut(page);
    await register(page, "Yet", "dora");
    await signOut(page);
    await visit(page, "/login");
    await press(page, "Sign in with Other");
    await page.getByText("The signature isn't this wallet's.").waitFor();
    await context.close();
  });
});

describe("a passkey", () => {
  it("is added, signs in without a username, confirms, is renamed, and refused when its counter goes back", async () => {
    const { page, context } = await openPage(browser, { Foxy: createSigningKey() });
    const authenticator = await addAuthenticator(page);
    await register(page, "Foxy", "emma");
    await visit(page, "/settings/passkeys");
    await page.getByLabel("What you call it").fill("laptop");
    await press(page, "Add a passkey");
    await page.getByText("The passkey was added.").waitFor();
    await shoot(page, "passkeys");
    const [credential] = await authenticator.list();
    expect(credential).toMatchObject({ isResidentCredential: true });
    await signOut(page);
    await visit(page, "/login?return_to=/settings/passkeys");
    await press(page, "Sign in with a passkey");
    await page.getByRole("heading", { name: "Passkeys" }).waitFor();
    await visit(page, "/login/confirm?return_to=/settings/sessions");
    await shoot(page, "confirm");
    await press(page, "Confirm with a passkey");
    await page.getByRole("heading", { name: "Sessions" }).waitFor();
    expect(await page.getByRole("listitem").count()).toBe(1);
    await visit(page, "/settings/passkeys");
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("old laptop");
    await press(page, "Rename laptop");
    await page.getByText("The passkey has its name.").waitFor();
    await signOut(page);
    await visit(page, "/login");
    await authenticator.setSignCount(credential?.credentialId ?? "", 0);
    await press(page, "Sign in with a passkey");
    await page.getByText("That passkey doesn't sign in here.").waitFor();
    await context.close();
  });

  it("isn't taken from an authenticator that didn't make sure who its user is", async () => {
    const { page, context } = await openPage(browser, { Foxy: createSigningKey() });
    const authenticator = await addAuthenticator(page);
    await register(page, "Foxy", "frida");
    await visit(page, "/settings/passkeys");
    await authenticator.setUserVerified(false);
    await press(page, "Add a passkey");
    await page.getByText("Nothing was signed").waitFor();
    expect(await authenticator.list()).toEqual([]);
    await context.close();
  });
});

describe("a session", () => {
  it("that is over is over for a stolen cookie and for the other tab", async () => {
    const { page, context } = await openPage(browser, { Foxy: createSigningKey() });
    await register(page, "Foxy", "grete");
    const stolen = await readCookie(page);
    expect(await isSignedIn(stolen)).toBe(true);
    const tab = await context.newPage();
    await visit(tab, "/new");
    await signOut(page);
    expect(await isSignedIn(stolen)).toBe(false);
    await tab.getByLabel("Name").fill("too-late");
    await press(tab, "Create repository");
    await tab.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
    await context.close();
  });

  it("that has expired is over for its browser, on a page and in a form, which then signs in and goes on", async () => {
    const { page, context } = await openPage(browser, { Foxy: createSigningKey() });
    await register(page, "Foxy", "ilse");
    const database = await openPlueDatabase(plue);
    const expire = () =>
      database.query(
        `update auth_sessions set expires_at = now() where revoked_at is null
         and user_id = (select id from users where username = 'ilse')`,
      );
    try {
      await visit(page, "/new");
      const cookie = await readCookie(page);
      expect((await expire()).rowCount).toBe(1);
      await page.getByLabel("Name").fill("too-late");
      await press(page, "Create repository");
      await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
      expect(await isSignedIn(cookie)).toBe(false);
      await visit(page, "/login?return_to=/settings/sessions");
      await press(page, "Sign in with Foxy");
      await page.getByRole("heading", { name: "Sessions" }).waitFor();
      expect(await readCookie(page)).not.toBe(cookie);
      await expire();
      await visit(page, "/settings/sessions");
      await page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
      await press(page, "Sign in with Foxy");
      await page.getByRole("heading", { name: "Sessions" }).waitFor();
    } finally {
      await database.end();
      await context.close();
    }
  });

  it("is ended from another browser", async () => {
    const key = createSigningKey();
    const [first, second] = [await openPage(browser, { Foxy: key }), await openPage(browser, { Foxy: key })];
    await register(first.page, "Foxy", "hanna");
    await visit(second.page, "/login?return_to=/settings/sessions");
    await press(second.page, "Sign in with Foxy");
    await press(second.page, "End all others");
    await second.page.getByText("All other sessions have ended.").waitFor();
    expect(await isSignedIn(await readCookie(first.page))).toBe(false);
    expect(await isSignedIn(await readCookie(second.page))).toBe(true);
    await Promise.all([first.context.close(), second.context.close()]);
  });
});

describe("a browser", () => {
  it("without scripts is told what it lacks, and has the other ways", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await visit(page, "/login");
    await page.getByText("A wallet needs JavaScript in this browser.").waitFor();
    await page.getByText("A passkey needs JavaScript in this browser.").waitFor();
    expect(await page.getByRole("button", { name: "Sign in with a passkey" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Sign in", exact: true }).count()).toBe(1);
    await context.close();
  });

  it("without a wallet is told so, and nothing on the page breaks its policy", async () => {
    const { page, context } = await openPage(browser);
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    await visit(page, "/login");
    await page.getByText("There is no Ethereum wallet in this browser.").waitFor();
    expect(said).toEqual([]);
    await context.close();
  });
});
