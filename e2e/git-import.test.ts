// A repository too large for one request comes in through parts, by the documented script: killed and started again while
// it uploads, and with everything stopped and started again while it is indexed.

import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { spawnGuarded } from "../scripts/dev/spawn-guarded.ts";
import { callForge, makeRepository, remoteOf } from "./forge-client.ts";
import { git, makeFolder, removeFolder } from "./git-client.ts";
import { makeDataFolder, type RunningPlue, startPlue, userEnvironment } from "./start-plue.ts";

const script = resolve(import.meta.dirname, "../scripts/import.ts");
const COMMITS = 400;
const FILES = 60;
const NOISE_BYTES = 64 * 1024;

let plue: RunningPlue;
let source: string;
const dataFolder = makeDataFolder();
const folders: string[] = [];

beforeAll(async () => {
  [plue, source] = await Promise.all([startPlue({ dataFolder }), makeLargeRepository()]);
});

afterAll(async () => {
  await plue?.stop();
  for (const folder of [dataFolder, ...folders]) removeFolder(folder);
});

/** Some tens of MB: a history of text that is stored as deltas, and noise that can't be compressed. */
async function makeLargeRepository(): Promise<string> {
  const folder = makeFolder("large");
  folders.push(folder);
  await git(folder, "init", "--quiet", "--bare", "--initial-branch=main");
  const child = spawn("git", ["-C", folder, "fast-import", "--quiet"], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const lines = Array.from({ length: 2000 }, (_, at) => `line ${at}`);
  const write = (text: string | Buffer) => child.stdin.write(text);
  for (let commit = 1; commit <= COMMITS; commit++) {
    for (let change = 0; change < 20; change++)
      lines[(commit * 37 + change * 101) % lines.length] = `at ${commit}`;
    const text = Buffer.from(lines.join("\n"));
    const noise = randomFillSync(Buffer.alloc(NOISE_BYTES));
    write(`commit refs/heads/main\nmark :${commit}\n`);
    write(`committer A U Thor <author@example.com> ${1_700_000_000 + commit} +0000\ndata 8\nA change\n`);
    write(`M 100644 inline text/${commit % FILES}.txt\ndata ${text.length}\n`);
    write(text);
    write(`\nM 100644 inline noise/${commit}\ndata ${noise.length}\n`);
    write(noise);
    write("\n");
    if (commit % 100 === 0) {
      write(`reset refs/heads/at-${commit}\nfrom :${commit}\n\ntag v${commit}\nfrom :${commit}\n`);
      write("tagger A U Thor <author@example.com> 1700000000 +0000\ndata 5\nA tag\n");
    }
  }
  child.stdin.end();
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status !== 0) throw new Error(`git fast-import ended with ${status}`);
  return folder;
}

/** Starts the script as a person does. */
function startImport(from: string, name: string, ...options: string[]) {
  const child = spawnGuarded({
    command: process.execPath,
    args: [script, from, `${plue.url}/admin/${name}`, ...options],
    env: { ...userEnvironment(), PLUE_TOKEN: plue.token },
  });
  let output = "";
  for (const stream of [child.process.stdout, child.process.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { ...child, output: () => output };
}

interface ImportAnswer {
  id: number;
  state: string;
  received_parts: number[];
  failure: string | null;
}

const findImport = (name: string, id: number) => callForge<ImportAnswer>(plue, `/admin/${name}/import/${id}`);

const listRefs = async (remote: string) =>
  (await git(source, "ls-remote", "--heads", "--tags", remote)).split("\n").sort();

test("an import that is interrupted at every step comes to its end, whole", {
  timeout: 170_000,
}, async () => {
  const { name, remote } = await makeRepository(plue);
  const first = startImport(source, name, "--part-mib", "1", "--parallel", "1");
  const memoryFile = join(source, "plue-import.bundle.json");
  const id = await vi.waitFor(
    async () => {
      const { id } = JSON.parse(readFileSync(memoryFile, "utf8"));
      expect((await findImport(name, id)).received_parts.length).toBeGreaterThan(3);
      return Number(id);
    },
    { timeout: 60_000, interval: 20 },
  );
  process.kill(await first.pid, "SIGKILL");
  await first.exited;
  expect(await findImport(name, id)).toMatchObject({ state: "uploading" });

  const second = startImport(source, name, "--part-mib", "1");
  await vi.waitFor(async () => expect((await findImport(name, id)).state).toBe("indexing"), {
    timeout: 60_000,
    interval: 10,
  });
  const { port } = new URL(plue.url);
  await plue.stop();
  plue = await startPlue({ dataFolder, port: Number(port) });
  expect((await findImport(name, id)).state).toMatch(/queued|indexing/);
  expect(await listRefs(remote)).toEqual([""]);
  expect(await second.exited, second.output()).toBe(0);
  expect(second.output()).toMatch(new RegExp(`Going on with import ${id}: \\d+ of \\d+ parts are there`));
  expect(second.output()).toContain("Imported: 9 refs moved");

  expect(await listRefs(remote)).toEqual(await listRefs(source));
  const clone = makeFolder("clone");
  folders.push(clone);
  await git(clone, "clone", "--quiet", "--mirror", remote, ".");
  await git(clone, "fsck", "--full", "--strict");
  expect(await git(clone, "rev-list", "--all", "--count")).toBe(String(COMMITS));
});

test("a bundle that was cut or changed is refused with the reason, and nothing moves", async () => {
  const folder = makeFolder("broken");
  folders.push(folder);
  const bundle = join(folder, "cut.bundle");
  await git(source, "bundle", "create", "--quiet", bundle, "v100", "^at-100~3");
  const { name } = await makeRepository(plue);
  const lacking = startImport(bundle, name);
  expect(await lacking.exited).toBe(1);
  expect(lacking.output()).toContain("the bundle needs commits that the repository lacks");

  await git(source, "bundle", "create", "--quiet", bundle, "v100");
  const whole = readFileSync(bundle);
  const middle = whole.length >> 1;
  whole[middle] = ~(whole[middle] ?? 0);
  const changedFile = join(folder, "changed.bundle");
  writeFileSync(changedFile, whole);
  const changed = startImport(changedFile, name);
  expect(await changed.exited).toBe(1);
  expect(changed.output()).toMatch(/The import has failed; nothing has moved\.\n./);

  truncateSync(bundle, statSync(bundle).size - 1000);
  const cut = startImport(bundle, name);
  expect(await cut.exited).toBe(1);
  expect(cut.output()).toMatch(/The import has failed; nothing has moved\.\n.*(ends|truncated)/);
  expect(await git(source, "ls-remote", remoteOf(plue, name))).toBe("");
});
