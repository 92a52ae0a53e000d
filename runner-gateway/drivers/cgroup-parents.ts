/**
 * Makes the folders that hold this driver's cgroups, after trying in each candidate that a child can be made,
 * limited and joined. What can't be had is answered as a reason, so that the driver falls back to rlimits openly.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type CgroupFolder, createCgroup, destroyFolder } from "./cgroup.ts";
import { type CgroupController, cgroupControllers, findCgroupCandidates } from "./cgroup-mounts.ts";
import { defaultSandboxLimits } from "./limits.ts";

const run = promisify(execFile);

export type CgroupParents =
  | { usable: true; folders: CgroupFolder[]; description: string }
  | { usable: false; reason: string };

/**
 * Makes `name` in every hierarchy that is needed. Memory and pids are required, cpu is left out where it can't
 * be had, which the description says.
 */
export async function makeCgroupParents(name: string): Promise<CgroupParents> {
  const candidates = findCgroupCandidates(
    readFileSync("/proc/self/mountinfo", "utf8"),
    readFileSync("/proc/self/cgroup", "utf8"),
    (folder) => readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(" "),
  );
  const made: CgroupFolder[] = [];
  const missing: CgroupController[] = [];
  for (const controller of cgroupControllers) {
    const candidate = candidates.get(controller);
    const problem =
      candidate === undefined
        ? "no such controller is mounted"
        : await addController(made, name, controller, candidate);
    if (problem === null) continue;
    missing.push(controller);
    if (controller === "cpu") continue;
    await removeCgroupParents(made);
    return { usable: false, reason: `no cgroup can be made for ${controller}: ${problem}` };
  }
  const versions = [...new Set(made.map(({ version }) => version))].sort().join(" and ");
  const bounded = cgroupControllers.filter((controller) => !missing.includes(controller)).join(", ");
  const unbounded = missing.length === 0 ? "" : `; ${missing.join(", ")} not limited`;
  return { usable: true, folders: made, description: `cgroup v${versions} limits (${bounded})${unbounded}` };
}

async function removeCgroupParents(folders: CgroupFolder[]): Promise<void> {
  for (const { folder } of folders) await destroyFolder(folder);
}

/** Adds the controller to `made`, in the first parent folder where it works; answers why none did, or null. */
async function addController(
  made: CgroupFolder[],
  name: string,
  controller: CgroupController,
  candidate: { version: 1 | 2; parents: string[] },
): Promise<string | null> {
  const reasons: string[] = [];
  for (const parent of candidate.parents) {
    const folder = join(parent, name);
    const shared = made.find((entry) => entry.folder === folder);
    const tried: CgroupFolder = shared ?? { version: candidate.version, folder, controllers: [] };
    try {
      if (shared === undefined) mkdirSync(folder);
      if (candidate.version === 2) enableController(parent, folder, controller);
      await tryChild({ ...tried, controllers: [controller] });
      tried.controllers.push(controller);
      if (shared === undefined) made.push(tried);
      return null;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
      if (shared === undefined) await destroyFolder(folder);
    }
  }
  return reasons.join("; ");
}

/** A version 2 controller acts in a folder only when each folder above hands it down. */
function enableController(parent: string, folder: string, controller: CgroupController): void {
  for (const above of [parent, folder]) {
    const enabled = readFileSync(join(above, "cgroup.subtree_control"), "utf8").trim().split(" ");
    if (!enabled.includes(controller)) writeFileSync(join(above, "cgroup.subtree_control"), `+${controller}`);
  }
}

/** Makes, limits, joins and removes a child, as every sandbox will. */
async function tryChild(parent: CgroupFolder): Promise<void> {
  const cgroup = createCgroup([parent], "try", defaultSandboxLimits);
  try {
    for (const file of cgroup.joinFiles) await run("/bin/sh", ["-c", 'echo 0 > "$1"', "sh", file]);
  } finally {
    await cgroup.destroy();
  }
}
