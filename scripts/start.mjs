// The way in to every command: `npm start`, `npm test`, `npm run check`, `npm run bench`. Uses Node's built-ins
// only and runs on Node 20: it installs the packages when they are stale and goes on under the Node 24 among them.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const minimumMajor = 20;
const neededMajor = 24;
const parentCheckMs = 500;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const lockFile = join(root, "package-lock.json");
const stampFile = join(modules, ".plue-installed");

const commands = {
  start: "scripts/dev/up.ts",
  test: "scripts/test.ts",
  check: "scripts/check.ts",
  bench: "scripts/bench/main.ts",
};

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

// Holds when `npm ci` of this very lock file finished, or npm itself brought the tree to its versions (`npm install`).
function isInstalled(wanted) {
  if (!existsSync(join(modules, ".bin"))) return false;
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return true;
  if (!matchesLockFile()) return false;
  writeFileSync(stampFile, wanted);
  return true;
}

// npm writes node_modules/.package-lock.json last, so it is absent or old after an interrupted install.
function matchesLockFile() {
  const hidden = join(modules, ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const locked = JSON.parse(readFileSync(lockFile, "utf8")).packages;
  return Object.entries(locked).every(([path, entry]) => {
    // A package for another system is in the lock file only.
    const absent = installed[path] === undefined && entry.optional;
    return path === "" || absent || installed[path]?.version === entry.version;
  });
}

async function install(wanted) {
  process.stdout.write("installing packages (npm ci) ...\n");
  const startedMs = Date.now();
  rmSync(stampFile, { force: true });
  const flags = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const child = spawn("npm", flags, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const output = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  const problem = await new Promise((done) => {
    child.once("error", (error) =>
      done(error.code === "ENOENT" ? "npm was not found: install it (it comes with Node)." : String(error)),
    );
    child.once("close", (code) =>
      done(code === 0 ? undefined : `npm ci failed (status ${code}):\n${Buffer.concat(output)}`),
    );
  });
  if (problem !== undefined) fail(problem);
  writeFileSync(stampFile, wanted);
  process.stdout.write(`installed in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

// The Node of the packages; where none is packaged for this system, our own if it is new enough.
function findNode() {
  const packaged = join(modules, ".bin/node");
  if (existsSync(packaged)) return packaged;
  if (Number.parseInt(process.versions.node, 10) >= neededMajor) return process.execPath;
  return fail(
    `No Node ${neededMajor} is packaged for ${process.platform} on ${process.arch}: install it yourself.`,
  );
}

function run(script, args) {
  const env = { ...process.env, PATH: `${join(modules, ".bin")}${delimiter}${process.env.PATH}` };
  // Descriptor 3 closes when this process ends, however it ends; the child stops then.
  const child = spawn(findNode(), [join(root, script), ...args], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...env, PLUE_LIFELINE: "3" },
  });
  child.stdio[3].on("error", () => undefined);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event !== undefined) stopWithParent(child);
  child.once("error", (error) => fail(`Node could not be started: ${error.message}`));
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

// npm that is killed outright takes nobody with it; its orphan is adopted by another process.
function stopWithParent(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) child.stdio[3].destroy();
  }, parentCheckMs);
  timer.unref();
}

if (process.platform === "win32") fail("Plue runs on Linux and macOS; on Windows, use WSL.");
if (Number.parseInt(process.versions.node, 10) < minimumMajor) {
  fail(`Plue needs Node ${minimumMajor} or newer; this is ${process.versions.node}.`);
}
const [command = "start", ...args] = process.argv.slice(2);
const script = Object.hasOwn(commands, command) ? commands[command] : undefined;
if (script === undefined) fail(`Unknown command ${command}: use ${Object.keys(commands).join(", ")}.`);
const wanted = createHash("sha256").update(readFileSync(lockFile)).digest("hex");
if (!isInstalled(wanted)) await install(wanted);
run(script, args);
