// The way in, with a small project of its own and an npm that only pretends to fetch: when it installs, when it
// doesn't, and that the program it goes on with keeps its arguments, exit status and signals.
import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plue-start-"));
  mkdirSync(join(root, "scripts/dev"), { recursive: true });
  mkdirSync(join(root, "bin"));
  copyFileSync(join(import.meta.dirname, "start.mjs"), join(root, "scripts/start.mjs"));
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  writeLock("1.0.0");
  writeFileSync(
    join(root, "scripts/check.ts"),
    "console.log('went on', ...process.argv.slice(2)); process.exit(5);",
  );
  // Counts its calls, and fails when the file `broken` is there.
  writeNpm(`echo call >> calls; rm -rf node_modules; mkdir -p node_modules/.bin
[ -e broken ] && { echo "no network" >&2; exit 1; }
ln -s ${process.execPath} node_modules/.bin/node`);
});

afterEach(() => rmSync(root, { recursive: true }));

function writeLock(version: string): void {
  const packages = {
    "": {},
    "node_modules/a": { version },
    "node_modules/b": { version: "2.0.0", optional: true },
  };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
}

function writeNpm(script: string): void {
  writeFileSync(join(root, "bin/npm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, "bin/npm"), 0o755);
}

function launch(args: string[], path = `${join(root, "bin")}:/usr/bin:/bin`) {
  const child = spawn(process.execPath, [join(root, "scripts/start.mjs"), ...args], { env: { PATH: path } });
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const ended = new Promise<{ status: number | null; signal: string | null; output: string }>((resolve) =>
    child.once("close", (status, signal) => resolve({ status, signal, output: output.join("") })),
  );
  return { child, ended };
}

const installs = (): number =>
  existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8").trim().split("\n").length : 0;

test("it installs once, goes on under the packaged Node, and keeps arguments and exit status", async () => {
  const first = await launch(["check", "a", "b c"]).ended;
  expect(first).toMatchObject({ status: 5 });
  expect(first.output).toMatch(/installing packages \(npm ci\) \.\.\.\ninstalled in .* s\nwent on a b c\n$/);
  const second = await launch(["check"]).ended;
  expect(second.output).toBe("went on\n");
  expect(installs()).toBe(1);
});

test("a changed lock file makes it install again", async () => {
  await launch(["check"]).ended;
  writeLock("1.0.1");
  await launch(["check"]).ended;
  expect(installs()).toBe(2);
});

test("a tree that npm install brought to the lock file needs no npm ci, one that it didn't does", async () => {
  await launch(["check"]).ended;
  writeLock("1.1.0");
  const hidden = join(root, "node_modules/.package-lock.json");
  writeFileSync(hidden, JSON.stringify({ packages: { "node_modules/a": { version: "1.1.0" } } }));
  await launch(["check"]).ended;
  expect(installs()).toBe(1);
  writeLock("1.2.0");
  await launch(["check"]).ended;
  expect(installs()).toBe(2);
});

test("a failed install is told with npm's words, and tried again", async () => {
  writeFileSync(join(root, "broken"), "");
  const failed = await launch(["check"]).ended;
  expect(failed.status).toBe(1);
  expect(failed.output).toContain("npm ci failed (status 1):\nno network");
  rmSync(join(root, "broken"));
  expect((await launch(["check"]).ended).status).toBe(5);
  expect(installs()).toBe(2);
});

test("an interrupted install is begun again", async () => {
  await launch(["check"]).ended;
  writeLock("1.0.1");
  writeNpm("echo call >> calls; rm -rf node_modules/.package-lock.json; kill -9 $PPID");
  expect((await launch(["check"]).ended).signal).toBe("SIGKILL");
  writeNpm(
    `echo call >> calls; mkdir -p node_modules/.bin; ln -sf ${process.execPath} node_modules/.bin/node`,
  );
  expect((await launch(["check"]).ended).status).toBe(5);
  expect(installs()).toBe(3);
});

test("a missing npm and an unknown command are told", async () => {
  expect(await launch(["check"], "/nowhere").ended).toMatchObject({ status: 1 });
  expect((await launch(["check"], "/nowhere").ended).output).toContain("npm was not found");
  const unknown = await launch(["toString"]).ended;
  expect(unknown).toMatchObject({ status: 1 });
  expect(unknown.output).toBe("Unknown command toString: use start, test, check, bench.\n");
});

test("signals reach the program, and its way of ending is kept", async () => {
  writeFileSync(
    join(root, "scripts/dev/up.ts"),
    `process.on("SIGTERM", () => { console.log("stopping"); process.exit(9); });
     setInterval(() => undefined, 1000);
     console.log("up");`,
  );
  const polite = launch(["start"]);
  await new Promise<void>((up) =>
    polite.child.stdout.on("data", (chunk: Buffer) => chunk.includes("up") && up()),
  );
  polite.child.kill("SIGTERM");
  expect(await polite.ended).toMatchObject({ status: 9, output: expect.stringMatching(/up\nstopping\n$/) });
  writeFileSync(join(root, "scripts/dev/up.ts"), `process.kill(process.pid, "SIGKILL");`);
  expect(await launch([]).ended).toMatchObject({ status: null, signal: "SIGKILL" });
});
