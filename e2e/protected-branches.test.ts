// Rules for branches and the settings of a repository as people meet them: real git on one side, a browser without scripts
// on the other. What is refused is refused with its reason, and nothing else of the push.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createToken, hashSecret } from "../schema/token.ts";
import { createTestDatabase, type TestDatabase } from "../scripts/testing/database.ts";
import { findViolations } from "./axe.ts";
import { openBrowser } from "./browser.ts";
import { callForge, makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
let browser: Browser;
let testDatabase: TestDatabase;
let database: Client;
let page: Page;
const folders: string[] = [];
const tokens: Record<string, string> = {};
const DARK_PHONE = { viewport: { width: 320, height: 900 }, colorScheme: "dark" } as const;

beforeAll(async () => {
  testDatabase = await createTestDatabase(inject("databaseUrl"));
  const env = { DATABASE_URL: testDatabase.url };
  [plue, browser] = await Promise.all([startPlue({ env }), openBrowser()]);
  database = new Client({ connectionString: testDatabase.url });
  await database.connect();
  for (const name of ["writer", "reader", "maintainer"]) await makePerson(name);
  const context = await browser.newContext({ javaScriptEnabled: false, ...DARK_PHONE });
  page = await context.newPage();
  await page.goto(plue.signInLink);
  await press(/sign in/i);
});

afterAll(async () => {
  for (const folder of folders) removeFolder(folder);
  await browser?.close();
  await database?.end();
  await plue?.stop();
  await testDatabase?.drop();
});

async function makePerson(username: string): Promise<void> {
  const token = createToken("plue_");
  tokens[username] = token;
  await database.query(
    `with made as (insert into users (username) values ($1) returning id)
     insert into access_tokens (user_id, name, token_hash, token_prefix, scopes)
     select id, 'test', $2, 'plue_test', '{admin}' from made`,
    [username, await hashSecret(token)],
  );
}

/** A repository of admin's with one commit on main, and a work tree for each of those who may do something in it. */
async function openRepository() {
  const { name, remote } = await makeRepository(plue);
  for (const [username, role] of [
    ["writer", "write"],
    ["reader", "read"],
    ["maintainer", "maintain"],
  ]) {
    await database.query(
      `insert into collaborators (repository_id, user_id, role)
       select repositories.id, users.id, $3 from repositories, users
       where repositories.name = $1 and users.username = $2`,
      [name, username, role],
    );
  }
  const folder = await makeWorkTree("protected", { "a.txt": "one\n" });
  folders.push(folder);
  await git(folder, "push", "--quiet", remote, "main");
  const address = (who: string) =>
    `${plue.url.replace("://", `://${who}:${tokens[who] ?? plue.token}@`)}/admin/${name}.git`;
  return { name, folder, address };
}

const press = (name: string | RegExp) => page.getByRole("button", { name }).first().click();
const protect = (name: string, branch: string, body: object) =>
  fetch(`${plue.url}/api/v3/repos/admin/${name}/branches/${branch}/protection`, {
    method: "PUT",
    headers: { authorization: `Bearer ${plue.token}` },
    body: JSON.stringify({
      ...{ required_status_checks: null, enforce_admins: false },
      ...{ required_pull_request_reviews: null, restrictions: null },
      ...body,
    }),
  });
const say = (name: string, sha: string, state: string) =>
  callForge(plue, `/v3/repos/admin/${name}/statuses/${sha}`, { state, context: "ci" });

/** Looks at the page with scripts, which the one who judges it needs. */
async function look(name: string): Promise<void> {
  const storageState = await page.context().storageState();
  const context = await browser.newContext({ storageState, bypassCSP: true, ...DARK_PHONE });
  const seen = await context.newPage();
  await seen.goto(page.url());
  expect(await findViolations(seen)).toEqual([]);
  const overflow = await seen.evaluate("document.documentElement.scrollWidth - innerWidth");
  expect(overflow).toBeLessThanOrEqual(0);
  await seen.screenshot({ path: join(plue.artifactsFolder, `${name}-320-dark.png`), fullPage: true });
  await context.close();
}

describe("a rule made on the page", () => {
  it("keeps a branch from being rewritten and deleted, while other refs of the push land", async () => {
    const { name, folder, address } = await openRepository();
    await page.goto(`${plue.url}/admin/${name}/settings/branches`);
    await page.locator("#pattern").fill("ma*");
    await press("Create rule");
    await page.getByRole("status").waitFor();
    await look("branch-rules");
    await commitFiles(folder, { "a.txt": "two\n" }, "Second");
    await git(folder, "push", "--quiet", address("writer"), "main");
    await git(folder, "commit", "--quiet", "--amend", "--message", "Rewritten");
    const pushed = await tryGit(folder, "push", address("writer"), "+main:main", "main:topic");
    expect(pushed.stderr).toContain(
      "! [remote rejected] main -> main (protected branch: force pushes are not allowed)",
    );
    expect(pushed.stderr).toContain("* [new branch]      main -> topic");
    const atomic = await tryGit(folder, "push", "--atomic", address("writer"), "+main:main", "main:other");
    expect(atomic.stderr).toContain("main -> other (atomic push failure)");
    await git(folder, "push", "--quiet", address("writer"), "main:may");
    const deleted = await tryGit(folder, "push", address("writer"), ":may");
    expect(deleted.stderr).toContain("! [remote rejected] may (protected branch: it may not be deleted)");
    await page.getByRole("link", { name: "Edit the rule for ma*" }).click();
    await page.getByLabel("Allow deletions").check();
    await press("Save rule");
    await page.getByRole("status").waitFor();
    await git(folder, "push", "--quiet", address("writer"), ":may");
  });
});

describe("rules set over REST", () => {
  it("hold a commit back until its required context has succeeded", async () => {
    const { name, folder, address } = await openRepository();
    await protect(name, "main", { required_status_checks: { strict: true, contexts: ["ci"] } });
    const sha = await commitFiles(folder, { "a.txt": "two\n" }, "Second");
    const push = () => tryGit(folder, "push", address("writer"), "main");
    expect((await push()).stderr).toContain("required statuses have not succeeded: ci (missing)");
    await git(folder, "push", "--quiet", address("writer"), "main:topic");
    await say(name, sha, "failure");
    expect((await push()).stderr).toContain("ci (failure)");
    await say(name, sha, "success");
    expect((await push()).code).toBe(0);
  });

  it("let an admin past who isn't held to them, and the audit log says so", async () => {
    const { name, folder, address } = await openRepository();
    await protect(name, "main", { required_pull_request_reviews: { required_approving_review_count: 2 } });
    const after = await commitFiles(folder, { "a.txt": "two\n" }, "Second");
    const refused = await tryGit(folder, "push", address("maintainer"), "main");
    expect(refused.stderr).toContain("required: pull request with 2 approvals");
    await git(folder, "push", "--quiet", address("admin"), "main");
    const { rows } = await database.query(
      `select actor_name, credential_kind, details from audit_events
       where action = 'protected_branch.bypass' and details ->> 'repository' = $1`,
      [`admin/${name}`],
    );
    expect(rows).toMatchObject([
      { actor_name: "admin", credential_kind: "token", details: { after, pattern: "main" } },
    ]);
  });

  it("take commits that a known SSH key signed, one after the other", async () => {
    const { name, folder, address } = await openRepository();
    await protect(name, "main", { required_linear_history: true });
    await callForge(plue, `/v3/repos/admin/${name}/branches/main/protection/required_signatures`, {});
    const push = () => tryGit(folder, "push", address("writer"), "main");
    const base = await git(folder, "rev-parse", "HEAD");
    await commitFiles(folder, { "a.txt": "two\n" }, "Not signed");
    expect((await push()).stderr).toMatch(/commits must be signed, and [0-9a-f]{10} is not/);
    const key = join(makeKeyFolder(), "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
    const signed = ["-c", "gpg.format=ssh", "-c", `user.signingkey=${key}`];
    await git(folder, "reset", "--quiet", "--hard", base);
    await git(folder, ...signed, "commit", "--quiet", "-S", "--allow-empty", "--message", "Signed");
    expect((await push()).stderr).toContain("which is nobody's SSH key here");
    await addKey("writer", readFileSync(`${key}.pub`, "utf8"));
    expect((await push()).code).toBe(0);
    await git(folder, "checkout", "--quiet", "-b", "side", base);
    await git(folder, ...signed, "commit", "--quiet", "-S", "--allow-empty", "--message", "Aside");
    await git(folder, "checkout", "--quiet", "main");
    await git(folder, ...signed, "merge", "--quiet", "-S", "--message", "Merged", "side");
    expect((await push()).stderr).toMatch(/its history must be linear, and [0-9a-f]{10} is a merge/);
  });
});

function makeKeyFolder(): string {
  const folder = makeFolder("keys");
  folders.push(folder);
  return folder;
}

async function addKey(username: string, line: string): Promise<void> {
  const [algorithm = "", blob = ""] = line.split(" ");
  const digest = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  await database.query(
    `insert into ssh_keys (user_id, title, public_key, fingerprint)
     select id, 'test', $2, $3 from users where username = $1`,
    [username, `${algorithm} ${blob}`, `SHA256:${digest.replace(/=+$/, "")}`],
  );
}

describe("the settings", () => {
  it("rename a repository, whose old address fetches and pushes on", async () => {
    const { name, folder, address } = await openRepository();
    await page.goto(`${plue.url}/admin/${name}/settings`);
    await look("repository-settings");
    await page.locator("#name").fill(`${name}-2`);
    await press("Rename");
    await page.getByRole("status").waitFor();
    expect(new URL(page.url()).pathname).toBe(`/admin/${name}-2/settings`);
    await page.goto(`${plue.url}/admin/${name}`);
    expect(new URL(page.url()).pathname).toBe(`/admin/${name}-2`);
    const sha = await commitFiles(folder, { "a.txt": "two\n" }, "Second");
    await git(folder, "push", "--quiet", address("writer"), "main");
    expect(await git(folder, "ls-remote", `${address("reader")}`, "refs/heads/main")).toContain(sha);
    expect(await git(folder, "ls-remote", `${plue.url}/admin/${name}-2`, "HEAD")).toContain(sha);
  });

  it("archive a repository, and let nobody in who may not", async () => {
    const { name, folder, address } = await openRepository();
    await commitFiles(folder, { "a.txt": "two\n" }, "Second");
    const reading = await tryGit(folder, "push", address("reader"), "main");
    expect(reading.stderr).toContain("403");
    const asMaintainer = (body: object) =>
      fetch(`${plue.url}/api/v3/repos/admin/${name}`, {
        method: "PATCH",
        headers: { authorization: `Bearer ${tokens.maintainer}` },
        body: JSON.stringify(body),
      });
    expect((await asMaintainer({ description: "Kept well" })).status).toBe(200);
    expect((await asMaintainer({ archived: true })).status).toBe(403);
    expect((await asMaintainer({ private: true })).status).toBe(403);
    await page.goto(`${plue.url}/admin/${name}/settings`);
    await press("Archive it");
    await page.getByRole("status").waitFor();
    await look("archived-settings");
    expect((await tryGit(folder, "push", address("writer"), "main")).stderr).toContain("403");
    await press("Take it out of the archive");
    await page.getByRole("status").waitFor();
    await git(folder, "push", "--quiet", address("writer"), "main");
  });

  it("end a repository only for who types its name", async () => {
    const { name } = await openRepository();
    const settings = `${plue.url}/admin/${name}/settings`;
    await page.goto(settings);
    await page.locator("#confirm-delete").fill("admin/another");
    await press("Delete this repository");
    await page.getByRole("alert").waitFor();
    await page.goto(settings);
    await page.locator("#confirm-delete").fill(`admin/${name}`);
    await press("Delete this repository");
    expect((await page.goto(`${plue.url}/admin/${name}`))?.status()).toBe(404);
  });
});
