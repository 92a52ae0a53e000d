/** Finds every copy of a program, since the first one on PATH isn't always the one that works. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Searched after PATH, which a service's environment often cuts short. */
const commonFolders = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/bin", "/usr/sbin", "/opt/bin"];

const versionTimeoutMs = 5_000;

export type FoundProgram = { path: string; version: string };

/** The absolute folders of `PATH`, and the common ones. */
export function listSearchFolders(path: string): string[] {
  return [...path.split(delimiter).filter((folder) => folder.startsWith("/")), ...commonFolders];
}

/** Each executable file of that name once, with what `--version` says of it, newest first. */
export async function findPrograms(name: string, folders: string[]): Promise<FoundProgram[]> {
  const found = await Promise.all(folders.map((folder) => findExecutable(join(folder, name))));
  const paths = [...new Set(found.filter((path) => path !== null))];
  const programs = await Promise.all(paths.map(async (path) => ({ path, version: await readVersion(path) })));
  return programs.sort((one, other) => compareVersions(other.version, one.version));
}

async function findExecutable(path: string): Promise<string | null> {
  const real = await realpath(path).catch(() => null);
  if (real === null) return null;
  return access(real, constants.X_OK).then(
    () => real,
    () => null,
  );
}

/** The last word of the first line, as in `runsc version release-20260101.0` and `bubblewrap 0.8.0`. */
async function readVersion(path: string): Promise<string> {
  const line = await run(path, ["--version"], { timeout: versionTimeoutMs }).then(
    ({ stdout }) => stdout.split("\n")[0] ?? "",
    () => "",
  );
  const version = line.trim().split(" ").at(-1) ?? "";
  return /\d/.test(version) ? version : "of unknown version";
}

/** By the numbers in them. One without a number was built from source, which is done for a newer one. */
export function compareVersions(one: string, other: string): number {
  const numbersOf = (version: string): number[] => version.match(/\d+/g)?.map(Number) ?? [Infinity];
  const [ones, others] = [numbersOf(one), numbersOf(other)];
  for (let index = 0; index < Math.max(ones.length, others.length); index += 1) {
    const [left, right] = [ones[index] ?? 0, others[index] ?? 0];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
