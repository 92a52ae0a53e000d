// Installing what the system lacks, with an apt-get that only pretends: once, quietly, and never fatally.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findProgram, provideSystemTools, type SystemTool } from "./system-tools.ts";

const tools: SystemTool[] = [
  { programs: ["there"], package: "there", purpose: "is installed" },
  { programs: ["wanted", "wanted-too"], package: "wanted", purpose: "is wanted" },
];

let folder: string;
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plue-tools-"));
  printed = [];
  vi.stubEnv("PATH", folder);
  writeProgram("there", "exit 0");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function writeProgram(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** `script` decides what an apt-get call does; each is noted. */
function writeAptGet(script: string): void {
  writeProgram("apt-get", `for last; do :; done\necho "$last" >> ${folder}/calls\n${script}`);
}

function provide(mayInstall: boolean): Promise<void> {
  return provideSystemTools(tools, join(folder, "memory"), (line) => printed.push(line), mayInstall);
}

function calls(): string[] {
  const file = join(folder, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

test("what is missing is installed, and nothing more is said or done", async () => {
  writeAptGet(`: > ${folder}/wanted-too; /bin/chmod +x ${folder}/wanted-too`);
  await provide(true);
  await provide(true);
  expect(calls()).toEqual(["wanted"]);
  expect(printed).toEqual(["installing wanted (apt-get) ..."]);
  expect(findProgram("wanted-too")).toBe(join(folder, "wanted-too"));
});

test("where there are no package lists they are fetched first", async () => {
  writeAptGet(`[ -e ${folder}/lists ] || { [ "$last" = update ] && : > ${folder}/lists; exit 100; }
: > ${folder}/wanted; /bin/chmod +x ${folder}/wanted`);
  await provide(true);
  expect(calls()).toEqual(["wanted", "update", "wanted"]);
  expect(findProgram("wanted")).toBeDefined();
});

test("what can't be installed is said once, with the command, and tried once", async () => {
  writeAptGet("exit 100");
  await provide(true);
  const said = [...printed];
  expect(said[1]).toBe("not installed: wanted (is wanted)");
  expect(said[2]).toMatch(/^to install: (sudo )?apt-get install wanted$/);
  const tried = calls().length;
  await provide(true);
  expect(printed).toEqual(said);
  expect(calls()).toHaveLength(tried);
});

test("one who may not install is told the command once", async () => {
  writeAptGet("exit 0");
  await provide(false);
  await provide(false);
  expect(calls()).toEqual([]);
  expect(printed).toHaveLength(2);
  expect(printed[1]).toMatch(/^to install: (sudo )?apt-get install wanted$/);
});
