// The PostgreSQL that we bring, through clean and unclean ends: what it acknowledged is there again.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningPostgres, startPostgres } from "./postgres.ts";

let folder: string;
let running: RunningPostgres | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plue-pg-"));
  chmodSync(folder, 0o711);
});

afterEach(async () => {
  await running?.server.stop();
  running = undefined;
  rmSync(folder, { recursive: true });
});

async function start(): Promise<RunningPostgres> {
  running = await startPostgres({
    dataFolder: join(folder, "postgres"),
    password: 'a word\'s "own" / @:',
    logFile: join(folder, "postgres.log"),
  });
  return running;
}

async function query(statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: running?.url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

test("what was committed is there after a clean stop, and after a crash", async () => {
  const first = await start();
  await query("create table kept (id int)");
  await query("insert into kept values (1)");
  expect(await first.server.stop()).toBe(0);
  const second = await start();
  await query("insert into kept values (2)");
  process.kill(await second.server.pid, "SIGKILL");
  await second.server.exited;
  await start();
  expect(await query("select id from kept order by id")).toEqual([{ id: 1 }, { id: 2 }]);
});

test("a postmaster.pid that names another program's process doesn't keep it from starting", async () => {
  await (await start()).server.stop();
  const pidFile = join(folder, "postgres/cluster/postmaster.pid");
  writeFileSync(pidFile, `${process.pid}\n${join(folder, "postgres/cluster")}\n0\n`);
  await start();
  expect(await query("select 1 as one")).toEqual([{ one: 1 }]);
});

test("it is durable, and a stranger without the password gets nothing", async () => {
  const { url } = await start();
  expect(
    await query("select current_setting('fsync') || current_setting('synchronous_commit') as set"),
  ).toEqual([{ set: "onon" }]);
  const stranger = new URL(url);
  stranger.password = "wrong";
  const client = new Client({ connectionString: stranger.href });
  await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
});

test("one that can't start says why", async () => {
  await (await start()).server.stop();
  writeFileSync(join(folder, "postgres/cluster/postgresql.conf"), "nonsense = on\n");
  await expect(start()).rejects.toThrow(/PostgreSQL stopped while starting.*\n.*nonsense/s);
  expect(readFileSync(join(folder, "postgres.log"), "utf8")).toContain("nonsense");
});
