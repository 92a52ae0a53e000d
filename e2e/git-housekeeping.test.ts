// Housekeeping as people meet it: many pushes, clones meanwhile, a push by force, and fsck's word at each turn.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../scripts/testing/database.ts";
import { makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { killWorker } from "./kill-worker.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";
import { strikeClock } from "./strike-clock.ts";

const root = resolve(import.meta.dirname, "..");
const PUSHES = 30;
const KILLS = 2;
/** Some of what the housekeeping of a few packs takes. */
const HOUSEKEEPING_USUAL_MS = 900;
/** For what the clock begins and the queue does. */
const HOUSEKEEPING_TIMEOUT_MS = 30_000;

let plue: RunningPlue;
let testDatabase: TestDatabase;
let database: Client;
const folders: string[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase(inject("databaseUrl"));
  plue = await startPlue({ env: { DATABASE_URL: testDatabase.url, PLUE_RESTART_WAIT_MS: "100" } });
  database = new Client({ connectionString: testDatabase.url });
  await database.connect();
});

afterAll(async () => {
  await database?.end();
  for (const folder of folders) removeFolder(folder);
  await plue?.stop();
  await testDatabase?.drop();
});

/** Runs scripts/fsck.ts as an administrator would. */
async function fsck(repository: string): Promise<{ code: number; output: string }> {
  const { port } = new URL(plue.url);
  const child = spawn(process.execPath, [join(root, "scripts/fsck.ts"), repository], {
    env: { PATH: process.env.PATH, PLUE_PORT: port, PLUE_DATA: plue.dataFolder },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number>((done) => child.on("close", (status) => done(status ?? -1)));
  return { code, output };
}

/** Waits until a query's one number is what is waited for. */
async function waitForCount(query: string, name: string, isWanted: (count: number) => boolean) {
  await expect
    .poll(
      async () => {
        const { rows } = await database.query(query, [name]);
        return isWanted(Number(rows[0].count));
      },
      { timeout: HOUSEKEEPING_TIMEOUT_MS, interval: 50 },
    )
    .toBe(true);
}

const NOTHING_DUE = `SELECT count(*) FROM repositories
  WHERE name = $1 AND (housekeep_at IS NULL OR housekeep_at > now())
    AND (housekeeping_until IS NULL OR housekeeping_until < now())`;

const LIVE_PACKS = `SELECT count(*) FROM packs JOIN repositories ON repositories.id = repository_id
  WHERE name = $1 AND state = 'live'`;

/** Lets a grace of a repository go by. */
const age = (table: "packs" | "repositories", column: string) =>
  `UPDATE ${table} SET ${column} = now() - interval '2 hours' WHERE ${table === "packs" ? "repository_id =" : "id ="}
    (SELECT id FROM repositories WHERE name = $1)`;

/** Clones, checks what came, and tells its refs and objects. */
async function describeClone(remote: string): Promise<string> {
  const folder = makeFolder("clone");
  folders.push(folder);
  await git(folder, "clone", "--quiet", "--mirror", remote, "clone.git");
  const clone = join(folder, "clone.git");
  await git(clone, "fsck", "--full", "--strict");
  const refs = await git(clone, "for-each-ref");
  return `${refs}\n${await git(clone, "cat-file", "--batch-all-objects", "--batch-check")}`;
}

it("combines the packs of many pushes while clones go on, and changes nothing of what they get", async () => {
  const { name, remote } = await makeRepository(plue);
  const folder = await makeWorkTree("many", { "README.md": "Read me\n" });
  folders.push(folder);
  const text = Array.from({ length: 300 }, (_, at) => `line ${at}\n`);
  const clones: Promise<string>[] = [];
  for (let at = 0; at < PUSHES; at++) {
    text[at * 7] = `changed by ${at}\n`;
    await commitFiles(folder, { "text.txt": text.join(""), [`files/${at}.txt`]: `${at}\n` }, `Change ${at}`);
    await git(folder, "push", "--quiet", remote, "main");
    if (at % 10 === 9) clones.push(describeClone(remote));
  }
  await Promise.all(clones);
  const before = await describeClone(remote);
  await waitForCount(LIVE_PACKS, name, (count) => count <= 8);
  expect(await describeClone(remote)).toBe(before);
  expect(before).toContain(await git(folder, "rev-parse", "HEAD"));
  const { code, output } = await fsck(`admin/${name}`);
  expect(output).toContain("1 checked, 0 damaged");
  expect(code).toBe(0);
});

it("stops showing what was pushed over at once, and forgets it after the graces", async () => {
  const { name, remote } = await makeRepository(plue);
  const folder = await makeWorkTree("forced", { "secret.txt": "a secret\n" });
  folders.push(folder);
  await git(folder, "push", "--quiet", remote, "main");
  const gone = await git(folder, "rev-parse", "HEAD");
  const page = `${plue.url}/admin/${name}/tree/${gone}`;
  expect((await fetch(page)).status).toBe(200);
  await git(folder, "checkout", "--quiet", "--orphan", "fresh");
  await git(folder, "rm", "--quiet", "--cached", "secret.txt");
  const kept = await commitFiles(folder, { "secret.txt": "none\n" }, "Fresh");
  await git(folder, "push", "--quiet", "--force", remote, "fresh:main");
  expect((await fetch(page)).status).toBe(404);
  const other = await makeWorkTree("other", {});
  folders.push(other);
  expect((await tryGit(other, "fetch", remote, gone)).stderr).toContain("not our ref");

  // The graces go by.
  await database.query(age("packs", "created_at"), [name]);
  await database.query(age("repositories", "housekeep_at"), [name]);
  await strikeClock(plue);
  const retired = `SELECT count(*) FROM packs JOIN repositories ON repositories.id = repository_id
    WHERE name = $1 AND state = 'retired'`;
  await waitForCount(retired, name, (count) => count > 0);
  await database.query(`${age("packs", "retired_at")} AND state = 'retired'`, [name]);
  await strikeClock(plue);
  await waitForCount(
    `SELECT count(*) FROM packs JOIN repositories ON repositories.id = repository_id WHERE name = $1 AND state <> 'live'`,
    name,
    (count) => count === 0,
  );
  const { code, output } = await fsck(`admin/${name}`);
  expect(output).toContain("refs reach 3 of 3 stored objects");
  expect(output).not.toContain("orphan");
  expect(code).toBe(0);
  expect(await describeClone(remote)).toContain(kept);
});

it("is killed while it keeps house, loses nothing, and does the rest once it runs again", {
  timeout: 170_000,
}, async () => {
  const { name, remote } = await makeRepository(plue);
  const folder = await makeWorkTree("killed", { "README.md": "Read me\n" });
  folders.push(folder);
  for (let kill = 0; kill < KILLS; kill++) {
    for (let at = 0; at < 6; at++) {
      await commitFiles(folder, { [`files/${kill}-${at}.txt`]: randomBytes(50_000).toString("hex") }, "More");
      await git(folder, "push", "--quiet", remote, "main");
    }
    await git(folder, "push", "--quiet", remote, `${await makeSideCommit(folder)}:refs/heads/gone`);
    await git(folder, "push", "--quiet", remote, ":gone");
    const before = await describeClone(remote);
    await database.query(age("packs", "created_at"), [name]);
    await database.query(age("repositories", "housekeep_at"), [name]);
    // Under way, done, or not begun yet: whichever it is, nothing may be lost.
    await Promise.all([
      strikeClock(plue).catch((error: unknown) => expect(error).toBeInstanceOf(TypeError)),
      wait((kill / KILLS) * HOUSEKEEPING_USUAL_MS).then(() => killWorker(plue)),
    ]);
    expect(await describeClone(remote)).toBe(before);
    // Nobody waits for the lease of who was killed longer than it holds.
    await database.query(age("repositories", "housekeeping_until"), [name]);
    await strikeClock(plue);
    await waitForCount(NOTHING_DUE, name, (count) => count === 1);
    expect(await describeClone(remote)).toBe(before);
    const { code, output } = await fsck(`admin/${name}`);
    expect(output).toContain("1 checked, 0 damaged");
    expect(code).toBe(0);
  }
});

/** A commit on top of the branch, which stays where it is. @returns its id */
async function makeSideCommit(folder: string): Promise<string> {
  const tip = await git(folder, "rev-parse", "HEAD");
  const side = await commitFiles(folder, { "gone.txt": randomBytes(50_000).toString("hex") }, "Gone");
  await git(folder, "reset", "--quiet", "--hard", tip);
  return side;
}

it("tells a person whose push is too much for the repository how full it is", async () => {
  const { name, remote } = await makeRepository(plue);
  const folder = await makeWorkTree("full", { "README.md": "Read me\n" });
  folders.push(folder);
  await database.query("UPDATE repositories SET quota_objects = 2 WHERE name = $1", [name]);
  const refused = await tryGit(folder, "push", remote, "main");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("the pack holds 3 objects; the limit is 2");
  expect(refused.stderr).toMatch(
    /remote: error: this repository holds 0 of at most \d+ bytes and 0 of at most 2 objects/,
  );
  await database.query("UPDATE repositories SET quota_objects = 3 WHERE name = $1", [name]);
  await git(folder, "push", "--quiet", remote, "main");
});
