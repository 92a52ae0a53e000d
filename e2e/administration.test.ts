// An admin at work, in browsers without scripts: says who may register, sends somebody a reset link, shuts somebody out.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findViolations } from "./axe.ts";
import { openBrowser } from "./browser.ts";
import { findLink, readMails, waitForMail } from "./mail-folder.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const [ADDRESS, PASSWORD, OTHER_PASSWORD] = [
  "ada@example.com",
  "kitchen-lamp-42-violin",
  "meadow/39 trombone",
];
const ANNOUNCEMENT = "Down on Sunday <b>from 6 to 7</b>";

let plue: RunningPlue;
let browser: Browser;
let admin: Page;
let person: Page;
let stranger: Page;

beforeAll(async () => {
  [plue, browser] = await Promise.all([startPlue(), openBrowser()]);
  const open = async (): Promise<Page> => {
    const context: BrowserContext = await browser.newContext({ javaScriptEnabled: false });
    return context.newPage();
  };
  [admin, person, stranger] = await Promise.all([open(), open(), open()]);
  await admin.goto(plue.signInLink);
  await press(admin, /sign in/i);
});

afterAll(async () => {
  await browser?.close();
  await plue?.stop();
});

const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first().click();
const go = (page: Page, path: string) => page.goto(path.startsWith("http") ? path : plue.url + path);
const isSignedIn = async (page: Page) => (await page.getByRole("button", { name: "Sign out" }).count()) === 1;

/** What axe finds on a page as everybody sees it. The checker is a script of ours, which pages' own policy would refuse. */
async function check(path: string): Promise<string[]> {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await go(page, path);
  const found = await findViolations(page);
  await context.close();
  return found;
}

async function askToRegister(page: Page, username: string, address: string): Promise<void> {
  await go(page, "/register");
  await page.locator("#username").fill(username);
  await page.locator("#email").fill(address);
  await page.locator("#password").fill(PASSWORD);
  await press(page, "Mail me the link");
}

async function save(): Promise<void> {
  await press(admin, "Save");
  await admin.getByText("✓ Saved.").waitFor();
}

describe("who may register", () => {
  it("is everybody at first", async () => {
    await askToRegister(person, "ada", ADDRESS);
    await go(person, findLink(await waitForMail(plue, ADDRESS, /Make your Plue account/)));
    await press(person, "Make it and sign in");
    expect(await isSignedIn(person)).toBe(true);
  });

  it("is nobody once an admin says so: no form, no link, and none that was mailed before", async () => {
    await askToRegister(stranger, "eve", "eve@example.com");
    const link = findLink(await waitForMail(plue, "eve@example.com", /Make your Plue account/));
    await go(stranger, "/register");
    await go(admin, "/site-admin/settings");
    await admin.getByLabel("Nobody may register").check();
    await save();
    // The form that is still open in the other browser.
    await stranger.locator("#username").fill("mallory");
    await stranger.locator("#email").fill("mallory@example.com");
    await stranger.locator("#password").fill(PASSWORD);
    await press(stranger, "Mail me the link");
    await stranger.getByText("No new accounts are made here.").waitFor();
    await go(stranger, "/register");
    expect(await stranger.locator("form").count()).toBe(0);
    expect(await check("/register")).toEqual([]);
    await go(stranger, "/login");
    expect(await stranger.getByRole("link", { name: "Register" }).count()).toBe(0);
    await go(stranger, link);
    await press(stranger, "Make it and sign in");
    await stranger.getByText("No new accounts are made here.").waitFor();
    expect(await isSignedIn(stranger)).toBe(false);
    expect(readMails(plue).map(({ to }) => to)).not.toContain("mallory@example.com");
  });

  it("is told beside the field where the admin mistyped, and nothing is saved", async () => {
    await go(admin, "/site-admin/settings");
    await admin.getByLabel("Everybody may register").check();
    await admin.locator("#registrationDomains").fill("example.com\n@nowhere");
    await admin.locator("#auditRetentionDays").fill("10");
    await press(admin, "Save");
    await admin.locator("#registrationDomains-error").getByText("@nowhere").waitFor();
    expect(await admin.locator("#auditRetentionDays-error").count()).toBe(1);
    expect(await admin.locator("#registrationDomains").inputValue()).toContain("@nowhere");
    await go(stranger, "/register");
    expect(await stranger.locator("form").count()).toBe(0);
  });

  it("is who has an address of a domain that an admin named", async () => {
    await go(admin, "/site-admin/settings");
    await admin.getByLabel("Everybody may register").check();
    await admin.locator("#registrationDomains").fill("example.com");
    await save();
    await askToRegister(stranger, "eve", "eve@elsewhere.test");
    await stranger.locator("#email-error").getByText("example.com").waitFor();
    expect(await stranger.locator("#username").inputValue()).toBe("eve");
  });
});

it("what the site is called and announces stands on every page, as plain text", async () => {
  await go(admin, "/site-admin/settings");
  await admin.locator("#siteName").fill("Forge & Sons");
  await admin.locator("#banner").fill(ANNOUNCEMENT);
  await save();
  for (const path of ["/", "/login", "/nobody/nothing"]) {
    await go(stranger, path);
    await stranger.getByRole("complementary", { name: "Announcement" }).getByText(ANNOUNCEMENT).waitFor();
    expect(await stranger.title()).toContain("· Forge & Sons");
    expect(await check(path)).toEqual([]);
  }
});

it("an admin sends a reset link, which the person alone gets and uses", async () => {
  await go(admin, "/site-admin?search=AD");
  await admin.getByRole("link", { name: "ada", exact: true }).click();
  await press(admin, "Mail a reset link");
  await admin.getByText("A link is on its way").waitFor();
  const link = findLink(await waitForMail(plue, ADDRESS, /Set a new password/));
  expect(await admin.content()).not.toContain(link.split("/").at(-1));
  await go(stranger, link);
  await stranger.locator("#password").fill(OTHER_PASSWORD);
  await press(stranger, /set/i);
  await stranger.getByText("The password is set").waitFor();
  await go(person, "/");
  expect(await isSignedIn(person)).toBe(false);
  await go(person, "/login/password");
  await person.locator("#login").fill("ada");
  await person.locator("#password").fill(OTHER_PASSWORD);
  await press(person, /^Sign in$/);
  expect(await isSignedIn(person)).toBe(true);
});

it("an admin shuts somebody out, who is out at once and hears nothing of why, and lets them in again", async () => {
  await go(admin, "/site-admin/people/ada");
  await admin.locator("#reason").fill("sold their account");
  await press(admin, "Shut out");
  await admin.getByText("✓ The account is shut out.").waitFor();
  await go(person, "/new");
  expect(await isSignedIn(person)).toBe(false);
  await go(person, "/login/password");
  await person.locator("#login").fill("ada");
  await person.locator("#password").fill(OTHER_PASSWORD);
  await press(person, /^Sign in$/);
  await person.getByText("Wrong name or password.").waitFor();
  expect(await person.content()).not.toContain("sold their account");
  await go(admin, "/site-admin/people/ada");
  expect(await admin.getByText("sold their account").count()).toBeGreaterThan(0);
  await press(admin, "Let in again");
  await admin.getByText("✓ The account is let in again.").waitFor();
  await go(person, "/new");
  expect(await isSignedIn(person)).toBe(true);
});
