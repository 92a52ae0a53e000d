// Housekeeping as people meet it: many pushes, clones meanwhile, a push by force, and fsck's word at each turn.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../scripts/testing/database.ts";
import { makeRepository } from "./forge-client.ts";
import { commitFiles, git, makeFolder, makeWorkTree, removeFolder, tryGit } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";
import { strikeClock } from "./strike-clock.ts";

const root = resolve(import.meta.dirname, "..");
const PUSHES = 30;
/** For what the clock begins and the queue does. */
const HOUSEKEEPING_TIMEOUT_MS = 30_000;

let plue: RunningPlue;
let testDatabase: TestDatabase;
let database: Client;
const folders: string[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase(inject("databaseUrl"));
  plue = await startPlue({ env: { DATABASE_URL: testDatabase.url } });
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

const LIVE_PACKS = `SELECT count(*) FROM packs JOIN repositories ON repositories.id = repository_id
  WHERE name = $1 AND state = 'live'`;

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
  const age = (table: string, column: string) =>
    `UPDATE ${table} SET ${column} = now() - interval '2 hours' WHERE ${table === "packs" ? "repository_id =" : "id ="}
      (SELECT id FROM repositories WHERE name = $1)`;
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
