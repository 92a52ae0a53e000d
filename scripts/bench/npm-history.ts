// A real history: the published versions of npm packages, one commit a version, as a bare repository.
// Invariant: what the registry gave is kept outside the repository, whole packages at a time, and asked for once.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { git, makeFolder, removeFolder } from "../../e2e/git-client.ts";
import { cacheFolder } from "./bench-cache.ts";

/** Packages with long histories of source files, and how many of their versions are taken, spread evenly. */
const PACKAGES = ["hono", "zod", "yaml", "ws"];
const VERSIONS = 40;
const PACKED_AT_ONCE = 10;

class RegistryFailure extends Error {}

/** The repository; or why there is none, when the registry can't be reached. */
export async function makeNpmHistory(): Promise<{ source: string } | { missing: string }> {
  try {
    const folders: string[] = [];
    for (const name of PACKAGES) {
      folders.push(await cacheFolder(`npm-${name}`, VERSIONS, (folder) => fetchVersions(folder, name)));
    }
    const source = await cacheFolder("real", folders, (folder) => commitVersions(folder, folders));
    return { source };
  } catch (error) {
    if (error instanceof RegistryFailure) return { missing: error.message };
    throw error;
  }
}

function npm(folder: string, ...args: string[]): string {
  const options = { cwd: folder, encoding: "utf8", maxBuffer: 64 * 1024 ** 2 } as const;
  const { status, stdout, stderr } = spawnSync("npm", [...args, "--loglevel=error"], options);
  if (status !== 0) throw new RegistryFailure(`npm ${args[0]} failed: ${stderr.trim().split("\n")[0]}`);
  return stdout;
}

async function fetchVersions(folder: string, name: string): Promise<void> {
  const all = z.array(z.string()).parse(JSON.parse(npm(folder, "view", name, "versions", "--json")));
  const released = all.filter((version) => /^\d+\.\d+\.\d+$/.test(version)).sort(compareVersions);
  const step = Math.max(1, released.length / VERSIONS);
  const chosen = released.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
  for (let at = 0; at < chosen.length; at += PACKED_AT_ONCE) {
    const specs = chosen.slice(at, at + PACKED_AT_ONCE).map((version) => `${name}@${version}`);
    npm(folder, "pack", "--silent", ...specs);
  }
}

function compareVersions(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true });
}

/** A version of each package after the other, as in a repository of several packages; oldest first. */
async function commitVersions(folder: string, packages: readonly string[]): Promise<void> {
  await git(folder, "init", "--quiet", "--bare", "--initial-branch=main");
  const work = makeFolder("bench-npm");
  try {
    await git(work, "clone", "--quiet", folder, ".");
    await git(work, "checkout", "--quiet", "-B", "main");
    const queues = packages.map((place) =>
      readdirSync(place)
        .sort(compareVersions)
        .map((file) => ({ file, tarball: join(place, file) })),
    );
    for (let at = 0; queues.some((queue) => at < queue.length); at++) {
      for (const [number, queue] of queues.entries()) {
        const release = queue[at];
        if (release !== undefined) await commitVersion(work, PACKAGES[number] ?? "", release);
      }
    }
    await git(work, "push", "--quiet", "origin", "main");
  } finally {
    removeFolder(work);
  }
  await git(folder, "repack", "--quiet", "-a", "-d", "-f", "--window=10", "--depth=50");
}

async function commitVersion(
  work: string,
  name: string,
  { file, tarball }: { file: string; tarball: string },
): Promise<void> {
  const place = join(work, "packages", name);
  if (existsSync(place)) rmSync(place, { recursive: true });
  mkdirSync(place, { recursive: true });
  const unpacked = spawnSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", place]);
  if (unpacked.status !== 0) throw new Error(`tar can't read ${tarball}`);
  await git(work, "add", "--all", "--force");
  await git(work, "commit", "--quiet", "--allow-empty", "--message", `Release ${file.replace(/\.tgz$/, "")}`);
}
