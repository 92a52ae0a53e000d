// What is imported: a bundle file, or a repository of which one is made. And what is remembered between two starts of
// the script: which import of the server's it is, so that an interrupted one goes on.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface ImportSource {
  readonly bundleFile: string;
  readonly sizeBytes: number;
  /** Says what was begun; survives the script. */
  remember(id: number): void;
  /** The import that was begun with this very bundle for this very repository, or undefined. */
  readonly rememberedId: number | undefined;
  /** Removes what was kept for a later start. */
  forget(): void;
}

interface Memory {
  readonly id: number;
  readonly url: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** @throws Error when `path` is neither a bundle nor a repository, or git fails. */
export async function openSource(
  path: string,
  url: string,
  say: (line: string) => void,
): Promise<ImportSource> {
  const given = resolve(path);
  const stat = statSync(given, { throwIfNoEntry: false });
  if (stat === undefined) throw new Error(`there is no ${given}`);
  if (stat.isFile()) return describeSource(given, `${given}.import.json`, url, []);
  const folder = resolve(given, await runGit(given, ["rev-parse", "--git-dir"]));
  const bundleFile = join(folder, "plue-import.bundle");
  const memoryFile = `${bundleFile}.json`;
  if (readMemory(memoryFile)?.url !== url || !existsSync(bundleFile)) {
    say("Making a bundle of all branches, tags and notes");
    // Made under another name, so that a half-made one is never taken for whole.
    const made = `${bundleFile}.${process.pid}`;
    try {
      await runGit(given, [
        "bundle",
        "create",
        "--quiet",
        made,
        "--branches",
        "--tags",
        "--glob=refs/notes/*",
      ]);
      renameSync(made, bundleFile);
    } finally {
      rmSync(made, { force: true });
    }
    rmSync(memoryFile, { force: true });
  }
  return describeSource(bundleFile, memoryFile, url, [bundleFile]);
}

function describeSource(
  bundleFile: string,
  memoryFile: string,
  url: string,
  ownFiles: readonly string[],
): ImportSource {
  const { size: sizeBytes, mtimeMs: modifiedMs } = statSync(bundleFile);
  const memory = readMemory(memoryFile);
  const isSame = memory?.url === url && memory.sizeBytes === sizeBytes && memory.modifiedMs === modifiedMs;
  return {
    bundleFile,
    sizeBytes,
    rememberedId: isSame ? memory.id : undefined,
    remember(id) {
      const text: Memory = { id, url, sizeBytes, modifiedMs };
      writeFileSync(memoryFile, JSON.stringify(text));
    },
    forget() {
      for (const file of [...ownFiles, memoryFile]) rmSync(file, { force: true });
    },
  };
}

function readMemory(file: string): Memory | undefined {
  if (!existsSync(file)) return undefined;
  const memory: Memory = JSON.parse(readFileSync(file, "utf8"));
  return memory;
}

/** Runs git, which may speak to the terminal; gives what it prints. */
async function runGit(folder: string, args: readonly string[]): Promise<string> {
  const child = spawn("git", ["-C", folder, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (status !== 0) throw new Error(`git ${args[0]} failed in ${folder} (status ${status})`);
  return output.trim();
}
