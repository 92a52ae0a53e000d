/**
 * Finds where this process may make cgroups, on version 1, version 2 and both side by side. Pure: text of
 * `/proc/self/mountinfo` and `/proc/self/cgroup` in, candidate folders out (cgroups(7), proc_pid_mountinfo(5)).
 */

export type CgroupController = "memory" | "pids" | "cpu";

/** `pids` first: what may not fork any more is killed for good in one pass. */
export const cgroupControllers: readonly CgroupController[] = ["pids", "memory", "cpu"];

/** Folders to try in order, the process's own cgroup before the root of the mount. */
type CgroupCandidates = { version: 1 | 2; parents: string[] };

type CgroupMount = { root: string; point: string; version: 1 | 2; controllers: string[] };

/**
 * The candidates for each controller. `controllersOf` reads a version 2 folder's `cgroup.controllers`, which
 * tells whether version 2 has the controller or version 1 took it.
 */
export function findCgroupCandidates(
  mountinfo: string,
  ownCgroups: string,
  controllersOf: (folder: string) => string[],
): Map<CgroupController, CgroupCandidates> {
  const mounts = parseMounts(mountinfo);
  const found = new Map<CgroupController, CgroupCandidates>();
  for (const controller of cgroupControllers) {
    const first = mounts.find((mount) => mount.version === 1 && mount.controllers.includes(controller));
    const second = mounts.find(
      (mount) => mount.version === 2 && controllersOf(mount.point).includes(controller),
    );
    const mount = first ?? second;
    if (mount === undefined) continue;
    const own = ownPath(ownCgroups, mount.version === 1 ? controller : null);
    const parents = own === null ? [mount.point] : [insideMount(mount, own), mount.point];
    found.set(controller, { version: mount.version, parents: [...new Set(parents)] });
  }
  return found;
}

function parseMounts(mountinfo: string): CgroupMount[] {
  const mounts: CgroupMount[] = [];
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    if (before === undefined || after === undefined) continue;
    const [root, point] = before.split(" ").slice(3, 5);
    const [type, , options] = after.split(" ");
    if (root === undefined || point === undefined) continue;
    const controllers = (options ?? "").split(",");
    if (type === "cgroup2") mounts.push({ root, point, version: 2, controllers: [] });
    if (type === "cgroup") mounts.push({ root, point, version: 1, controllers });
  }
  return mounts;
}

/** The process's path in the hierarchy of the controller; `null` asks for version 2. */
function ownPath(ownCgroups: string, controller: CgroupController | null): string | null {
  for (const line of ownCgroups.split("\n")) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    const names = match?.[1]?.split(",") ?? [];
    const path = match?.[2];
    if (path === undefined) continue;
    if (controller === null ? names.join() === "" : names.includes(controller)) return path;
  }
  return null;
}

/** A container's mount may show only a part of the hierarchy, from `root` down. */
function insideMount(mount: CgroupMount, own: string): string {
  const shown = mount.root !== "/" && own.startsWith(mount.root) ? own.slice(mount.root.length) : own;
  return (mount.point + (shown.startsWith("/") ? shown : `/${shown}`)).replace(/\/+$/, "");
}
