// What fails in the middle of a push or a clone: the Worker is killed, PostgreSQL drops every connection or is restarted.
// Invariant: afterwards all refs are as before or all as pushed, a clone is whole, and the same push succeeds. PLUE_FAULTS
// sets how many.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSeededRandom } from "../scripts/bench/seeded-random.ts";
import { type RunningPostgres, startPostgres } from "../scripts/dev/postgres.ts";
import { findFreePort } from "../scripts/dev/tcp-ports.ts";
import { makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { killWorker, waitUntilWell } from "./kill-worker.ts";
import { makeDataFolder, type RunningPlue, startPlue } from "./start-plue.ts";

const KILLS = Number(process.env.PLUE_FAULTS ?? 10);
const CUTS = Number(process.env.PLUE_FAULTS ?? 8);
const RESTARTS = Number(process.env.PLUE_FAULTS ?? 4);
const BRANCHES = ["main", "topic", "other"];

let plue: RunningPlue;
let postgres: RunningPostgres;
let postgresOptions: Parameters<typeof startPostgres>[0];
const postgresFolder = makeDataFolder();
let folder: string;
let remote: string;
const random = createSeededRandom(4711);

beforeAll(async () => {
  // As a deployment has it: a server of its own, which may go away and come back.
  postgresOptions = {
    dataFolder: join(postgresFolder, "postgres"),
    password: "test",
    logFile: join(postgresFolder, "postgres.log"),
    port: await findFreePort(),
    settings: { fsync: "off", full_page_writes: "off" },
  };
  postgres = await startPostgres(postgresOptions);
  plue = await startPlue({ env: { DATABASE_URL: postgres.url, PLUE_RESTART_WAIT_MS: "100" } });
  ({ remote } = await makeRepository(plue));
  folder = await makeWorkTree("faults", { "README.md": "Read me\n" });
  await git(folder, "push", "--quiet", remote, ...BRANCHES.map((branch) => `main:${branch}`));
});

afterAll(async () => {
  await plue?.stop();
  await postgres?.server.stop();
  rmSync(postgresFolder, { recursive: true, force: true });
  removeFolder(folder);
});

/** Commits something new to each branch. @returns the push's refspecs, sorted by name, and what the refs then are */
async function prepare(): Promise<{ specs: string[]; refs: string }> {
  const sizeBytes = random.pick([100, 20_000, 2_000_000]);
  writeFileSync(
    join(folder, "data"),
    Buffer.from(Array.from({ length: sizeBytes }, () => random.below(256))),
  );
  const tips: [string, string][] = [];
  for (const branch of [...BRANCHES].sort()) {
    tips.push([branch, await commitFiles(folder, { [branch]: String(random.next()) }, branch)]);
  }
  return {
    specs: tips.map(([branch, oid]) => `${oid}:${branch}`),
    refs: tips.map(([branch, oid]) => `${oid}\trefs/heads/${branch}`).join("\n"),
  };
}

const readRefs = (): Promise<string> => git(folder, "ls-remote", remote, "refs/heads/*");

async function requireWhole(): Promise<void> {
  const copy = makeFolder("faults-copy");
  await git(copy, "clone", "--quiet", "--mirror", remote, ".");
  await git(copy, "fsck", "--full", "--strict");
  removeFolder(copy);
}

/**
 * Pushes `count` times, each time with a fault at another moment, spread over the time that a push takes.
 * @returns how many pushes the fault undid
 */
async function pushThroughFaults(count: number, fault: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await git(folder, "push", "--quiet", remote, ...(await prepare()).specs);
  const usualMs = performance.now() - began;
  let undone = 0;
  for (let at = 0; at < count; at++) {
    const before = await readRefs();
    const { specs, refs } = await prepare();
    const momentMs = ((at + random.next()) / count) * usualMs * 1.2;
    const what = `fault ${at} after ${Math.round(momentMs)} ms of about ${Math.round(usualMs)}`;
    const [{ code, stderr }] = await Promise.all([
      tryGit(folder, "push", "--quiet", remote, ...specs),
      wait(momentMs).then(fault),
    ]);
    const after = await readRefs();
    expect([before, refs], `${what}: ${stderr}`).toContain(after);
    if (code === 0) expect(after, what).toBe(refs);
    if (after === before) undone++;
    await requireWhole();
    await git(folder, "push", "--quiet", remote, ...specs);
    expect(await readRefs(), what).toBe(refs);
    await requireWhole();
  }
  return undone;
}

/** Ends every connection to the installation's database, as a restart of PostgreSQL does. */
async function cutDatabase(): Promise<void> {
  const client = new Client({ connectionString: new URL("/postgres", postgres.url).href });
  await client.connect();
  await client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
    new URL(postgres.url).pathname.slice(1),
  ]);
  await client.end();
  await waitUntilWell(plue);
}

/** Stops PostgreSQL, sessions and all, and starts it again on its data; resolves when the installation is well. */
async function restartPostgres(): Promise<void> {
  await postgres.server.stop();
  postgres = await startPostgres(postgresOptions);
  await waitUntilWell(plue);
}

/** Clones `count` times, each time with a fault at another moment. */
async function cloneThroughFaults(count: number, fault: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await requireWhole();
  const usualMs = performance.now() - began;
  for (let at = 0; at < count; at++) {
    const copy = makeFolder("faults-clone");
    const momentMs = ((at + random.next()) / count) * usualMs;
    const [{ code }] = await Promise.all([
      tryGit(copy, "clone", "--quiet", "--mirror", remote, "."),
      wait(momentMs).then(fault),
    ]);
    if (code === 0) await git(copy, "fsck", "--full", "--strict");
    removeFolder(copy);
    await requireWhole();
  }
}

const timeout = 20_000 * Math.max(KILLS, CUTS, RESTARTS);

it("a push during which the Worker is killed happens wholly or not at all", { timeout }, async () => {
  const undone = await pushThroughFaults(KILLS, () => killWorker(plue));
  expect(undone).toBeGreaterThan(0);
});

it("a push during which PostgreSQL drops its connections happens wholly or not at all", {
  timeout,
}, async () => {
  await pushThroughFaults(CUTS, cutDatabase);
});

it("a push during which PostgreSQL is restarted happens wholly or not at all", { timeout }, async () => {
  await pushThroughFaults(RESTARTS, restartPostgres);
});

it("a clone during which PostgreSQL is restarted is whole, or fails and succeeds when tried again", {
  timeout,
}, async () => {
  await cloneThroughFaults(RESTARTS, restartPostgres);
});
