// Programs that Plue uses but npm can't bring. As root on Debian or Ubuntu they are installed, elsewhere the command
// that does it is printed once. Invariant: lacking one is never fatal here; what needs it says so when it is needed.

import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

export type SystemTool = {
  /** The programs that it brings; any of them on PATH means that it is there. */
  programs: string[];
  /** Where it brings no program: a file that is there with it. */
  file?: string;
  /** Its Debian package. */
  package: string;
  purpose: string;
};

export const runTools: SystemTool[] = [
  { programs: ["git"], package: "git", purpose: "runs check out their repository with it" },
  { programs: ["bwrap"], package: "bubblewrap", purpose: "sandbox for runs" },
  { programs: ["runsc"], package: "runsc", purpose: "gVisor, the stronger sandbox for runs" },
];

export const testTools: SystemTool[] = [
  ...runTools,
  {
    programs: ["chromium", "chromium-browser", "google-chrome"],
    package: "chromium",
    purpose: "browser tests",
  },
  { programs: ["nginx"], package: "nginx-light", purpose: "tests behind a proxy" },
  { programs: ["dulwich"], package: "python3-dulwich", purpose: "tests with other clients of git" },
  {
    programs: [],
    file: "/usr/lib/python3/dist-packages/pygit2/__init__.py",
    package: "python3-pygit2",
    purpose: "tests with other clients of git",
  },
  { programs: ["javac"], package: "default-jdk-headless", purpose: "tests with other clients of git" },
  { programs: ["mvn"], package: "maven", purpose: "tests with other clients of git" },
];

const installers: [program: string, command: string][] = [
  ["apt-get", "apt-get install"],
  ["dnf", "dnf install"],
  ["pacman", "pacman -S"],
  ["zypper", "zypper install"],
  ["apk", "apk add"],
];

/** Where a program is on PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function findMissing(tools: SystemTool[]): SystemTool[] {
  return tools.filter(
    ({ programs, file }) =>
      programs.every((program) => findProgram(program) === undefined) &&
      (file === undefined || !existsSync(file)),
  );
}

/**
 * Installs what is missing, or prints how to. What was tried or printed is remembered in `memoryFile`, so that it
 * happens once and not at every start.
 * @param mayInstall whether apt-get may be used; by default as root on Debian and what descends from it.
 */
export async function provideSystemTools(
  tools: SystemTool[],
  memoryFile: string,
  print: (line: string) => void,
  mayInstall = process.getuid?.() === 0 && isDebian(),
): Promise<void> {
  const missing = findMissing(tools);
  const known = existsSync(memoryFile) ? readFileSync(memoryFile, "utf8").split("\n") : [];
  const news = missing.filter((tool) => !known.includes(tool.package));
  if (news.length === 0) return;
  if (mayInstall) await installPackages(news, print);
  const lacking = findMissing(news);
  if (lacking.length > 0) {
    const purposes = lacking.map((tool) => `${tool.package} (${tool.purpose})`).join(", ");
    print(`not installed: ${purposes}`);
    print(`to install: ${describeCommand(lacking)}`);
  }
  const names = findMissing(tools).map((tool) => tool.package);
  writeFileSync(memoryFile, `${names.join("\n")}\n`, { mode: 0o600 });
}

function isDebian(): boolean {
  if (findProgram("apt-get") === undefined || !existsSync("/etc/os-release")) return false;
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"));
}

function describeCommand(tools: SystemTool[]): string {
  const installer = installers.find(([program]) => findProgram(program) !== undefined);
  const packages = tools.map((tool) => tool.package).join(" ");
  if (installer === undefined) return `your system's packages of ${packages}`;
  return `${process.getuid?.() === 0 ? "" : "sudo "}${installer[1]} ${packages}`;
}

// One package at a time, so that one that a release lacks doesn't keep the others away. A fresh image has no
// package lists: then they are fetched, once.
async function installPackages(tools: SystemTool[], print: (line: string) => void): Promise<void> {
  print(`installing ${tools.map((tool) => tool.package).join(", ")} (apt-get) ...`);
  let updated = false;
  for (const tool of tools) {
    if (await aptGet(["install", tool.package])) continue;
    if (!updated) await aptGet(["update"]);
    updated = true;
    await aptGet(["install", tool.package]);
  }
}

function aptGet(args: string[]): Promise<boolean> {
  const flags = ["-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
  const child = spawn("apt-get", [...flags, ...args], {
    stdio: "ignore",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
