// Every kind of page, wide and narrow, light and dark: axe finds nothing, and nothing runs off the side.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findViolations } from "./axe.ts";
import { openBrowser } from "./browser.ts";
import { findLatestRun, followRun, makeRepository } from "./forge-client.ts";
import { git, makeWorkTree, removeFolder } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const LOOKS = [
  { width: 1280, colorScheme: "light" },
  { width: 320, colorScheme: "dark" },
] as const;

let plue: RunningPlue;
let browser: Browser;
let session: Awaited<ReturnType<BrowserContext["storageState"]>>;
let folder: string;
let pages: Record<string, string>;

beforeAll(async () => {
  [plue, browser] = await Promise.all([startPlue(), openBrowser()]);
  const { name, remote } = await makeRepository(plue);
  const empty = await makeRepository(plue);
  folder = await makeWorkTree("pages", {
    "README.md": "# Read me\n",
    "src/a-rather-long-file-name-that-goes-on-and-on.ts": `export const line = "${"x".repeat(300)}";\n`,
    ".plue/workflows/ci.yaml":
      "on: [push, issues]\njobs:\n  a: {steps: [{run: echo printed}]}\n  b: {needs: a, steps: [{run: exit 3}]}\n",
    ".plue/workflows/broken.yaml": "on: push\njobs: [",
  });
  await git(folder, "push", "--quiet", remote, "main");
  await followRun(plue, (await findLatestRun(plue, name))?.id ?? 0);
  const repository = `/admin/${name}`;
  const organization = await fillLists(repository);
  pages = {
    home: "/",
    "sign in": "/login",
    "new repository": "/new",
    "empty repository": `/admin/${empty.name}`,
    repository,
    folder: `${repository}/tree/main/src`,
    file: `${repository}/blob/main/src/a-rather-long-file-name-that-goes-on-and-on.ts`,
    "missing path": `${repository}/tree/main/nowhere`,
    runs: `${repository}/runs`,
    run: `${repository}/runs/1`,
    workflows: `${repository}/workflows`,
    "not found": "/nobody/nothing",
    tokens: "/settings/tokens",
    keys: "/settings/keys",
    "deploy keys": `${repository}/settings/keys`,
    "security log": "/settings/security-log",
    "organisation audit": `/orgs/${organization}/settings/audit`,
    sessions: "/settings/sessions",
    wallets: "/settings/wallets",
    passkeys: "/settings/passkeys",
    confirm: "/login/confirm",
    people: "/site-admin",
    person: "/site-admin/people/admin",
    "site settings": "/site-admin/settings",
    mail: "/site-admin/mail",
    queues: "/site-admin/queues",
    "site audit": "/site-admin/audit",
    transfers: "/settings/transfers",
    account: "/settings/account",
    register: "/register",
    reset: "/reset",
    profile: "/settings/profile",
    emails: "/settings/emails",
    password: "/settings/password",
    appearance: "/settings/appearance",
    organisations: "/settings/organizations",
    "new organisation": "/organizations/new",
    "organisation people": `/orgs/${organization}/people`,
    "organisation teams": `/orgs/${organization}/teams`,
    "organisation settings": `/orgs/${organization}/settings`,
    "repository settings": `${repository}/settings`,
    access: `${repository}/settings/access`,
    "branch rules": `${repository}/settings/branches`,
    imports: `${repository}/imports`,
  };
  session = await signIn();
});

/** Something for the pages of tokens, keys and the audit log to show. @returns an organisation's name */
async function fillLists(repository: string): Promise<string> {
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${plue.token}`, "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(`${plue.url}/api${path}`, init);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  };
  await post("/user/tokens", { name: `a ${"long ".repeat(15)}name`, scopes: ["repo:read", "org:*"] });
  await post(`/v3/repos${repository}/keys`, { title: "server", read_only: true });
  await post("/v3/orgs", { login: "our-house" });
  return "our-house";
}

afterAll(async () => {
  removeFolder(folder);
  await browser?.close();
  await plue?.stop();
});

async function signIn() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(plue.signInLink);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.getByRole("button", { name: /sign out/i }).waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}

/** A check box or a radio button, and where its label is. */
interface MeasuredBox {
  name: string;
  width: number;
  height: number;
  /** How far the label begins after the box, and its first line below the middle of the box; null without a label. */
  gap: number | null;
  drop: number | null;
}

const MEASURE = `[...document.querySelectorAll("input[type=checkbox], input[type=radio]")].map((input) => {
  const box = input.getBoundingClientRect();
  const [label] = input.labels;
  const text = document.createRange();
  if (label) text.selectNodeContents(label);
  const line = label ? text.getClientRects()[0] : undefined;
  return {
    name: input.id || input.name, width: box.width, height: box.height,
    gap: line ? line.left - box.right : null,
    drop: line ? Math.abs((line.top + line.bottom) / 2 - (box.top + box.bottom) / 2) : null,
  };
})`;

const findBoxes = (page: Page): Promise<MeasuredBox[]> => page.evaluate(MEASURE);

/** Targets have at least 24 px (WCAG 2.2, 2.5.8), and the label's first line stands right beside its box. */
function findBoxProblem({ name, width, height, gap, drop }: MeasuredBox): string | undefined {
  if (width < 24 || height < 24) return `${name} is ${width} by ${height} px`;
  const isBeside = gap !== null && drop !== null && gap >= 0 && gap <= 24 && drop <= 8;
  return isBeside ? undefined : `the label of ${name} is ${gap} px beside and ${drop} px below its box`;
}

describe.each(LOOKS)("at $width px, $colorScheme", ({ width, colorScheme }) => {
  it("has no page that axe objects to or that is wider than the window", async () => {
    // The checker is a script of ours, which the pages' own policy would refuse.
    const context = await browser.newContext({
      bypassCSP: true,
      colorScheme,
      storageState: session,
      viewport: { width, height: 800 },
    });
    const page = await context.newPage();
    const problems: Record<string, string[]> = {};
    let measured = 0;
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(plue.url + path);
      const found = await findViolations(page);
      const excess = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      if (Number(excess) > 0) found.push(`${excess} px too wide`);
      const boxes = await findBoxes(page);
      measured += boxes.length;
      found.push(...boxes.flatMap((box) => findBoxProblem(box) ?? []));
      if (found.length > 0) problems[name] = found;
      await page.screenshot({ path: `${plue.artifactsFolder}/${name.replaceAll(" ", "-")}-${width}.png` });
    }
    expect(problems).toEqual({});
    expect(measured).toBeGreaterThan(25);
    await context.close();
  });
});
