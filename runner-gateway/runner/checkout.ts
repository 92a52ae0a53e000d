// The run's commit in the sandbox's work folder. The folder is laid out while the sandbox waits; when the job comes,
// the runner asks for the commit itself, over its socket, which takes two processes fewer than `git fetch` and no
// second question: git only unpacks and checks out.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Handover } from "../../schema/wire/handover.ts";
import { FetchRefusedError, readFetchAnswer } from "./fetch-answer.ts";
import { awaitAnswer, type GatewayClient } from "./gateway-client.ts";
import {
  FETCH_PATIENCE_MS,
  FETCH_RETRY_FIRST_MS,
  FETCH_RETRY_LONGEST_MS,
  FETCH_TRIES_MAX,
} from "./limits.ts";

const SAID_CHARACTERS_MAX = 2_000;

/**
 * The last part of a checkout, by the user whose files these are, in one process: what a clone leaves in `.git` (the
 * remote, its branch, where the history ends), and the files. Arguments: folder, remote, ref, commit, ends of history.
 */
const CHECKOUT_SCRIPT = `set -e; cd "$1"
printf %s "$2" >> .git/config
printf '%s %s\\n' "$4" "$3" > .git/packed-refs
if [ -n "$5" ]; then printf %s "$5" > .git/shallow; fi
exec git checkout --quiet --force --detach "$4"`;

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
  /** The command by which git is started: as the steps' user, whose files these are. */
  readonly stepPrefix: readonly string[];
  indexing: Indexing;
}

const QUICK_CONFIG = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n";

/** Makes an empty repository, which says nothing of any job. `runnerFolder` is the runner's own. */
export function prepareCheckout(
  folder: string,
  runnerFolder: string,
  stepPrefix: readonly string[],
): PreparedCheckout {
  const template = join(runnerFolder, "template");
  mkdirSync(template);
  writeFileSync(join(template, "config"), QUICK_CONFIG);
  const init = ["git", "init", "--quiet", `--template=${template}`, "--initial-branch=main", folder];
  const [command = "", ...commandArguments] = [...stepPrefix, ...init];
  execFileSync(command, commandArguments, {
    env: gitEnvironment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { folder, stepPrefix, indexing: startIndexing(folder, stepPrefix) };
}

/** Fetches and checks out the run's commit; the remote stays, so that steps can fetch more, over `port`. */
export async function checkOut(
  client: GatewayClient,
  prepared: PreparedCheckout,
  port: number,
  handover: Handover,
  patience: FetchPatience,
): Promise<CheckoutResult> {
  const fetched = await fetchPatiently(client, prepared, handover, patience);
  if (!fetched.ok) return { ok: false, reason: `the commit can't be fetched: ${fetched.problem}` };
  const { owner, name } = handover.repository;
  const url = `http://127.0.0.1:${port}/${owner}/${name}.git`;
  const remote = `[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
  const command = ["sh", "-c", CHECKOUT_SCRIPT, "sh", prepared.folder, remote, nameTrackingRef(handover.ref)];
  const shallow = fetched.shallow.map((oid) => `${oid}\n`).join("");
  const git = start([...prepared.stepPrefix, ...command, handover.sha, shallow], "ignore");
  const problem = await git.ended;
  return problem === null
    ? { ok: true }
    : { ok: false, reason: `the commit can't be checked out: ${problem}` };
}

/** How long a fetch is tried again, and who is told that it is. */
interface FetchPatience {
  remainingMs(): number;
  waiting(problem: string): void;
}

/** `isPassing`: another try may find things better, such as a forge that is just being restarted. */
type Fetched = { ok: true; shallow: string[] } | { ok: false; problem: string; isPassing: boolean };

async function fetchPatiently(
  client: GatewayClient,
  prepared: PreparedCheckout,
  handover: Handover,
  patience: FetchPatience,
): Promise<Fetched> {
  const deadlineMs = performance.now() + FETCH_PATIENCE_MS;
  let delayMs = FETCH_RETRY_FIRST_MS;
  for (let tries = 1; ; tries += 1) {
    const fetched = await fetchCommit(client, prepared, handover);
    if (fetched.ok) return fetched;
    const leftMs = Math.min(deadlineMs - performance.now(), patience.remainingMs());
    if (fetched.isPassing ? leftMs <= 0 : tries >= FETCH_TRIES_MAX) return fetched;
    if (tries === FETCH_TRIES_MAX) patience.waiting(fetched.problem);
    await wait(Math.min(delayMs, Math.max(leftMs, 0)));
    delayMs = Math.min(delayMs * 2, FETCH_RETRY_LONGEST_MS);
    prepared.indexing = startIndexing(prepared.folder, prepared.stepPrefix);
  }
}

async function fetchCommit(
  client: GatewayClient,
  { indexing }: PreparedCheckout,
  handover: Handover,
): Promise<Fetched> {
  try {
    const { owner, name } = handover.repository;
    const request = client.open("POST", `/git/${owner}/${name}.git/git-upload-pack`, handover.gitToken, {
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
      "git-protocol": "version=2",
    });
    request.end(describeWant(handover.sha));
    const answer = await awaitAnswer(request);
    const status = answer.statusCode ?? 0;
    if (status === 200) return await storePack(answer, indexing);
    answer.resume();
    indexing.abandon();
    const isPassing = status >= 500 || status === 408 || status === 429;
    return { ok: false, problem: `the forge answered ${status}`, isPassing };
  } catch (error) {
    indexing.abandon();
    const problem = error instanceof Error ? error.message : String(error);
    return { ok: false, problem, isPassing: !(error instanceof FetchRefusedError) };
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

async function storePack(answer: IncomingMessage, indexing: Indexing): Promise<Fetched> {
  const shallow: string[] = [];
  // What is left after the last packet, the end of the body, is read: to break off would look like a failure.
  const chunks = answer.iterator({ destroyOnReturn: false });
  for await (const piece of readFetchAnswer(chunks)) {
    if (piece.kind === "shallow") shallow.push(piece.oid);
    if (piece.kind === "pack") await indexing.write(piece.bytes);
  }
  answer.resume();
  const problem = await indexing.finish();
  return problem === null ? { ok: true, shallow } : { ok: false, problem, isPassing: false };
}

type Indexing = ReturnType<typeof startIndexing>;

/** `git index-pack`, which checks every object it takes and keeps the pack. */
function startIndexing(folder: string, stepPrefix: readonly string[]) {
  const git = start([...stepPrefix, "git", "-C", folder, "index-pack", "--stdin"], "pipe");
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

/** `ended` is what the command said when it failed, and null when it did what it was asked. */
function start([command = "", ...commandArguments]: string[], input: "pipe" | "ignore") {
  const child = spawn(command, commandArguments, { env: gitEnvironment(), stdio: [input, "ignore", "pipe"] });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS_MAX);
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once("error", (error) => resolve(`${command} can't be started: ${error.message}`));
    child.once("close", (code) => resolve(code === 0 ? null : said.trim() || `it ended with ${code}`));
  });
  return { child, ended };
}
