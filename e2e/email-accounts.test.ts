// An account by mail and password, from beginning to end, in a browser without scripts: registered, activated, left,
// entered by a mailed link, given a new password and another address, with the mails that `npm start` writes.
import { readFileSync, statSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findViolations } from "./axe.ts";
import { openBrowser } from "./browser.ts";
import { findLink, readMails, waitForMail } from "./mail-folder.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const PASSWORD = "kitchen-lamp-42-violin";
const OTHER_PASSWORD = "meadow/39 trombone";
const [ADDRESS, OTHER_ADDRESS] = ["ada@example.com", "countess@example.org"];

let plue: RunningPlue;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [plue, browser] = await Promise.all([startPlue(), openBrowser()]);
  context = await browser.newContext({ javaScriptEnabled: false });
  page = await context.newPage();
});

afterAll(async () => {
  await browser?.close();
  await plue?.stop();
});

const press = (name: string | RegExp) => page.getByRole("button", { name }).first().click();
const go = (path: string) => page.goto(path.startsWith("http") ? path : plue.url + path);
const isSignedIn = async () => (await page.getByRole("button", { name: "Sign out" }).count()) === 1;

async function signInWith(login: string, password: string): Promise<void> {
  await go("/login/password");
  await page.locator("#login").fill(login);
  await page.locator("#password").fill(password);
  await press(/^Sign in$/);
}

async function signOut(): Promise<void> {
  await press("Sign out");
  expect(await isSignedIn()).toBe(false);
}

describe("an account by mail", () => {
  it("is registered, and is there once its link was taken", async () => {
    await go("/register");
    await page.locator("#username").fill("ada");
    await page.locator("#email").fill(ADDRESS);
    await page.locator("#password").fill("password1234");
    await press("Mail me the link");
    await page.getByText("guessed early").waitFor();
    expect(await page.locator("#username").inputValue()).toBe("ada");
    await page.locator("#password").fill(PASSWORD);
    await press("Mail me the link");
    await page.getByRole("heading", { name: "Check your mail" }).waitFor();
    const mail = await waitForMail(plue, ADDRESS, /Make your Plue account/);
    expect(statSync(mail.file).mode & 0o777).toBe(0o600);
    expect((await fetch(`${plue.url}/api/v3/users/ada`)).status).toBe(404);
    const link = findLink(mail);
    // A preview takes nothing.
    expect((await fetch(link)).status).toBe(200);
    await go(link);
    await press("Make it and sign in");
    await page.getByText("Your account is made").waitFor();
    expect(await isSignedIn()).toBe(true);
    expect((await fetch(`${plue.url}/api/v3/users/ada`)).status).toBe(200);
    expect(plue.output()).not.toContain(link.split("/").at(-1));
  });

  it("is left, and entered again by a mailed link, once", async () => {
    await signOut();
    await go("/login/password");
    await page.locator("#link-login").fill("ADA");
    await press("Mail me a link");
    await page.getByText("is on its way to").waitFor();
    const link = findLink(await waitForMail(plue, ADDRESS, /Sign in to Plue/));
    await go(link);
    await press(/^Sign in$/);
    await page.waitForURL(`${plue.url}/`);
    expect(await isSignedIn()).toBe(true);
    await signOut();
    expect((await go(link))?.status()).toBe(410);
    await page.getByText("has been used").waitFor();
  });

  it("gets a new password, and the old one opens nothing", async () => {
    await go("/reset");
    await page.locator("#login").fill(ADDRESS);
    await press("Mail me a link");
    await go(findLink(await waitForMail(plue, ADDRESS, /Set a new password/)));
    await page.locator("#password").fill(OTHER_PASSWORD);
    await press("Set it");
    await page.getByText("The password is set").waitFor();
    await waitForMail(plue, ADDRESS, /Your password was changed/);
    await signInWith("ada", PASSWORD);
    await page.getByText("Wrong name or password.").waitFor();
    await signInWith(ADDRESS, OTHER_PASSWORD);
    await page.waitForURL(`${plue.url}/`);
    expect(await isSignedIn()).toBe(true);
  });

  it("changes its address once the old and the new one have agreed", async () => {
    await go("/settings/emails");
    await page.locator("#changed").fill(OTHER_ADDRESS);
    await press("Ask both");
    await page.getByText("mailed a link to both").waitFor();
    const toNew = findLink(await waitForMail(plue, OTHER_ADDRESS, /Is this address yours/));
    const toOld = findLink(await waitForMail(plue, ADDRESS, /Give up this address/));
    await go(toNew);
    await press("Yes");
    await page.getByText("The other one has yet to").waitFor();
    expect(await page.locator("li.item").allInnerTexts()).toEqual([expect.stringContaining(ADDRESS)]);
    await go(toOld);
    await press("Yes");
    await page.getByText("Your primary address has changed").waitFor();
    expect(await page.locator("li.item").allInnerTexts()).toEqual([expect.stringContaining(OTHER_ADDRESS)]);
    await signOut();
    await signInWith(ADDRESS, OTHER_PASSWORD);
    await page.getByText("Wrong name or password.").waitFor();
    await signInWith(OTHER_ADDRESS, OTHER_PASSWORD);
    await page.waitForURL(`${plue.url}/`);
  });

  it("says what it likes of itself, and is called otherwise", async () => {
    await go("/settings");
    await page.locator("#name").fill("Ada <b>Lovelace</b>");
    await page.locator("#website").fill("https://example.com/ada");
    await press("Save");
    await page.getByText("Saved.").waitFor();
    expect(await page.locator("#name").inputValue()).toBe("Ada <b>Lovelace</b>");
    await page.locator("#username").fill("lovelace");
    await press("Change it");
    await page.getByText("This is your username now.").waitFor();
    expect((await fetch(`${plue.url}/api/v3/users/lovelace`)).status).toBe(200);
    await waitForMail(plue, OTHER_ADDRESS, /Your username was changed/);
  });

  it("looks as its owner chose, on every page and in every browser", async () => {
    await go("/settings/appearance");
    await page.getByLabel("White on black").check();
    await press("Save appearance");
    await page.getByText("The site looks as you said").waitFor();
    await go("/");
    const look = "getComputedStyle(document.documentElement).backgroundColor";
    const watching = await browser.newContext({
      ...{ colorScheme: "light", storageState: await context.storageState() },
    });
    const other = await watching.newPage();
    await other.goto(`${plue.url}/settings/profile`);
    expect(await other.evaluate(look)).toBe("rgb(0, 0, 0)");
    await watching.close();
    await go("/settings/appearance");
    await page.getByLabel("As the browser prefers").check();
    await press("Save appearance");
    await page.getByText("The site looks as you said").waitFor();
  });

  it("leaves no secret of a mail where the log or the address bar keep it", async () => {
    const secrets = readMails(plue).flatMap(({ text }) => text.match(/[0-9A-Za-z]{43}$/gm) ?? []);
    expect(secrets.length).toBeGreaterThanOrEqual(5);
    const log = `${plue.output()}${readFileSync(`${plue.dataFolder}/logs/worker.ndjson`, "utf8")}`;
    for (const secret of secrets) expect(log).not.toContain(secret);
  });
});

describe.each([
  { width: 1280, colorScheme: "light" },
  { width: 320, colorScheme: "dark" },
] as const)("at $width px, $colorScheme", ({ width, colorScheme }) => {
  it("has no page of mine that axe objects to or that is wider than the window", async () => {
    const [signedIn, anonymous] = await Promise.all(
      [await context.storageState(), { cookies: [], origins: [] }].map((storageState) =>
        browser.newContext({ bypassCSP: true, colorScheme, storageState, viewport: { width, height: 800 } }),
      ),
    );
    const problems: Record<string, string[]> = {};
    const pages = {
      register: anonymous,
      "login/password": anonymous,
      reset: anonymous,
      "reset/unknown": anonymous,
      "settings/profile": signedIn,
      "settings/emails": signedIn,
      "settings/password": signedIn,
      "settings/appearance": signedIn,
    };
    for (const [path, shown] of Object.entries(pages)) {
      const tab = await shown?.newPage();
      if (tab === undefined) throw new Error("no page");
      await tab.goto(`${plue.url}/${path}`);
      const found = await findViolations(tab);
      const excess = await tab.evaluate("document.documentElement.scrollWidth - innerWidth");
      if (Number(excess) > 0) found.push(`${excess} px too wide`);
      if (found.length > 0) problems[path] = found;
      await tab.screenshot({ path: `${plue.artifactsFolder}/${path.replaceAll("/", "-")}-${width}.png` });
      await tab.close();
    }
    expect(problems).toEqual({});
    await Promise.all([signedIn?.close(), anonymous?.close()]);
  });
});
