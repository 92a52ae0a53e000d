// The PostgreSQL that `npm start` and the tests bring along: one server on a free loopback port, its data
// in one folder, stopped with us. What it acknowledged survives any stop of ours, however unclean.
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import {
  findPostgresPrograms,
  findPostgresUser,
  type PostgresUser,
  placeData,
  placePrograms,
} from "./postgres-files.ts";
import { type GuardedChild, spawnGuarded } from "./spawn-guarded.ts";
import { findFreePort } from "./tcp-ports.ts";

const userName = "plue";
const databaseName = "plue";
const startTimeoutMs = 60_000;
const pollMs = 15;

// Durable (fsync and synchronous_commit stay on); lean otherwise: no replication, no JIT for small queries.
const durableSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "128MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
  jit: "off",
  io_method: "sync",
  log_timezone: "UTC",
  timezone: "UTC",
};

type PostgresOptions = {
  /** The cluster's folder; made at the first start. */
  dataFolder: string;
  password: string;
  /** Receives the server's log. */
  logFile: string;
  /** Where it listens; on a free port unless given. */
  port?: number;
  /** Settings on top of the durable ones; the tests turn durability off. */
  settings?: Record<string, string>;
};

type PostgresRun = { programs: string; cluster: string; user: PostgresUser | undefined };

export type RunningPostgres = {
  /** `postgres://…` of the database, for a direct connection. */
  url: string;
  server: GuardedChild;
};

/** Starts the server of `dataFolder` (creating it first), and resolves when it accepts connections. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const user = findPostgresUser();
  const programs = placePrograms(findPostgresPrograms(), user);
  const cluster = join(placeData(options.dataFolder, user), "cluster");
  if (existsSync(cluster)) await clearStalePid(cluster);
  else createCluster({ programs, cluster, user }, options.password);
  const port = options.port ?? (await findFreePort());
  const settings = { ...durableSettings, ...options.settings, port: String(port) };
  const server = spawnGuarded({
    command: join(programs, "bin/postgres"),
    args: ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    env: postgresEnv(programs),
    cwd: cluster,
    stopSignal: "INT",
    graceSeconds: 2,
    logFile: options.logFile,
    ...(user === undefined ? {} : { user }),
  });
  const url = `postgres://${userName}:${encodeURIComponent(options.password)}@127.0.0.1:${port}`;
  await waitUntilReady(server, `${url}/postgres`, options.logFile);
  await ensureDatabase(`${url}/postgres`);
  return { url: `${url}/${databaseName}`, server };
}

function postgresEnv(programs: string): NodeJS.ProcessEnv {
  const library = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  return { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC", [library]: join(programs, "lib") };
}

// The cluster is made beside its place and renamed into it, so that an interrupted first start leaves none.
function createCluster(run: PostgresRun, password: string): void {
  const unfinished = `${run.cluster}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = join(tmpdir(), `plue-${randomBytes(9).toString("hex")}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx" });
  if (run.user !== undefined) chownSync(passwordFile, run.user.uid, run.user.gid);
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  try {
    execFileSync(
      join(run.programs, "bin/initdb"),
      [
        `--pgdata=${unfinished}`,
        `--username=${userName}`,
        "--auth=scram-sha-256",
        `--pwfile=${passwordFile}`,
        ...locale,
        "--no-instructions",
      ],
      { cwd: "/", env: postgresEnv(run.programs), stdio: ["ignore", "pipe", "pipe"], ...run.user },
    );
  } finally {
    rmSync(passwordFile);
  }
  renameSync(unfinished, run.cluster);
}

/**
 * Removes what an unclean stop left: a server that still runs is stopped, and a postmaster.pid whose process
 * is gone (or is another program by now, which PostgreSQL can't tell) is deleted. The caller owns the folder.
 */
async function clearStalePid(cluster: string): Promise<void> {
  const pidFile = join(cluster, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10);
  if (Number.isInteger(pid) && isServerOf(pid, cluster)) {
    process.kill(pid, "SIGINT");
    const deadline = Date.now() + startTimeoutMs;
    while (isServerOf(pid, cluster)) {
      if (Date.now() > deadline) throw new Error(`A PostgreSQL left from before (pid ${pid}) doesn't stop.`);
      await wait(pollMs);
    }
  }
  rmSync(pidFile, { force: true });
}

function isServerOf(pid: number, cluster: string): boolean {
  const ps = spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  if (ps.error === undefined) return ps.stdout.includes(cluster);
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && readFileSync(commandLine, "utf8").includes(cluster);
}

async function waitUntilReady(server: GuardedChild, url: string, logFile: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  const ended = server.exited.then((status) => ({ status }));
  for (;;) {
    const problem = await tryConnect(url);
    if (problem === undefined) return;
    const state = await Promise.race([ended, wait(pollMs)]);
    if (state !== undefined) {
      const lastLines = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-5).join("\n");
      throw new Error(`PostgreSQL stopped while starting (status ${state.status}):\n${lastLines}`);
    }
    if (Date.now() > deadline) {
      await server.stop();
      throw new Error(`PostgreSQL wasn't ready after ${startTimeoutMs} ms: ${problem}`);
    }
  }
}

async function tryConnect(url: string): Promise<string | undefined> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    const notYet = ["ECONNREFUSED", "57P03"];
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!notYet.includes(code)) throw error;
    return code;
  } finally {
    await client.end();
  }
}

/**
 * Writes out what is only in memory and in the log, so that the stop that follows has little left to write. A server
 * that is already gone needs none.
 */
export async function writeCheckpoint(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  // The server's end, if it comes first, is told by the server itself.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("checkpoint");
    await client.end();
  } catch (error) {
    const isGone = error instanceof Error && "code" in error;
    if (!isGone) throw error;
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query("select from pg_database where datname = $1", [databaseName]);
    if (found.rowCount === 0) await client.query(`create database ${databaseName}`);
  } finally {
    await client.end();
  }
}
