// The main job, as its user does it: start, sign in, make a repository, push, watch the run, clone it back.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "./browser.ts";
import { callForge, findLatestRun, followRun, joinLog, makeRepository, remoteOf } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const TWO_STEPS = `
name: CI
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Greet
        run: echo "hello from $PWD" && git log -1 --format=%s
      - name: Gate
        run: |
          echo waiting for the gate
          until [ -e "$HOME/open" ]; do [ "$(( waited = waited + 1 ))" -lt 40 ] && sleep 0.1 || touch "$HOME/open"; done
          cat README.md
  after:
    needs: build
    steps:
      - run: echo after
`;

let plue: RunningPlue;
let browser: Browser;
const folders: string[] = [];

beforeAll(async () => {
  [plue, browser] = await Promise.all([startPlue(), openBrowser()]);
});

afterAll(async () => {
  for (const folder of folders) removeFolder(folder);
  await browser?.close();
  await plue?.stop();
});

async function makeProject(files: Record<string, string>): Promise<string> {
  const folder = await makeWorkTree("project", files);
  folders.push(folder);
  return folder;
}

async function signIn(page: Page): Promise<void> {
  await page.goto(plue.signInLink);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.getByText("admin").first().waitFor();
}

describe("the main job", () => {
  it("runs what was pushed, live in the browser, and gives the same commits back", async () => {
    const { name, remote } = await makeRepository(plue);
    const folder = await makeProject({ "README.md": "Read me\n", ".plue/workflows/ci.yaml": TWO_STEPS });
    const push = await tryGit(folder, "push", remote, "main");
    expect(push.stderr).toContain(`remote: Plue: 1 workflow matched, run ${plue.url}/admin/${name}/runs/1`);
    expect(push.code).toBe(0);

    const page = await browser.newPage();
    await signIn(page);
    await page.goto(`${plue.url}/admin/${name}/runs/1`);
    await page.getByText("hello from").waitFor();
    await page.getByText("waiting for the gate").waitFor();
    const started = await findLatestRun(plue, name);
    await followRun(plue, started?.id ?? 0);
    await page.getByText("after", { exact: true }).last().waitFor();
    await page.getByText("Read me").waitFor();
    await page.screenshot({ path: `${plue.artifactsFolder}/run.png`, fullPage: true });

    const run = await findLatestRun(plue, name);
    expect(run).toMatchObject({
      number: 1,
      status: "succeeded",
      head_sha: await git(folder, "rev-parse", "HEAD"),
    });
    expect(run?.jobs.map((job) => [job.key, job.status, job.attempt])).toEqual([
      ["build", "succeeded", 1],
      ["after", "succeeded", 1],
    ]);
    expect(run?.jobs[0]?.sandbox).toMatch(/gvisor|runsc|bubblewrap/i);

    const copy = makeFolder("clone");
    folders.push(copy);
    await git(copy, "clone", "--quiet", remote, ".");
    expect(await git(copy, "rev-parse", "HEAD")).toBe(run?.head_sha);
    expect(await git(copy, "fsck", "--full", "--strict")).toBe("");
  });

  it("shows a page opened late all that was, without scripts too", async () => {
    const { name, remote } = await makeRepository(plue);
    const folder = await makeProject({
      "README.md": "Late\n",
      ".plue/workflows/ci.yaml": "on: push\njobs: {a: {steps: [{run: 'echo printed earlier; exit 3'}]}}\n",
    });
    await git(folder, "push", "--quiet", remote, "main");
    const run = await findLatestRun(plue, name);
    await followRun(plue, run?.id ?? 0);
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${plue.url}/admin/${name}/runs/1`);
    const text = (await page.locator("main").textContent()) ?? "";
    expect(text).toContain("printed earlier");
    expect(text).toMatch(/failed/i);
    expect(text).toMatch(/exit (code )?3|code 3/i);
    await context.close();
  });

  it("keeps a private repository from everyone else", async () => {
    const { name, remote } = await makeRepository(plue, true);
    const folder = await makeProject({ "README.md": "Secret\n" });
    await git(folder, "push", "--quiet", remote, "main");
    for (const path of [`/admin/${name}`, `/admin/${name}/runs`, `/api/v3/repos/admin/${name}`]) {
      expect((await fetch(plue.url + path)).status).toBe(404);
    }
    const anonymous = await tryGit(folder, "ls-remote", `${plue.url}/admin/${name}.git`);
    expect(anonymous.code).not.toBe(0);
    const wrong = await tryGit(
      folder,
      "ls-remote",
      remoteOf(plue, name).replace(plue.token, `plue_${"x".repeat(36)}`),
    );
    expect(wrong.stderr).toMatch(/Authentication failed|403|401/);
    expect(await git(folder, "ls-remote", remote)).toContain("refs/heads/main");
  });

  it("tells the pusher where a definition doesn't parse, runs the others, and shows it on the workflows page", async () => {
    const { name, remote } = await makeRepository(plue);
    const folder = await makeProject({
      ".plue/workflows/bad.yaml": "on: push\njobs:\n  a:\n    stepz: []\n",
      ".plue/workflows/good.yaml": "on: push\njobs: {a: {steps: [{run: echo good}]}}\n",
    });
    const push = await tryGit(folder, "push", remote, "main");
    expect(push.stderr).toMatch(
      /remote: Plue: \.plue\/workflows\/bad\.yaml:4:\d+: jobs\.a\.stepz isn't known/,
    );
    expect(push.stderr).toContain("remote: Plue: 1 workflow matched");
    const run = await findLatestRun(plue, name);
    expect(joinLog(await followRun(plue, run?.id ?? 0))).toBe("good\n");
    const page = await (await fetch(`${plue.url}/admin/${name}/workflows`)).text();
    expect(page).toContain("stepz");
  });

  it("gives a file's bytes without letting them act as a page of the forge", async () => {
    const { name, remote } = await makeRepository(plue);
    const hostile = "<script>alert(1)</script>\n";
    const folder = await makeProject({ "page.html": hostile, "docs/deep.txt": "deep\n" });
    await git(folder, "push", "--quiet", remote, "main");
    const raw = await fetch(`${plue.url}/admin/${name}/raw/main/page.html`);
    expect(await raw.text()).toBe(hostile);
    expect(raw.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(raw.headers.get("x-content-type-options")).toBe("nosniff");
    expect(raw.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    const page = await fetch(`${plue.url}/admin/${name}/blob/main/page.html`);
    expect(await page.text()).not.toContain("<script>alert");
    expect(page.headers.get("content-security-policy")).toMatch(/script-src 'self'/);
    expect(await (await fetch(`${plue.url}/admin/${name}/raw/main/docs/deep.txt`)).text()).toBe("deep\n");
    expect((await fetch(`${plue.url}/admin/${name}/raw/main/docs/none.txt`)).status).toBe(404);
  });

  it("is healthy, part by part", async () => {
    const health = await callForge<{
      ok: boolean;
      parts: Record<string, { ok: boolean; latency_ms: number }>;
    }>(plue, "/health");
    expect(health.ok).toBe(true);
    expect(Object.keys(health.parts).sort()).toEqual(["database", "gateway", "queue", "r2"]);
  });

  it("cancels a run within a second or two of being asked in the browser", async () => {
    const { name, remote } = await makeRepository(plue);
    const folder = await makeProject({
      ".plue/workflows/ci.yaml": "on: push\njobs: {a: {steps: [{run: 'echo begun; sleep 600'}]}}\n",
    });
    await git(folder, "push", "--quiet", remote, "main");
    const page = await browser.newPage();
    await page.goto(`${plue.url}/admin/${name}/runs/1`);
    await page.getByText("begun", { exact: true }).waitFor();
    expect(await page.getByRole("button", { name: /cancel/i }).count()).toBe(0);
    const run = await findLatestRun(plue, name);
    const startedAtMs = Date.now();
    await callForge(plue, `/runs/${run?.id}/cancel`, {});
    const events = await followRun(plue, run?.id ?? 0);
    expect(events.at(-1)).toMatchObject({ type: "done", data: { status: "cancelled" } });
    expect(Date.now() - startedAtMs).toBeLessThan(10_000);
    await page.getByText("cancelled").first().waitFor();
    await commitFiles(folder, { a: "a" }, "Second");
  });
});
