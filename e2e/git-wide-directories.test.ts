// Directories of more entries than fit a buffer's first size, pushed and imported by real git: every commit is cloned whole,
// shallow and with all its history, and housekeeping loses nothing of them. PLUE_WIDE multiplies the commits.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeWideHistory } from "../workers/git/testing/wide-history.ts";
import { makeRepository, remoteOf } from "./forge-client.ts";
import { git, makeFolder, removeFolder, tryGit } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const root = resolve(import.meta.dirname, "..");
const COMMITS = 8 * Number(process.env.PLUE_WIDE ?? 1);
const ENTRIES = 600;

let plue: RunningPlue;
const folders: string[] = [];

beforeAll(async () => {
  plue = await startPlue();
});

afterAll(async () => {
  await plue?.stop();
  for (const folder of folders) removeFolder(folder);
});

function newFolder(): string {
  const folder = makeFolder("wide");
  folders.push(folder);
  return folder;
}

/** Clones and looks at every object that came. */
async function cloneWhole(remote: string, ...options: string[]): Promise<string> {
  const folder = newFolder();
  await git(folder, "clone", "--quiet", ...options, remote, "clone");
  const clone = join(folder, "clone");
  expect(await tryGit(clone, "fsck", "--full", "--strict")).toMatchObject({ code: 0 });
  return clone;
}

/** Fetches one commit by its id, and looks at every object that came. */
async function fetchWhole(remote: string, oid: string, ...options: string[]): Promise<void> {
  const folder = newFolder();
  await git(folder, "init", "--quiet", "--bare");
  await git(folder, "fetch", "--quiet", ...options, remote, `${oid}:refs/heads/one`);
  const { code, stderr } = await tryGit(folder, "fsck", "--full", "--strict");
  expect({ oid, options, code, stderr }).toMatchObject({ code: 0 });
  rmSync(folder, { recursive: true });
}

it("gives back a directory of 100 files that lost one in the same push", async () => {
  const { remote } = await makeRepository(plue);
  const folder = newFolder();
  await git(folder, "init", "--quiet", "--initial-branch=main");
  const names = Array.from({ length: 100 }, (_, at) => `f${String(at + 1).padStart(3, "0")}`);
  for (const name of names) writeFileSync(join(folder, name), `file ${name.slice(1)}\n`);
  await git(folder, "add", ".");
  await git(folder, "commit", "--quiet", "-m", "one");
  await git(folder, "rm", "--quiet", "f050");
  await git(folder, "commit", "--quiet", "-m", "two");
  await git(folder, "push", "--quiet", remote, "main");
  const shallow = await cloneWhole(remote, "--depth", "1");
  expect(names.filter((name) => !existsSync(join(shallow, name)))).toEqual(["f050"]);
  await git(folder, "checkout", "--quiet", "--orphan", "s");
  await git(folder, "commit", "--quiet", "-m", "s");
  await git(folder, "push", "--quiet", "--force", remote, "s:main");
  const whole = await cloneWhole(remote);
  expect(names.filter((name) => !existsSync(join(whole, name)))).toEqual(["f050"]);
});

function makeHistory(seed: number): string {
  const folder = newFolder();
  const run = (args: string[], input = "") => {
    const { status, stderr } = spawnSync("git", ["-C", folder, ...args], { input });
    if (status !== 0) throw new Error(stderr.toString());
  };
  run(["init", "--quiet", "--bare", "--initial-branch=main"]);
  run(["fast-import", "--quiet"], writeWideHistory({ seed, commits: COMMITS, entries: ENTRIES }));
  return folder;
}

async function expectEveryCommitWhole(remote: string, commits: readonly string[]): Promise<void> {
  for (const oid of commits) {
    await fetchWhole(remote, oid, "--depth=1");
    await fetchWhole(remote, oid);
  }
}

const listCommits = async (folder: string) =>
  (await git(folder, "rev-list", "--reverse", "main")).split("\n");

it.each([
  ["one push", Number.POSITIVE_INFINITY],
  ["pushes of three commits", 3],
])(
  "gives back every commit of a history of wide directories: %s",
  { timeout: 600_000 },
  async (_, perPush) => {
    const { remote } = await makeRepository(plue);
    const folder = makeHistory(21);
    const commits = await listCommits(folder);
    for (let at = 0; at < commits.length; at += perPush) {
      const tip = commits[Math.min(at + perPush, commits.length) - 1];
      await git(folder, "push", "--quiet", remote, `${tip}:refs/heads/main`);
    }
    await expectEveryCommitWhole(remote, commits);
  },
);

it("gives back every commit of a history that was imported", { timeout: 600_000 }, async () => {
  const { name } = await makeRepository(plue);
  const folder = makeHistory(22);
  const token = join(plue.dataFolder, "admin.token");
  const script = join(root, "scripts/import.ts");
  const args = [script, folder, `${plue.url}/admin/${name}`, "--token-file", token];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  expect(await new Promise((done) => child.once("close", done))).toBe(0);
  await expectEveryCommitWhole(remoteOf(plue, name), await listCommits(folder));
});
