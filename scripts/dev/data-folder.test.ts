// One holder at a time, whatever became of the one before; secrets made once and kept private.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataFolder } from "./data-folder.ts";

let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "plue-data-")), "new/folder");
});

afterEach(() => rmSync(join(path, "../.."), { recursive: true }));

test("a second holder is refused and told the pid, until the first lets go", () => {
  const first = openDataFolder(path);
  expect(() => openDataFolder(path)).toThrow(`in use by another npm start (pid ${process.pid})`);
  first.unlock();
  openDataFolder(path).unlock();
});

test("the lock of a process that is gone is taken over", async () => {
  const child = spawn("true");
  await new Promise((resolve) => child.once("exit", resolve));
  openDataFolder(path).unlock();
  writeFileSync(join(path, "lock"), `${child.pid} 123456`);
  openDataFolder(path).unlock();
  expect(existsSync(join(path, "lock"))).toBe(false);
});

test("another process that got the pid of the holder isn't taken for it", () => {
  openDataFolder(path).unlock();
  writeFileSync(join(path, "lock"), `${process.pid} not-when-we-started`);
  openDataFolder(path).unlock();
});

test("secrets are made once, long, different, and readable by their owner only", () => {
  const first = openDataFolder(path);
  first.unlock();
  const second = openDataFolder(path);
  second.unlock();
  expect(second.secrets).toEqual(first.secrets);
  expect(new Set(Object.values(first.secrets)).size).toBe(3);
  const file = join(path, "secrets.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(first.secrets);
});

test("nothing in it is open to other users, also of a folder from before", () => {
  const old = { logs: "logs/worker.ndjson", worker: "worker/r2/objects/blobs/a", mail: "mail/000001.eml" };
  for (const file of Object.values(old)) {
    mkdirSync(dirname(join(path, file)), { recursive: true, mode: 0o755 });
    writeFileSync(join(path, file), "text", { mode: 0o644 });
  }
  writeFileSync(join(path, "missing-tools"), "", { mode: 0o644 });
  mkdirSync(join(path, "postgres"), { mode: 0o750 });
  const outside = join(path, "..", "outside");
  writeFileSync(outside, "text");
  chmodSync(outside, 0o644);
  symlinkSync(outside, join(path, "logs/link"));
  for (const opened of ["once", "again"]) {
    openDataFolder(path).unlock();
    const modes = readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((name) => name !== "postgres" && name !== "logs/link")
      .map((name) => [name, lstatSync(join(path, name))] as const)
      .map(([name, entry]) => [name, entry.mode & 0o777, entry.isDirectory() ? 0o700 : 0o600]);
    expect([opened, modes.filter(([, mode, wanted]) => mode !== wanted)]).toEqual([opened, []]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  }
  expect(statSync(outside).mode & 0o777).toBe(0o644);
  expect(statSync(join(path, "postgres")).mode & 0o777).toBe(0o750);
});

test.runIf(process.getuid?.() === 0)("PostgreSQL's user may pass through it, and read nothing", () => {
  // The folders above belong to the test, and let others through as a home folder may.
  for (const above of [join(path, "../.."), join(path, "..")]) {
    mkdirSync(above, { recursive: true });
    chmodSync(above, 0o755);
  }
  const folder = openDataFolder(path);
  mkdirSync(join(path, "postgres"));
  chmodSync(join(path, "postgres"), 0o755);
  const tryAs = (id: number, command: string) =>
    spawnSync("/bin/sh", ["-c", command], { cwd: "/", uid: id, gid: id }).status === 0;
  const [admitted, other] = [2_013_265_920, 2_013_265_922];
  folder.admit({ gid: admitted });
  expect(tryAs(admitted, `ls ${path}/postgres`)).toBe(true);
  expect(tryAs(other, `ls ${path}/postgres`)).toBe(false);
  for (const command of [`ls ${path}`, `cat ${path}/secrets.json`, `ls ${path}/logs`, `touch ${path}/x`])
    expect([command, tryAs(admitted, command)]).toEqual([command, false]);
  folder.unlock();
});

test("a folder of a version that knew fewer secrets keeps those it has", () => {
  const { secrets, unlock } = openDataFolder(path);
  unlock();
  const { applicationPassword, ...earlier } = secrets;
  writeFileSync(join(path, "secrets.json"), JSON.stringify(earlier));
  const upgraded = openDataFolder(path);
  upgraded.unlock();
  expect(upgraded.secrets).toMatchObject(earlier);
  expect(upgraded.secrets.applicationPassword).toMatch(/^[0-9a-f]{48}$/);
  expect(upgraded.secrets.applicationPassword).not.toBe(applicationPassword);
  expect(statSync(join(path, "secrets.json")).mode & 0o777).toBe(0o600);
  writeFileSync(join(path, "secrets.json"), JSON.stringify({ ...earlier, postgresPassword: "short" }));
  expect(() => openDataFolder(path)).toThrow();
});
