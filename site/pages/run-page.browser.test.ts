// The run's page in a real browser, with a stream that is cut, refused, faulty and flooding.
import { resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBrowser } from "../../e2e/browser.ts";
import { bundleAssets } from "../../scripts/build-assets.ts";
import { type RunPageServer, startRunPageServer } from "../testing/run-page-server.ts";
import { doneIs, jobIs, logOf, runIs, stepIs } from "../testing/sample-run.ts";

/** Far above what a busy machine makes of it, far below a frozen page. */
const LONGEST_PAUSE_MS = 3000;

let browser: Browser;
let assets: Awaited<ReturnType<typeof bundleAssets>>;
let server: RunPageServer;
let page: Page;
const faults: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  assets = await bundleAssets(resolve(import.meta.dirname, ".."));
});

afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  server = await startRunPageServer(assets);
  page = await browser.newPage();
  faults.length = 0;
  page.on("pageerror", (error) => faults.push(error.message));
});

afterEach(async () => {
  await page.close();
  await server.stop();
  expect(faults).toEqual([]);
});

const BEGIN = [runIs("running"), jobIs("running"), stepIs("running")];
const END = [stepIs("succeeded"), stepIs("succeeded", 1), jobIs("succeeded"), doneIs("succeeded")];

const lines = (stepId = 11): Promise<string[]> =>
  page.locator(`[data-log-of="step-${stepId}"] .line`).allTextContents();
const hasLine = (text: string) => page.locator(".line").getByText(text, { exact: true }).first().waitFor();
const saysConnection = (text: RegExp) => page.locator("[data-connection]").getByText(text).waitFor();
const hasStatus = (of: string, status: string) =>
  page.locator(`.status[data-status-of="${of}"][data-status="${status}"]`).waitFor();

/** What a reader sees, without what only a live page has. */
async function shown(of: Page): Promise<string> {
  await of.evaluate(
    `for (const element of document.querySelectorAll("[role=status], noscript")) element.remove();
     for (const name of ["stream", "snapshot", "now"]) delete document.getElementById("run").dataset[name];
     for (const element of document.querySelectorAll("[hidden]")) element.replaceChildren();`,
  );
  return (await of.locator("#run").innerHTML()).replaceAll("><", ">\n<");
}

describe("a run's page", { timeout: 30_000 }, () => {
  it("opened before, in the middle or after shows the same in the end", async () => {
    const late = await browser.newPage();
    const middle = await browser.newPage();
    await page.goto(server.url);
    await saysConnection(/^live$/);
    server.publish(...BEGIN, logOf("\u001b[32mgreen\n10%\r20"), logOf("checkout\n", { stepId: null }));
    await hasLine("checkout");
    await middle.goto(server.url);
    server.publish(logOf("%\r100%\u001b["), logOf("0m done\n<b>not bold</b>\n\nlast, without a line feed"));
    server.publish(logOf("one more\n", { stepId: 12 }), ...END);
    await hasStatus("run", "succeeded");
    await middle.locator('.status[data-status-of="run"][data-status="succeeded"]').waitFor();
    await late.goto(server.url);
    expect(await lines()).toEqual([
      "green\n",
      "100% done\n",
      "<b>not bold</b>\n",
      "\n",
      "last, without a line feed",
    ]);
    const expected = await shown(late);
    expect(await shown(middle)).toBe(expected);
    expect(await shown(page)).toBe(expected);
    await late.close();
    await middle.close();
  });

  it("ends its stream when the run is done, and asks for nothing more", async () => {
    server.publish(...BEGIN);
    await page.goto(server.url);
    await saysConnection(/^live$/);
    expect(await page.getByRole("button", { name: /cancel/i }).count()).toBe(1);
    server.publish(...END);
    await hasStatus("run", "succeeded");
    await expect.poll(() => server.countStreams()).toBe(0);
    expect(await page.getByRole("button", { name: /cancel/i }).count()).toBe(0);
    expect(server.requested).toEqual([3]);
    await page.reload();
    await hasStatus("run", "succeeded");
    expect(server.requested).toEqual([3]);
  });

  it("says that it reconnects, and then has every line once", async () => {
    await page.goto(server.url);
    server.publish(...BEGIN, logOf("a\nb\npart"));
    await hasLine("part");
    server.refuseNext(2);
    server.cut();
    await saysConnection(/reconnecting/);
    server.publish(logOf("ly c\nd\n"));
    await hasLine("d");
    await saysConnection(/^live$/);
    server.cut();
    server.publish(logOf("e\n"));
    await hasLine("e");
    expect(await lines()).toEqual(["a\n", "b\n", "partly c\n", "d\n", "e\n"]);
  });

  it("fetches what a faulty stream left out", async () => {
    await page.goto(server.url);
    server.publish(...BEGIN, logOf("a\n"));
    await hasLine("a");
    server.publishUnsent(logOf("b\n"));
    server.publish(logOf("c\n"));
    await hasLine("c");
    expect(await lines()).toEqual(["a\n", "b\n", "c\n"]);
  });

  it("says so when an event is of a job it doesn't have", async () => {
    await page.goto(server.url);
    server.publish(runIs("running"), { ...jobIs("running"), data: { ...jobIs("running").data, jobId: 99 } });
    await saysConnection(/load the page again/);
    await expect.poll(() => server.countStreams()).toBe(0);
  });

  it("begins anew for a new attempt, and says that one was lost", async () => {
    server.publish(...BEGIN, logOf("of the first attempt\n"));
    await page.goto(server.url);
    await hasLine("of the first attempt");
    server.publish(jobIs("waiting"), jobIs("running", 2), logOf("of the second\n", { attempt: 2 }));
    await hasLine("of the second");
    expect(await lines()).toEqual(["of the second\n"]);
    await page.getByText("attempt 1 was lost; this is attempt 2").waitFor();
  });

  it("tells listeners what started and ended, and shows why", async () => {
    await page.goto(server.url);
    server.publish(...BEGIN);
    await page
      .locator("[data-announcement]")
      .getByText("job build running. run running")
      .waitFor({ state: "attached" });
    server.publish(stepIs("failed"), jobIs("failed"), doneIs("failed", "job build failed"));
    await page
      .locator("[data-announcement]")
      .getByText("job build failed: step 1 failed. run failed: job build failed")
      .waitFor({ state: "attached" });
    await page.getByText("exit code 3").waitFor();
    await page.locator('[data-reason-of="run"]').getByText("job build failed").waitFor();
  });

  it("follows the end of a log for a reader who is there, and leaves another where they read", async () => {
    const block = (name: string) => Array.from({ length: 100 }, (_, i) => `${name} ${i}\n`).join("");
    const log = `document.querySelector('[data-log-of="step-11"]')`;
    const scroll = () => page.evaluate<number>(`${log}.scrollTop`);
    const end = () => page.evaluate<number>(`${log}.scrollHeight - ${log}.clientHeight`);
    await page.goto(server.url);
    server.publish(...BEGIN, logOf(block("first")));
    await hasLine("first 99");
    expect(await end()).toBeGreaterThan(0);
    expect(Math.abs((await end()) - (await scroll()))).toBeLessThan(2);
    await page.evaluate(`${log}.scrollTop = 50`);
    server.publish(logOf(block("second")));
    await hasLine("second 99");
    expect(await scroll()).toBe(50);
  });

  it("opened after a failure shows the end of what the failed step printed", async () => {
    server.publish(
      ...BEGIN,
      logOf("x\n".repeat(300)),
      logOf("the reason\n"),
      stepIs("failed"),
      doneIs("failed"),
    );
    await page.goto(server.url);
    await hasLine("the reason");
    await expect
      .poll(() =>
        page.evaluate<boolean>(`(() => { const log = document.querySelector('[data-log-of="step-11"]');
        return log.scrollTop > 0 && log.scrollHeight - log.clientHeight - log.scrollTop < 2; })()`),
      )
      .toBe(true);
  });

  it("stays usable in a flood, keeps the last 5,000 lines and counts the others", async () => {
    const lineCount = 200_000;
    await page.goto(server.url);
    server.publish(...BEGIN);
    await hasStatus("job-1", "running");
    await page.evaluate(
      `{ let last = performance.now(); globalThis.longestMs = 0;
         setInterval(() => { const now = performance.now();
           globalThis.longestMs = Math.max(globalThis.longestMs, now - last); last = now; }, 10); }`,
    );
    for (let from = 0; from < lineCount; from += 1000) {
      server.publish(
        logOf(Array.from({ length: 1000 }, (_, i) => `line ${from + i} of a flood that goes on\n`).join("")),
      );
    }
    await hasLine(`line ${lineCount - 1} of a flood that goes on`);
    const now = await lines();
    expect([now.length, now[0]]).toEqual([5000, `line ${lineCount - 5000} of a flood that goes on\n`]);
    await page.getByText("195,000 earlier lines are only in the full log.").waitFor();
    expect(await page.evaluate<number>("globalThis.longestMs")).toBeLessThan(LONGEST_PAUSE_MS);
  });
});
