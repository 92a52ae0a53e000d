// An organisation as its people use it, in a browser without scripts: made, joined by invitation, a team that pushes
// over git, and shut again the moment somebody is taken out.
import { Client } from "pg";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createToken, hashSecret } from "../schema/token.ts";
import { createTestDatabase, type TestDatabase } from "../scripts/testing/database.ts";
import { findViolations } from "./axe.ts";
import { openBrowser } from "./browser.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { findLink, waitForMail } from "./mail-folder.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
let browser: Browser;
let testDatabase: TestDatabase;
let admin: Page;
let grace: Page;
let graceToken: string;
const folders: string[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase(inject("databaseUrl"));
  const env = { DATABASE_URL: testDatabase.url };
  [plue, browser] = await Promise.all([startPlue({ env }), openBrowser()]);
  admin = await openPage();
  await admin.goto(plue.signInLink);
  await press(admin, /sign in/i);
  grace = await openPage();
  await register(grace, "grace");
  graceToken = await giveToken("grace");
});

afterAll(async () => {
  for (const folder of folders) removeFolder(folder);
  await browser?.close();
  await plue?.stop();
  await testDatabase?.drop();
});

const openPage = async () => (await browser.newContext({ javaScriptEnabled: false })).newPage();
const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first().click();
const go = async (page: Page, path: string) => (await page.goto(plue.url + path))?.status();
const notice = (page: Page, text: string) => page.getByRole("status").getByText(text).waitFor();

async function register(page: Page, username: string): Promise<void> {
  await go(page, "/register");
  await page.locator("#username").fill(username);
  await page.locator("#email").fill(`${username}@example.com`);
  await page.locator("#password").fill("kitchen-lamp-42-violin");
  await press(page, "Mail me the link");
  const mail = await waitForMail(plue, `${username}@example.com`, /Make your Plue account/);
  await page.goto(findLink(mail));
  await press(page, "Make it and sign in");
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

async function giveToken(username: string): Promise<string> {
  const token = createToken("plue_");
  const database = new Client({ connectionString: testDatabase.url });
  await database.connect();
  await database.query(
    `insert into access_tokens (user_id, name, token_hash, token_prefix, scopes)
     select id, 'test', $2, 'plue_test', '{repo:write}' from users where username = $1`,
    [username, await hashSecret(token)],
  );
  await database.end();
  return token;
}

const remoteOf = (token: string) => `${plue.url.replace("://", `://x:${token}@`)}/makers/tools.git`;

async function makeWork(): Promise<string> {
  const folder = await makeWorkTree("organisation", { "README.md": "Tools\n" });
  folders.push(folder);
  return folder;
}

describe("an organisation", () => {
  it("is made, and somebody is invited, who sees nothing of it before they accept", async () => {
    await go(admin, "/organizations/new");
    await admin.locator("#login").fill("settings");
    await press(admin, "Make the organisation");
    await admin.getByText("The name settings is reserved.").waitFor();
    await admin.locator("#login").fill("makers");
    await admin.locator("#name").fill("The Makers");
    await press(admin, "Make the organisation");
    await admin.getByRole("heading", { name: "People" }).waitFor();
    await admin.locator("#username").fill("nobody-there");
    await press(admin, "Invite");
    await admin.getByText("There is nobody of that name.").waitFor();
    await admin.locator("#username").fill("grace");
    await press(admin, "Invite");
    await notice(admin, "They are invited");
    expect(await go(grace, "/orgs/makers/teams")).toBe(404);
    await go(grace, "/settings/organizations");
    await press(grace, "Accept makers");
    await notice(grace, "You have accepted.");
    expect(await go(grace, "/orgs/makers/teams")).toBe(200);
  });

  it("makes a private repository and a team that has it, and its people push over git", async () => {
    await go(admin, "/orgs/makers/settings");
    await admin.locator("#base-role").selectOption("none");
    await press(admin, "Save");
    await notice(admin, "Saved.");
    await go(admin, "/new");
    await admin.locator("#owner").selectOption("makers");
    await admin.locator('input[name="name"]').fill("tools");
    await admin.locator('input[value="private"]').check();
    await press(admin, "Create repository");
    await admin.getByText("makers/tools").first().waitFor();
    expect(await go(grace, "/makers/tools")).toBe(404);
    await go(grace, "/makers");
    await grace.getByRole("heading", { name: "0 repositories" }).waitFor();

    await go(admin, "/orgs/makers/teams");
    await admin.locator('input[name="name"]').fill("Core");
    await press(admin, "Make the team");
    await admin.getByRole("link", { name: "Core" }).click();
    await admin.locator("#username").fill("grace");
    await press(admin, /^Take in$/);
    await notice(admin, "They are in the team.");
    await admin.locator("#repository").fill("tools");
    await admin.locator("form", { hasText: "Lend a repository" }).locator("select").selectOption("write");
    await press(admin, /^Lend$/);
    await notice(admin, "The team has the repository.");

    const folder = await makeWork();
    await git(folder, "push", "--quiet", remoteOf(graceToken), "main");
    await go(grace, "/makers/tools");
    await grace.getByText("README.md").first().waitFor();
    await go(grace, "/makers");
    await grace.getByRole("heading", { name: "1 repository" }).waitFor();
  });

  it("shuts the repository at once when somebody is taken out of the team, and of the organisation", async () => {
    const folder = await makeWork();
    const clone = makeFolder("organisation-clone");
    folders.push(clone);
    await git(clone, "clone", "--quiet", remoteOf(graceToken), ".");
    await go(admin, "/orgs/makers/teams/core");
    await press(admin, "Take out grace");
    await notice(admin, "They are out of the team.");
    expect((await tryGit(clone, "fetch", "origin")).stderr).toContain("not found");
    await commitFiles(folder, { "more.txt": "more\n" }, "Second");
    expect((await tryGit(folder, "push", remoteOf(graceToken), "main:other")).code).not.toBe(0);
    expect(await go(grace, "/makers/tools")).toBe(404);

    await go(admin, "/makers/tools/settings/access");
    await admin.locator("#username").fill("grace");
    await press(admin, "Let in");
    await notice(admin, "They are in, or invited.");
    expect(await go(grace, "/makers/tools")).toBe(200);
    await press(admin, "Remove grace");
    await notice(admin, "They are out.");
    expect(await go(grace, "/makers/tools")).toBe(404);
    await go(admin, "/orgs/makers/people");
    await press(admin, "Remove grace");
    await notice(admin, "They don't belong to it any more.");
    expect(await go(grace, "/orgs/makers/teams")).toBe(404);
  });

  it("can't lose its last owner, and is deleted only when it is empty and its name was typed", async () => {
    await go(admin, "/settings/organizations");
    await press(admin, "Leave makers");
    await admin.getByText("An organisation needs an owner.").waitFor();
    await go(admin, "/orgs/makers/settings");
    await admin.locator("#confirmation").fill("maker");
    await press(admin, "Delete this organisation");
    await admin.getByText("Type makers to delete it.").waitFor();
    await admin.locator("#confirmation").fill("makers");
    await press(admin, "Delete this organisation");
    await admin.getByText("It owns repositories").waitFor();
  });

  it("has no page that axe objects to or that is wider than the window", async () => {
    const storageState = await admin.context().storageState();
    const problems: Record<string, string[]> = {};
    await go(admin, "/orgs/makers/people");
    await admin.locator("#username").fill("grace");
    await press(admin, "Invite");
    const pages = [
      "/makers",
      "/admin",
      "/orgs/makers/people",
      "/orgs/makers/teams",
      "/orgs/makers/teams/core",
    ];
    pages.push("/orgs/makers/settings", "/settings/organizations", "/organizations/new", "/new");
    pages.push("/makers/tools/settings/access");
    for (const [width, colorScheme] of [
      [1280, "light"],
      [320, "dark"],
    ] as const) {
      const context = await browser.newContext({
        ...{ bypassCSP: true, colorScheme, storageState, viewport: { width, height: 800 } },
      });
      const page = await context.newPage();
      // Wide, those that have the most side by side.
      for (const path of width === 320 ? pages : pages.filter((one) => /people|core|access/.test(one))) {
        expect(await go(page, path)).toBe(200);
        const found = await findViolations(page);
        const excess = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
        if (excess > 0) found.push(`${excess} px too wide`);
        if (found.length > 0) problems[`${path} at ${width}`] = found;
        const file = `organisations${path.replaceAll("/", "-")}-${width}.png`;
        await page.screenshot({ path: `${plue.artifactsFolder}/${file}`, fullPage: true });
      }
      await context.close();
    }
    expect(problems).toEqual({});
  });
});
