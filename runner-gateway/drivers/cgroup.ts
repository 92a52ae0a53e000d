/**
 * One cgroup per sandbox, on version 1 or 2: what bounds its memory, processes and processor time, tells when
 * the kernel killed in it for memory, and ends everything in it. Files as cgroups(7) and the kernel's admin-guide.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { CgroupController } from "./cgroup-mounts.ts";
import type { SandboxLimits } from "./driver.ts";
import { isMissing } from "./host-process.ts";
import { killTimeoutMs } from "./limits.ts";

/** A folder of one hierarchy and the controllers that act there. */
export type CgroupFolder = { version: 1 | 2; folder: string; controllers: CgroupController[] };

type CgroupLimits = Pick<SandboxLimits, "memoryBytes" | "pids" | "cpuCores">;

const periodUs = 100_000;

/** Makes `name` under each parent with the limits set; the parents have the controllers enabled for children. */
export function createCgroup(parents: CgroupFolder[], name: string, limits: CgroupLimits): Cgroup {
  const folders = parents.map((parent) => ({ ...parent, folder: join(parent.folder, name) }));
  for (const { version, folder, controllers } of folders) {
    mkdirSync(folder);
    for (const controller of controllers) writeLimit(version, folder, controller, limits);
  }
  return new Cgroup(folders);
}

export class Cgroup {
  readonly folders: CgroupFolder[];

  constructor(folders: CgroupFolder[]) {
    this.folders = folders;
  }

  /** A process joins by writing 0 to each of these files. */
  get joinFiles(): string[] {
    return this.folders.map(({ folder }) => join(folder, "cgroup.procs"));
  }

  /** How many processes the kernel has killed in here for memory so far. */
  countMemoryKills(): number {
    const memory = this.folders.find(({ controllers }) => controllers.includes("memory"));
    if (memory === undefined) return 0;
    const file = memory.version === 1 ? "memory.oom_control" : "memory.events";
    const text = readIfThere(join(memory.folder, file));
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  /** Kills everything in it and removes it; throws when something outlives SIGKILL by `killTimeoutMs`. */
  async destroy(): Promise<void> {
    for (const { folder } of this.folders) await destroyFolder(folder);
  }
}

/** Kills everything in the folder's cgroup and those below it, and removes them; a missing one is no error. */
export async function destroyFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await destroyFolder(join(folder, entry.name));
  }
  const deadline = Date.now() + killTimeoutMs;
  for (;;) {
    killMembers(folder);
    if (removeIfEmpty(folder)) return;
    if (Date.now() > deadline) throw new Error(`processes in ${folder} outlive SIGKILL`);
    await wait(5);
  }
}

/** On version 2 one write kills all; on version 1 no new process may start while the known ones are killed. */
function killMembers(folder: string): void {
  if (existsSync(join(folder, "cgroup.kill"))) {
    writeIfThere(join(folder, "cgroup.kill"), "1");
    return;
  }
  if (existsSync(join(folder, "pids.max"))) writeIfThere(join(folder, "pids.max"), "0");
  for (const pid of readIfThere(join(folder, "cgroup.procs")).split("\n").filter(Boolean)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

/** False while the kernel still says that something is in it. */
function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (isMissing(error)) return true;
    if (error instanceof Error && "code" in error && error.code === "EBUSY") return false;
    throw error;
  }
}

function writeLimit(
  version: 1 | 2,
  folder: string,
  controller: CgroupController,
  limits: CgroupLimits,
): void {
  const write = (file: string, value: string) => writeFileSync(join(folder, file), value);
  if (controller === "pids") write("pids.max", `${limits.pids}`);
  if (controller === "cpu") {
    const quotaUs = Math.round(limits.cpuCores * periodUs);
    if (version === 2) write("cpu.max", `${quotaUs} ${periodUs}`);
    if (version === 1) write("cpu.cfs_period_us", `${periodUs}`);
    if (version === 1) write("cpu.cfs_quota_us", `${quotaUs}`);
  }
  if (controller !== "memory") return;
  write(version === 1 ? "memory.limit_in_bytes" : "memory.max", `${limits.memoryBytes}`);
  // Swap would only make a memory bomb slower; where swap isn't counted, the file is not there.
  const swap = version === 1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max";
  if (existsSync(join(folder, swap))) write(swap, version === 1 ? `${limits.memoryBytes}` : "0");
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

function writeIfThere(file: string, value: string): void {
  try {
    writeFileSync(file, value);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
