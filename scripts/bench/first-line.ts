// From the answer of a push to the first line its run prints, in a browser, with a warm pool; and each part of it.
import { setTimeout } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "../../e2e/browser.ts";
import { callForge, findLatestRun, followRun, makeRepository } from "../../e2e/forge-client.ts";
import { commitFiles, git, makeWorkTree, removeFolder } from "../../e2e/git-client.ts";
import { type RunningPlue, startPlue } from "../../e2e/start-plue.ts";
import { findPercentile, formatTable } from "./table.ts";

const RUNS = 30;
const POOL_SIZE = 2;
const POLL_MS = 100;
const WARM_UP_RUNS = 3;
const BAR_MS = 500;
// Quoted apart, so that the page's showing the script isn't taken for its output.
const WORKFLOW = "on: push\njobs:\n  a:\n    steps:\n      - run: echo the-first-''line\n";

interface Sample {
  /** From the end of `git push` to the line's being in the page. */
  browserMs: number;
  /** The parts, as the gateway measured them. */
  timings: Record<string, number>;
}

/** Prints p50, p99 and the worst of 30 pushes, one after another, each opened in a fresh page. */
export async function measureFirstLine(): Promise<void> {
  const [plue, browser] = await Promise.all([startPlue(), openBrowser()]);
  const { name, remote } = await makeRepository(plue);
  const folder = await makeWorkTree("bench", { "README.md": "bench\n", ".plue/workflows/ci.yaml": WORKFLOW });
  try {
    const samples: Sample[] = [];
    for (let count = 1; count <= WARM_UP_RUNS + RUNS; count++) {
      const sample = await measureOnce(plue, browser, { name, remote, folder, count });
      if (count > WARM_UP_RUNS) samples.push(sample);
    }
    print(samples);
  } finally {
    removeFolder(folder);
    await browser.close();
    await plue.stop();
  }
}

async function measureOnce(
  plue: RunningPlue,
  browser: Browser,
  project: { name: string; remote: string; folder: string; count: number },
): Promise<Sample> {
  await commitFiles(project.folder, { counter: String(project.count) }, `Change ${project.count}`);
  const page = await browser.newPage();
  await waitForWarmPool(plue);
  await git(project.folder, "push", "--quiet", project.remote, "main");
  const answeredAtMs = Date.now();
  const seenAtMs = await waitForLine(page, `${plue.url}/admin/${project.name}/runs/${project.count}`);
  const run = await findLatestRun(plue, project.name);
  await followRun(plue, run?.id ?? 0);
  const ended = await findLatestRun(plue, project.name);
  if (ended?.status !== "succeeded") throw new Error(`run ${project.count} ended ${ended?.status}`);
  await page.close();
  return { browserMs: Math.max(0, seenAtMs - answeredAtMs), timings: ended.jobs[0]?.timings ?? {} };
}

/** Waits until as many sandboxes stand by as there are to be. */
async function waitForWarmPool(plue: RunningPlue): Promise<void> {
  for (;;) {
    const { parts } = await callForge<{ parts: { gateway: { detail: string } } }>(plue, "/health");
    if (parts.gateway.detail.endsWith(`${POOL_SIZE} standing by`)) return;
    await setTimeout(POLL_MS);
  }
}

/** Opens the run and gives the moment its first line was in the page, by the browser's own clock. */
async function waitForLine(page: Page, address: string): Promise<number> {
  const seen = Promise.withResolvers<number>();
  await page.exposeFunction("noteFirstLine", seen.resolve);
  await page.addInitScript({ content: WATCH });
  await page.goto(address, { waitUntil: "commit" });
  return seen.promise;
}

// Runs in the page before its own scripts.
const WATCH = `
const watcher = new MutationObserver(() => {
  if (!document.body?.textContent.includes("the-first-line")) return;
  watcher.disconnect();
  noteFirstLine(performance.timeOrigin + performance.now());
});
watcher.observe(document, { childList: true, subtree: true, characterData: true });
`;

function print(samples: Sample[]): void {
  const row = (part: string, values: number[]) => [
    part,
    Math.round(findPercentile(values, 0.5)),
    Math.round(findPercentile(values, 0.99)),
    Math.round(Math.max(...values)),
  ];
  const parts = [...new Set(samples.flatMap((sample) => Object.keys(sample.timings)))];
  const rows = [
    row(
      "push answered → line in the browser",
      samples.map((sample) => sample.browserMs),
    ),
    ...parts.map((part) =>
      row(
        `  ${part}`,
        samples.map((sample) => sample.timings[part] ?? 0),
      ),
    ),
  ];
  console.log(`\nFirst line of output, ${samples.length} runs, warm pool (bar: p99 < ${BAR_MS} ms)`);
  console.log(formatTable(["part", "p50 ms", "p99 ms", "max ms"], rows));
}
