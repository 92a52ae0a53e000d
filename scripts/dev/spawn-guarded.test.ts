// A guarded child against real processes: it ends when told, when its starter is killed, and when it won't listen.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { spawnGuarded } from "./spawn-guarded.ts";

/** For a machine that does much else meanwhile. */
const patience = { timeout: 10_000 };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plue-guard-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function isRunning(pid: number): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : undefined;
  return stat !== undefined && !stat.includes(") Z ");
}

function shell(script: string) {
  return spawnGuarded({ command: "/bin/sh", args: ["-c", script], env: process.env, graceSeconds: 1 });
}

test("the exit status and the output are the program's own", async () => {
  const child = shell("echo out; echo err >&2; exit 7");
  const output: string[] = [];
  child.process.stdout?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.process.stderr?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  expect(await child.exited).toBe(7);
  await vi.waitFor(() => expect(output.sort()).toEqual(["err\n", "out\n"]), patience);
});

test("stop lets it end in good order", async () => {
  const file = join(folder, "goodbye");
  const child = shell(`trap 'echo bye > ${file}; exit 3' TERM; echo up; while :; do sleep 0.05; done`);
  await new Promise((resolve) => child.process.stdout?.once("data", resolve));
  expect(await child.stop()).toBe(3);
  expect(readFileSync(file, "utf8")).toBe("bye\n");
  expect(isRunning(await child.pid)).toBe(false);
});

test("one that won't stop is killed after its grace, with all that it started", async () => {
  const child = shell(`trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done`);
  const line = await new Promise<Buffer>((resolve) => child.process.stdout?.once("data", resolve));
  const grandchild = Number.parseInt(line.toString(), 10);
  expect(isRunning(grandchild)).toBe(true);
  expect(await child.stop()).toBe(137);
  await vi.waitUntil(() => !isRunning(grandchild), patience);
});

test("what a program leaves behind when it ends is told to end too", async () => {
  const child = shell("sleep 1000 & echo $!; exit 0");
  const line = await new Promise<Buffer>((resolve) => child.process.stdout?.once("data", resolve));
  expect(await child.exited).toBe(0);
  await vi.waitUntil(() => !isRunning(Number.parseInt(line.toString(), 10)), patience);
});

test("it ends when its starter is killed outright", async () => {
  const starter = join(folder, "starter.ts");
  const program = join(import.meta.dirname, "spawn-guarded.ts");
  writeFileSync(
    starter,
    `import { spawnGuarded } from ${JSON.stringify(program)};
     const child = spawnGuarded({ command: "sleep", args: ["1000"], env: process.env });
     console.log(await child.pid);`,
  );
  const process_ = spawn(process.execPath, [starter], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<Buffer>((resolve) => process_.stdout.once("data", resolve));
  const pid = Number.parseInt(line.toString(), 10);
  expect(isRunning(pid)).toBe(true);
  process_.kill("SIGKILL");
  await vi.waitUntil(() => !isRunning(pid), patience);
});

test("a program that isn't there is told", async () => {
  const child = spawnGuarded({ command: "/no/such/program", args: [], env: process.env });
  expect(await child.exited).toBe(127);
});
