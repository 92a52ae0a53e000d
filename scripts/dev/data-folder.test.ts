// One holder at a time, whatever became of the one before; secrets made once and kept private.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
