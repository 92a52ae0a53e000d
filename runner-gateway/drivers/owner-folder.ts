/**
 * The folder one driver keeps its things in, named after the process that owns it, with all that is needed to
 * take its sandboxes away. What a dead owner left is removed by its supervisor, or by the next driver to start.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { destroyFolder } from "./cgroup.ts";
import { findProcess, type HostProcess, isMissing, isRunning, killProcess } from "./host-process.ts";

const ownerName = /^(\d+)-(\d+)-[0-9a-f]{8}$/;
const cgroupFile = "cgroups";
const processFile = "process";
const sandboxesFolder = "sandboxes";

export class OwnerFolder {
  readonly path: string;
  readonly name: string;
  readonly #supervisor: ChildProcess;

  private constructor(path: string, name: string, supervisor: ChildProcess) {
    this.path = path;
    this.name = name;
    this.#supervisor = supervisor;
  }

  /** Makes the folder for this process, mode 0700, and starts the supervisor that empties it when this process is gone. */
  static open(dataFolder: string, nodePath: string): OwnerFolder {
    const own = findProcess(process.pid);
    if (own === null) throw new Error("this process is not in /proc");
    const name = `${own.pid}-${own.startTicks}-${randomBytes(4).toString("hex")}`;
    const path = join(dataFolder, name);
    mkdirSync(join(path, sandboxesFolder), { recursive: true, mode: 0o700 });
    // Its own session: neither Ctrl-C nor a closed terminal reaches it, only the end of the pipe from here.
    const program = join(import.meta.dirname, "supervisor.ts");
    const supervisor = spawn(nodePath, [program, path], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: {},
    });
    supervisor.unref();
    return new OwnerFolder(path, name, supervisor);
  }

  /** The name that this owner's cgroups have. */
  get cgroupName(): string {
    return `plue-${this.name}`;
  }

  recordCgroups(folders: string[]): void {
    writeFileSync(join(this.path, cgroupFile), folders.join("\n"));
  }

  /** Makes a sandbox's folder. */
  makeSandboxFolder(sandboxId: string): string {
    const folder = join(this.path, sandboxesFolder, sandboxId);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }

  /** Has the supervisor remove everything, and waits for it. */
  async close(): Promise<void> {
    if (this.#supervisor.exitCode === null && this.#supervisor.signalCode === null) {
      const exit = once(this.#supervisor, "exit");
      this.#supervisor.ref();
      this.#supervisor.stdin?.end();
      await exit;
    }
    if (existsSync(this.path)) await sweepOwner(this.path);
  }
}

/** Remembers the process whose end is the sandbox's end. */
export function recordProcess(sandboxFolder: string, pid: number): void {
  const found = findProcess(pid);
  if (found !== null) writeFileSync(join(sandboxFolder, processFile), `${found.pid} ${found.startTicks}`);
}

/** Ends every sandbox of an owner and removes its cgroups and its folder. */
export async function sweepOwner(path: string): Promise<void> {
  const sandboxes = join(path, sandboxesFolder);
  for (const sandbox of existsSync(sandboxes) ? readdirSync(sandboxes) : []) {
    const [pid, startTicks] = readRecord(join(sandboxes, sandbox, processFile)).split(" ");
    if (pid !== undefined && startTicks !== undefined) killProcess({ pid: Number(pid), startTicks });
  }
  for (const folder of readRecord(join(path, cgroupFile)).split("\n").filter(Boolean))
    await destroyFolder(folder);
  rmSync(path, { recursive: true, force: true });
}

/** Sweeps what owners that no longer run left in the data folder; answers their folders. */
export async function sweepDeadOwners(dataFolder: string): Promise<string[]> {
  const swept: string[] = [];
  for (const entry of existsSync(dataFolder) ? readdirSync(dataFolder) : []) {
    const match = ownerName.exec(entry);
    const pid = match?.[1];
    const startTicks = match?.[2];
    if (pid === undefined || startTicks === undefined) continue;
    const owner: HostProcess = { pid: Number(pid), startTicks };
    if (isRunning(owner)) continue;
    await sweepOwner(join(dataFolder, entry));
    swept.push(entry);
  }
  return swept;
}

/** Empty when the owner died before it wrote one. */
function readRecord(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}
