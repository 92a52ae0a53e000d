/** Which sandbox is chosen, and what is said when none is: with programs of the right name that don't work. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { chooseDriver } from "./choose-driver.ts";
import type { DriverChoice } from "./driver.ts";
import { compareVersions, findPrograms, listSearchFolders } from "./find-programs.ts";
import { judge } from "./probe.ts";
import { SuiteGateway } from "./suite/suite-gateway.ts";
import { suiteLimits, suiteRunner } from "./suite/suite-host.ts";

const quietLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
const scratch = mkdtempSync(join(tmpdir(), "plue-choose-"));
const dataFolder = join(scratch, "data");
let programs: string;
let round = 0;

beforeEach(() => {
  round += 1;
  programs = join(scratch, `programs-${round}`);
  mkdirSync(programs);
});
afterAll(() => rmSync(scratch, { recursive: true }));

function writeProgram(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

async function choose(insist: "gvisor" | "bubblewrap" | null = null): Promise<DriverChoice> {
  return await chooseDriver({
    ...{
      handler: new SuiteGateway().handler,
      runnerProgram: suiteRunner,
      nodePath: process.execPath,
      dataFolder,
    },
    ...{ limits: suiteLimits, insist, searchFolders: [programs], log: quietLog },
  });
}

/** A runsc that says its version and then fails as one would on a kernel that it doesn't fit. */
const brokenRunsc =
  'case "$1" in --version) echo "runsc version release-20260101.0";; *) echo "no such platform" >&2; exit 1;; esac';

async function findBubblewrap(): Promise<string> {
  const [found] = await findPrograms("bwrap", listSearchFolders(process.env.PATH ?? ""));
  if (found === undefined) throw new Error("these tests need bubblewrap: apt-get install bubblewrap");
  return found.path;
}

describe("the choice of a sandbox", () => {
  test("with nothing installed there is none, and the reason says what to install", async () => {
    expect(await choose()).toEqual({
      available: false,
      reason:
        "no sandbox works here (gvisor: no runsc is installed; bubblewrap: no bwrap is installed); install one with: apt-get install bubblewrap runsc",
    });
    expect(readdirSync(dataFolder)).toEqual([]);
  });

  test("a gVisor that doesn't work is passed over for bubblewrap, which says so", async () => {
    writeProgram(programs, "runsc", brokenRunsc);
    symlinkSync(await findBubblewrap(), join(programs, "bwrap"));
    const choice = await choose();
    if (!choice.available) throw new Error(choice.reason);
    expect(choice.driver.name).toBe("bubblewrap");
    expect(choice.rejected).toHaveLength(2);
    expect(choice.driver.description).toMatch(
      /^bubblewrap \d+\.\d+.*; not used: gVisor release-20260101\.0 .*no such platform/s,
    );
    await choice.driver.close();
    expect(readdirSync(dataFolder)).toEqual([]);
  });

  test("whoever insists gets that one or none", async () => {
    writeProgram(programs, "runsc", brokenRunsc);
    symlinkSync(await findBubblewrap(), join(programs, "bwrap"));
    const choice = await choose("gvisor");
    if (choice.available) throw new Error("a broken gVisor was chosen");
    expect(choice.reason).toMatch(
      /^PLUE_SANDBOX=gvisor insists, but no sandbox works here \(gVisor .*no such platform/s,
    );
    expect(choice.reason).not.toContain("bwrap");
  });

  test("a program that runs what it is given without a sandbox is not taken for one", async () => {
    const bare = 'while [ "$1" != -- ]; do shift; done; shift; exec true';
    writeProgram(programs, "bwrap", `case "$1" in --version) echo "bubblewrap 9.9.9";; *) ${bare};; esac`);
    const choice = await choose();
    if (choice.available) throw new Error("no sandbox was taken for one");
    expect(choice.reason).toContain("bubblewrap 9.9.9");
  });
});

describe("standard streams", () => {
  test("of what makes a sandbox are never devices of the host", async () => {
    const seen = join(programs, "streams");
    const look = `kinds=$(stat -L -c %F /proc/$$/fd/[012]); echo "$kinds" >> '${seen}'; exit 1`;
    for (const name of ["runsc", "bwrap"])
      writeProgram(programs, name, `case "$1" in --version) echo "${name} version 99.0";; esac; ${look}`);
    const choice = await choose();
    expect(choice.available).toBe(false);
    const kinds = readFileSync(seen, "utf8").trim().split("\n");
    // Two programs, asked for their version, and tried with two platforms and once.
    expect(kinds.length).toBeGreaterThanOrEqual(5 * 3);
    expect(kinds.filter((kind) => kind !== "socket" && kind !== "fifo")).toEqual([]);
  });
});

describe("the verdict of a probe", () => {
  const passing = {
    uid: 65534,
    commands: [{ command: "ls /", ok: true, problem: "" }],
    reached: [{ host: "127.0.0.1", port: 1, reached: false }],
    written: [],
    attacks: [],
  };
  test.each([
    ["one that works and holds", passing, null],
    [
      "an ls that fails",
      { ...passing, commands: [{ command: "ls /", ok: false, problem: "Invalid argument" }] },
      "`ls /` fails: Invalid argument",
    ],
    ["root inside", { ...passing, uid: 0 }, "the program inside is root"],
    [
      "a host that answers",
      { ...passing, reached: [{ host: "10.0.0.1", port: 80, reached: true }] },
      "10.0.0.1:80 can be reached from inside",
    ],
    [
      "a step that can do something to the runner program",
      { ...passing, attacks: ["read its environment"] },
      "a step can read its environment, and it is the runner program's",
    ],
    [
      "a root that can be written",
      { ...passing, written: ["/usr/probe"] },
      "/usr/probe can be written from inside",
    ],
  ])("%s", (_what, report, verdict) => {
    expect(judge(report)).toBe(verdict);
  });
});

describe("copies of a program", () => {
  test("each is found once, the newest first, one built from source before all", async () => {
    const folders = ["a", "b", "c", "d", "none"].map((name) => join(programs, name));
    for (const [index, version] of ["0.0~20221219.0", "release-20250401.0", "VERSION_MISSING"].entries()) {
      writeProgram(folders[index] ?? "", "runsc", `echo "runsc version ${version}"`);
    }
    symlinkSync(join(programs, "a"), join(programs, "d"));
    const found = await findPrograms("runsc", folders);
    expect(found.map(({ path, version }) => [path.slice(programs.length), version])).toEqual([
      ["/c/runsc", "of unknown version"],
      ["/b/runsc", "release-20250401.0"],
      ["/a/runsc", "0.0~20221219.0"],
    ]);
  });

  test.each([
    ["0.8.0", "0.11.0", -1],
    ["release-20260101.0", "release-20260101.0", 0],
    ["release-20260101.1", "release-20260101.0", 1],
  ])("%s against %s", (one, other, order) => {
    expect(compareVersions(one, other)).toBe(order);
  });

  test("PATH is searched before the common folders, and only where it is absolute", () => {
    const [first, second] = listSearchFolders("/opt/gvisor:bin:");
    expect([first, second]).toEqual(["/opt/gvisor", "/usr/local/bin"]);
  });
});
