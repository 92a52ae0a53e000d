// `npm start` as its user meets it: it stops whole, however it is stopped, finds its state again, and says clearly
// what keeps it from starting.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { spawnGuarded } from "../scripts/dev/spawn-guarded.ts";
import { findFreePort } from "../scripts/dev/tcp-ports.ts";
import { createTestDatabase } from "../scripts/testing/database.ts";
import { callForge, makeRepository } from "./forge-client.ts";
import { openPlueDatabase } from "./plue-database.ts";
import { listAlive, listTree } from "./process-tree.ts";
import {
  makeDataFolder,
  type PlueOptions,
  type RunningPlue,
  startPlue,
  userEnvironment,
} from "./start-plue.ts";
import { strikeClock } from "./strike-clock.ts";

const root = resolve(import.meta.dirname, "..");
const stopLimitMs = 5_000;
const failLimitMs = 60_000;
/** PostgreSQL with its workers, workerd, the gateway, the guards of each: a tree smaller than this isn't whole. */
const smallestTree = 8;

const started: RunningPlue[] = [];
const folders: string[] = [];

async function start(options: PlueOptions = {}): Promise<RunningPlue> {
  const plue = await startPlue(options);
  started.push(plue);
  return plue;
}

function makeFolder(): string {
  const folder = makeDataFolder();
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const plue of started.splice(0)) await plue.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A start that must fail: its exit status and what it said. One that doesn't end is ended. */
async function failToStart(env: Record<string, string>): Promise<{ status: number; stderr: string }> {
  const child = spawnGuarded({
    command: "npm",
    args: ["start", "--silent"],
    cwd: root,
    env: { ...userEnvironment(), ...env },
  });
  const chunks: Buffer[] = [];
  child.process.stdout?.resume();
  child.process.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
  const timer = setTimeout(() => child.stop(), failLimitMs);
  const status = await child.exited;
  clearTimeout(timer);
  return { status, stderr: Buffer.concat(chunks).toString() };
}

/** The pid of the node process that runs a script, somewhere under `npm start`. */
function findScript(plue: RunningPlue, script: string): number {
  const found = listTree(plue.pid).find(({ pid }) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[1]?.endsWith(script),
  );
  if (found === undefined) throw new Error(`Nothing runs ${script}.`);
  return found.pid;
}

/** SIGTERM: all of it ends within 5 s, in good order. */
async function stopInGoodOrder(plue: RunningPlue): Promise<void> {
  const tree = listTree(plue.pid);
  expect(tree.length).toBeGreaterThan(smallestTree);
  const toldMs = Date.now();
  process.kill(plue.pid, "SIGTERM");
  await vi.waitUntil(() => listAlive(tree).length === 0, { timeout: stopLimitMs });
  expect(Date.now() - toldMs).toBeLessThan(stopLimitMs);
  expect(await plue.exited).toBe(0);
  expect(existsSync(join(plue.dataFolder, "lock"))).toBe(false);
  expect(readFileSync(join(plue.dataFolder, "logs/postgres.log"), "utf8")).toContain(
    "database system is shut down",
  );
}

test("SIGTERM ends all of it, a second start finds its state, and only the owner can read the token", async () => {
  const dataFolder = makeFolder();
  const first = await start({ dataFolder });
  const { name } = await makeRepository(first);
  await stopInGoodOrder(first);
  expect(statSync(join(dataFolder, "admin.token")).mode & 0o777).toBe(0o600);
  expect(statSync(join(dataFolder, "secrets.json")).mode & 0o777).toBe(0o600);
  const second = await start({ dataFolder });
  expect(second.token).toBe(first.token);
  expect(second.signInLink.split("/").at(-1)).not.toBe(first.signInLink.split("/").at(-1));
  expect(await callForge(second, `/repos/admin/${name}/runs`)).toMatchObject({ runs: [] });
});

test("SIGKILL of any program on the way to it takes everything with it, and the next start is well", {
  timeout: 240_000,
}, async () => {
  const dataFolder = makeFolder();
  let plue = await start({ dataFolder });
  const finders = [
    (from: RunningPlue) => from.pid,
    (from: RunningPlue) => findScript(from, "scripts/start.mjs"),
    (from: RunningPlue) => findScript(from, "scripts/dev/up.ts"),
  ];
  for (const find of finders) {
    const tree = listTree(plue.pid);
    process.kill(find(plue), "SIGKILL");
    await vi.waitUntil(() => listAlive(tree).length === 0, { timeout: stopLimitMs });
    const again = await start({ dataFolder });
    expect(again.token).toBe(plue.token);
    plue = again;
  }
});

test("a folder of a version with one database role is upgraded: programs can't change the audit log from then on", async () => {
  const dataFolder = makeFolder();
  const first = await start({ dataFolder });
  await first.stop();
  const secretsFile = join(dataFolder, "secrets.json");
  const { applicationPassword, ...earlier } = JSON.parse(readFileSync(secretsFile, "utf8"));
  expect(applicationPassword).toEqual(expect.any(String));
  writeFileSync(secretsFile, JSON.stringify(earlier));

  const plue = await start({ dataFolder });
  const { name } = await makeRepository(plue);
  expect(await callForge(plue, `/repos/admin/${name}/runs`)).toMatchObject({ runs: [] });
  await strikeClock(plue);
  const owner = await openPlueDatabase(plue);
  try {
    const others = await owner.query(
      "select distinct usename from pg_stat_activity where datname = 'plue' and pid <> pg_backend_pid()",
    );
    expect(others.rows).toEqual([{ usename: "plue_app" }]);
    const rights = await owner.query(
      "select has_table_privilege('plue_app', 'audit_events', 'update, delete, truncate') as can_change",
    );
    expect(rights.rows).toEqual([{ can_change: false }]);
  } finally {
    await owner.end();
  }
});

test("another start in its folder is refused, a gateway that dies is started again, and a PostgreSQL that dies ends it", async () => {
  const plue = await start();
  const port = String(await findFreePort());
  const { status, stderr } = await failToStart({ PLUE_PORT: port, PLUE_DATA: plue.dataFolder });
  expect(status).toBe(1);
  const starter = findScript(plue, "scripts/dev/up.ts");
  expect(stderr).toContain(
    `is in use by another npm start (pid ${starter}). Set PLUE_DATA to another folder.`,
  );
  const samePort = await failToStart({ PLUE_PORT: new URL(plue.url).port, PLUE_DATA: makeFolder() });
  expect(samePort.stderr).toMatch(/^Port \d+ is in use by Plue itself, which is running already\./m);
  expect((await fetch(`${plue.url}/api/health`)).status).toBe(200);

  const pid = plue.readPid("gateway");
  process.kill(pid, "SIGKILL");
  const line = "the gateway died (status 137); starting it again in 500 ms";
  await vi.waitUntil(() => plue.output().includes(line), { timeout: 10_000 });
  await vi.waitUntil(() => plue.readPid("gateway") !== pid, { timeout: 10_000 });
  const isWell = async (): Promise<boolean> => (await fetch(`${plue.url}/api/health`)).ok;
  await vi.waitUntil(isWell, { timeout: 30_000, interval: 50 });

  const pidFile = join(plue.dataFolder, "postgres/cluster/postmaster.pid");
  const tree = listTree(plue.pid);
  process.kill(Number.parseInt(readFileSync(pidFile, "utf8"), 10), "SIGKILL");
  expect(await plue.exited).toBe(1);
  expect(plue.output()).toContain("PostgreSQL stopped (status 137); its log: ");
  await vi.waitUntil(() => listAlive(tree).length === 0, { timeout: stopLimitMs });
});

test("a PostgreSQL of the user's own is used, and none is started", async () => {
  const database = await createTestDatabase(inject("databaseUrl"));
  try {
    const plue = await start({ env: { DATABASE_URL: database.url } });
    const { name } = await makeRepository(plue);
    expect(await callForge(plue, `/repos/admin/${name}/runs`)).toMatchObject({ runs: [] });
    expect(existsSync(join(plue.dataFolder, "postgres"))).toBe(false);
    await plue.stop();
  } finally {
    await database.drop();
  }
});

describe("what keeps it from starting is said clearly", () => {
  test("a port in use", async () => {
    const port = await findFreePort();
    const server = createServer();
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    const { status, stderr } = await failToStart({ PLUE_PORT: String(port), PLUE_DATA: makeFolder() });
    server.close();
    expect(status).toBe(1);
    expect(stderr).toContain(`Port ${port} is in use by another program. Set PLUE_PORT to a free one.`);
  });

  test.each([
    ["a port that is none", { PLUE_PORT: "http" }, "PLUE_PORT: must be a port from 1 to 65535"],
    [
      "a pool of a size that is none",
      { PLUE_POOL_SIZE: "two" },
      "PLUE_POOL_SIZE: must be a whole number from 0 to 64",
    ],
    [
      "no job at the same time",
      { PLUE_CONCURRENCY: "0" },
      "PLUE_CONCURRENCY: must be a whole number from 1 to 64",
    ],
    [
      "a mail server without a sender",
      { SMTP_URL: "smtp://localhost" },
      "SMTP_URL: set MAIL_FROM as well, to the address that mail is from",
    ],
    ["an unknown sandbox", { PLUE_SANDBOX: "docker" }, "PLUE_SANDBOX: must be gvisor or bubblewrap"],
    [
      "another database system",
      { DATABASE_URL: "mysql://a/b" },
      "DATABASE_URL: must be a postgres:// address",
    ],
    [
      "an owner's address of no database",
      { MIGRATION_DATABASE_URL: "postgres://a:b@127.0.0.1:9/c" },
      "MIGRATION_DATABASE_URL: set DATABASE_URL as well",
    ],
    [
      "a database that isn't there",
      { DATABASE_URL: "postgres://a:b@127.0.0.1:9/c" },
      "The PostgreSQL of DATABASE_URL can't be reached",
    ],
  ])("%s", async (_name, env, message) => {
    const port = String(await findFreePort());
    const { status, stderr } = await failToStart({ PLUE_PORT: port, PLUE_DATA: makeFolder(), ...env });
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});
