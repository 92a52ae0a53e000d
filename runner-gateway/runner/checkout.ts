// The run's commit in the sandbox's work folder: fetched by its object id, alone, over the forwarder. The folder is
// laid out while the sandbox waits; only the fetch and the checkout are left when the job comes.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Handover } from "../../schema/wire/handover.ts";

const TRIES_MAX = 3;
const RETRY_MS = 300;
const SAID_CHARACTERS_MAX = 2_000;

type CheckoutResult = { ok: true } | { ok: false; reason: string };

const gitEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  LANG: "C.UTF-8",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
});

/** Makes an empty repository; says nothing of any job. */
export function prepareCheckout(folder: string): void {
  execFileSync("git", ["init", "--quiet", "--initial-branch=main", folder], {
    env: gitEnvironment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const quick = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n";
  appendFileSync(join(folder, ".git/config"), quick);
}

/** Fetches and checks out the run's commit; the remote stays, so that steps can fetch more of it. */
export async function checkOut(folder: string, port: number, handover: Handover): Promise<CheckoutResult> {
  const { owner, name } = handover.repository;
  const url = `http://127.0.0.1:${port}/${owner}/${name}.git`;
  const remote = `[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
  appendFileSync(join(folder, ".git/config"), remote);
  const refspec = `+${handover.sha}:${nameTrackingRef(handover.ref)}`;
  const fetch = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "origin", refspec];
  for (let tries = 1; ; tries += 1) {
    const problem = await runGit(folder, fetch);
    if (problem === null) break;
    if (tries === TRIES_MAX) return { ok: false, reason: `the commit can't be fetched: ${problem}` };
    await wait(RETRY_MS * tries);
  }
  const problem = await runGit(folder, ["checkout", "--quiet", "--force", "--detach", handover.sha]);
  return problem === null
    ? { ok: true }
    : { ok: false, reason: `the commit can't be checked out: ${problem}` };
}

/** Where the fetched commit is kept: the branch or tag that was pushed, as a clone would have it. */
function nameTrackingRef(ref: string): string {
  if (ref.startsWith("refs/heads/")) return `refs/remotes/origin/${ref.slice("refs/heads/".length)}`;
  return ref.startsWith("refs/tags/") ? ref : "refs/remotes/plue/head";
}

/** @returns what git said when it failed; null when it did what it was asked. */
function runGit(folder: string, gitArguments: string[]): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", ["-C", folder, ...gitArguments], {
      env: gitEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-SAID_CHARACTERS_MAX);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? null : said.trim() || `git ended with ${code}`));
  });
}
