// The run's commit in the sandbox's work folder. The folder is laid out while the sandbox waits; when the job comes,
// the runner asks for the commit itself, over its socket, which takes two processes fewer than `git fetch` and no
// second question: git only unpacks and checks out.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Handover } from "../../schema/wire/handover.ts";
import { readFetchAnswer } from "./fetch-answer.ts";
import { awaitAnswer, type GatewayClient } from "./gateway-client.ts";

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

/** A repository that waits for its commit: git is there already to take the pack. */
export interface PreparedCheckout {
  readonly folder: string;
  indexing: Indexing;
}

/** Makes an empty repository, which says nothing of any job. */
export function prepareCheckout(folder: string): PreparedCheckout {
  execFileSync("git", ["init", "--quiet", "--template=", "--initial-branch=main", folder], {
    env: gitEnvironment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const quick = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n";
  appendFileSync(join(folder, ".git/config"), quick);
  return { folder, indexing: startIndexing(folder) };
}

/** Fetches and checks out the run's commit; the remote stays, so that steps can fetch more, over `port`. */
export async function checkOut(
  client: GatewayClient,
  prepared: PreparedCheckout,
  port: number,
  handover: Handover,
): Promise<CheckoutResult> {
  const { folder } = prepared;
  for (let tries = 1; ; tries += 1) {
    const problem = await fetchCommit(client, prepared, handover);
    if (problem === null) break;
    if (tries === TRIES_MAX) return { ok: false, reason: `the commit can't be fetched: ${problem}` };
    await wait(RETRY_MS * tries);
    prepared.indexing = startIndexing(folder);
  }
  const { owner, name } = handover.repository;
  const url = `http://127.0.0.1:${port}/${owner}/${name}.git`;
  const remote = `[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
  appendFileSync(join(folder, ".git/config"), remote);
  writeRef(folder, nameTrackingRef(handover.ref), handover.sha);
  const problem = await runGit(folder, ["checkout", "--quiet", "--force", "--detach", handover.sha]);
  return problem === null
    ? { ok: true }
    : { ok: false, reason: `the commit can't be checked out: ${problem}` };
}

/** @returns why the commit isn't there; null when it is. */
async function fetchCommit(
  client: GatewayClient,
  { folder, indexing }: PreparedCheckout,
  handover: Handover,
): Promise<string | null> {
  try {
    const { owner, name } = handover.repository;
    const request = client.open("POST", `/git/${owner}/${name}.git/git-upload-pack`, handover.runToken, {
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
      "git-protocol": "version=2",
    });
    request.end(describeWant(handover.sha));
    const answer = await awaitAnswer(request);
    if (answer.statusCode === 200) return await storePack(folder, answer, indexing);
    answer.resume();
    indexing.abandon();
    return `the forge answered ${answer.statusCode}`;
  } catch (error) {
    indexing.abandon();
    return error instanceof Error ? error.message : String(error);
  }
}

/** One commit without its history. @see https://git-scm.com/docs/protocol-v2#_fetch */
function describeWant(sha: string): string {
  const line = (text: string) => `${(text.length + 5).toString(16).padStart(4, "0")}${text}\n`;
  const capabilities = [line("command=fetch"), line("agent=plue-runner"), line("object-format=sha1")].join(
    "",
  );
  const wants = ["ofs-delta", "no-progress", `want ${sha}`, "deepen 1", "done"].map(line).join("");
  return `${capabilities}0001${wants}0000`;
}

async function storePack(
  folder: string,
  answer: AsyncIterable<Buffer>,
  indexing: Indexing,
): Promise<string | null> {
  const shallow: string[] = [];
  for await (const piece of readFetchAnswer(answer)) {
    if (piece.kind === "shallow") shallow.push(piece.oid);
    if (piece.kind === "pack") await indexing.write(piece.bytes);
  }
  const problem = await indexing.finish();
  if (problem === null && shallow.length > 0)
    writeFileSync(join(folder, ".git/shallow"), `${shallow.join("\n")}\n`);
  return problem;
}

type Indexing = ReturnType<typeof startIndexing>;

/** `git index-pack`, which checks every object it takes and keeps the pack. */
function startIndexing(folder: string) {
  const git = startGit(folder, ["index-pack", "--stdin"], "pipe");
  const { stdin } = git.child;
  if (!stdin) throw new Error("git took no input");
  // Its own words say why it stopped reading.
  stdin.on("error", () => undefined);
  return {
    write: async (bytes: Buffer): Promise<void> => {
      if (!stdin.write(bytes) && !stdin.destroyed) await Promise.race([once(stdin, "drain"), git.ended]);
    },
    finish: (): Promise<string | null> => {
      stdin.end();
      return git.ended;
    },
    abandon: (): void => void git.child.kill("SIGKILL"),
  };
}

/** Where the fetched commit is kept: the branch or tag that was pushed, as a clone would have it. */
function nameTrackingRef(ref: string): string {
  if (ref.startsWith("refs/heads/")) return `refs/remotes/origin/${ref.slice("refs/heads/".length)}`;
  return ref.startsWith("refs/tags/") ? ref : "refs/remotes/plue/head";
}

function writeRef(folder: string, ref: string, oid: string): void {
  const path = join(folder, ".git", ref);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${oid}\n`);
}

const runGit = (folder: string, gitArguments: string[]): Promise<string | null> =>
  startGit(folder, gitArguments, "ignore").ended;

/** `ended` is what git said when it failed, and null when it did what it was asked. */
function startGit(folder: string, gitArguments: string[], input: "pipe" | "ignore") {
  const child = spawn("git", ["-C", folder, ...gitArguments], {
    env: gitEnvironment(),
    stdio: [input, "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS_MAX);
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once("error", (error) => resolve(`git can't be started: ${error.message}`));
    child.once("close", (code) => resolve(code === 0 ? null : said.trim() || `git ended with ${code}`));
  });
  return { child, ended };
}
