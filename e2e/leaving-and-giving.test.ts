// How people come by a mailed invitation, take a repository that is offered to them, and go, in a browser without scripts
// and with real git: what led to a repository still does, and of who has gone nothing is left that opens anything.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findViolations } from "./axe.ts";
import { openBrowser } from "./browser.ts";
import { callForge, makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { findLink, waitForMail } from "./mail-folder.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const ADDRESS = "grace@example.com";
const PASSWORD = "kitchen-lamp-42-violin";

let plue: RunningPlue;
let browser: Browser;
let admin: Page;
let grace: Page;
let link: string;
let graceToken: string;
let repository: { name: string; remote: string };
let work: string;
const folders: string[] = [];
const problems: Record<string, string[]> = {};

beforeAll(async () => {
  [plue, browser] = await Promise.all([startPlue(), openBrowser()]);
  admin = await openPage();
  await admin.goto(plue.signInLink);
  await press(admin, /sign in/i);
  await admin.getByRole("button", { name: "Sign out" }).waitFor();
  grace = await openPage();
});

afterAll(async () => {
  for (const folder of folders) removeFolder(folder);
  await browser?.close();
  await plue?.stop();
});

const openPage = async () => (await browser.newContext({ javaScriptEnabled: false })).newPage();
const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first().click();
const go = async (page: Page, path: string) => (await page.goto(plue.url + path))?.status();
const notice = (page: Page, text: string) => page.getByRole("status").getByText(text).waitFor();

const NARROW = [{ width: 320, colorScheme: "dark" }] as const;
const BOTH = [...NARROW, { width: 1280, colorScheme: "light" }] as const;

/** Looks at a page as `page`'s viewer does: what axe objects to, what runs off the side, and a picture. */
async function inspect(
  page: Page,
  path: string,
  name: string,
  looks: typeof NARROW | typeof BOTH = NARROW,
): Promise<void> {
  const storageState = await page.context().storageState();
  for (const { width, colorScheme } of looks) {
    const context = await browser.newContext({
      ...{ bypassCSP: true, colorScheme, storageState, viewport: { width, height: 800 } },
    });
    const seen = await context.newPage();
    expect(await go(seen, path)).toBe(200);
    const found = await findViolations(seen);
    const excess = Number(await seen.evaluate("document.documentElement.scrollWidth - innerWidth"));
    if (excess > 0) found.push(`${excess} px too wide`);
    if (found.length > 0) problems[`${name} at ${width}`] = found;
    await seen.screenshot({ path: `${plue.artifactsFolder}/${name}-${width}.png`, fullPage: true });
    await context.close();
  }
}

describe("an invitation by mail", () => {
  it("makes whoever registers by its link a member, with that address", async () => {
    await callForge(plue, "/v3/orgs", { login: "makers" });
    await go(admin, "/orgs/makers/people");
    await admin.locator("#username").fill(ADDRESS);
    await press(admin, "Invite");
    await notice(admin, "The invitation is mailed.");
    link = new URL(findLink(await waitForMail(plue, ADDRESS, /You are invited to makers/))).pathname;
    expect(await go(grace, link)).toBe(200);
    await grace.getByText("admin invites you").waitFor();
    await inspect(grace, link, "invitation");
    await inspect(admin, "/orgs/makers/people", "open-invitations", BOTH);
    await inspect(admin, link, "invitation-of-another");

    await grace.locator("#username").fill("grace");
    await grace.locator("#password").fill(PASSWORD);
    await press(grace, "Make it and accept");
    await grace.getByRole("button", { name: "Sign out" }).waitFor();
    expect(new URL(grace.url()).pathname).toBe("/makers");
    expect(await go(grace, "/orgs/makers/teams")).toBe(200);
    await go(grace, "/settings/emails");
    await grace.getByText(ADDRESS).first().waitFor();
    expect(await go(grace, link)).toBe(410);
  });
});

describe("a repository offered to another person", () => {
  it("is theirs when they accept, and git finds it under its old address", async () => {
    repository = await makeRepository(plue, true);
    work = await makeWorkTree("given", { "README.md": "Given\n" });
    folders.push(work);
    await git(work, "push", "--quiet", repository.remote, "main");
    await go(admin, `/admin/${repository.name}/settings`);
    await admin.locator("#owner").fill("grace");
    await admin.locator("#confirm-transfer").fill(`admin/${repository.name}`);
    await press(admin, "Give it to them");
    await notice(admin, "They are asked");
    await admin.getByText("It is on offer to grace").waitFor();

    await waitForMail(plue, ADDRESS, new RegExp(`admin offers you admin/${repository.name}`));
    expect(await go(grace, `/admin/${repository.name}`)).toBe(404);
    await go(grace, "/settings/transfers");
    await inspect(grace, "/settings/transfers", "transfers", BOTH);
    await press(grace, `Accept admin/${repository.name}`);
    await notice(grace, "It is yours now.");
    expect(new URL(grace.url()).pathname).toBe(`/grace/${repository.name}/settings`);

    // The admin administers it still, and works on from where it was.
    const clone = makeFolder("given-clone");
    folders.push(clone);
    await git(clone, "clone", "--quiet", repository.remote, ".");
    await commitFiles(work, { "more.txt": "more\n" }, "Second");
    await git(work, "push", "--quiet", repository.remote, "main");
    await git(clone, "pull", "--quiet");
    const head = await git(clone, "rev-parse", "HEAD");
    expect(head).toBe(await git(work, "rev-parse", "HEAD"));
    const moved = await callForge<{ full_name: string }>(plue, `/v3/repos/grace/${repository.name}`);
    expect(moved.full_name).toBe(`grace/${repository.name}`);
    expect(await go(admin, `/admin/${repository.name}`)).toBe(200);
    expect(new URL(admin.url()).pathname).toBe(`/grace/${repository.name}`);
  });
});

describe("an account that is deleted", () => {
  it("is asked about what goes along, and then opens nothing, anywhere", async () => {
    await go(grace, "/settings/tokens");
    await grace.locator("#name").fill("git");
    await grace.locator('input[value="repo:write"]').check();
    await press(grace, "Make");
    graceToken = (await grace.getByRole("status").locator("code").textContent()) ?? "";
    const remote = `${plue.url.replace("://", `://x:${graceToken}@`)}/grace/${repository.name}.git`;
    await git(work, "ls-remote", remote);
    const ask = (path: string) =>
      fetch(`${plue.url}/api/v3${path}`, { headers: { authorization: `Bearer ${graceToken}` } });
    expect((await ask("/user")).status).toBe(200);
    const second = await openPage();
    await go(second, "/login/password");
    await second.locator("#login").fill("grace");
    await second.locator("#password").fill(PASSWORD);
    await press(second, /^Sign in/);
    await second.getByRole("button", { name: "Sign out" }).waitFor();

    await go(grace, "/settings/account");
    await inspect(grace, "/settings/account", "account");
    await grace.getByText(repository.name).first().waitFor();
    await grace.locator("#confirmation").fill("grace");
    await press(grace, "Delete my account");
    await grace.getByText("You own repositories.").waitFor();
    await grace.locator("#with-repositories").check();
    await grace.locator("#confirmation").fill("grace");
    await press(grace, "Delete my account");
    await grace.getByRole("heading", { name: "Your account is deleted" }).waitFor();
    await grace.screenshot({ path: `${plue.artifactsFolder}/account-gone.png` });

    // At once: the first that is asked is refused.
    expect((await ask("/user")).status).toBe(401);
    expect((await tryGit(work, "ls-remote", remote)).code).not.toBe(0);
    expect((await tryGit(work, "push", remote, "main:other")).code).not.toBe(0);
    expect(await go(second, "/settings/tokens")).toBe(401);
    expect(await go(grace, "/orgs/makers/teams")).toBe(401);
    expect(await go(admin, "/grace")).toBe(404);
    expect(await go(admin, `/grace/${repository.name}`)).toBe(404);
    await waitForMail(plue, ADDRESS, /Your Plue account was deleted/);
    await go(admin, "/orgs/makers/people");
    expect(await admin.getByText("grace").count()).toBe(0);
  });

  it("leaves its name to nobody for a time, and its address to whoever has it", async () => {
    const next = await openPage();
    const register = async (username: string) => {
      await go(next, "/register");
      await next.locator("#username").fill(username);
      await next.locator("#email").fill(ADDRESS);
      await next.locator("#password").fill(PASSWORD);
      await press(next, "Mail me the link");
    };
    await register("Grace");
    await next.getByText("Somebody is called Grace already.").waitFor();
    await register("hopper");
    await next.goto(findLink(await waitForMail(plue, ADDRESS, /Make your Plue account/)));
    await press(next, "Make it and sign in");
    await next.getByRole("button", { name: "Sign out" }).waitFor();
    // The first admin can't go as long as the site has no other.
    await go(admin, "/settings/account");
    await admin.getByText("You are the only admin of this site").waitFor();
    await inspect(admin, "/settings/account", "account-that-is-kept");
    expect(await go(next, `/admin/${repository.name}`)).toBe(404);
  });
});

it("no page of these is one that axe objects to, or wider than the window", () => {
  expect(problems).toEqual({});
});
