/** Tables of mounts as machines and containers have them, and where a cgroup may be made on each. */
import { describe, expect, test } from "vitest";
import { findCgroupCandidates } from "./cgroup-mounts.ts";

const unifiedMount = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
const allControllers = () => ["cpuset", "cpu", "io", "memory", "pids"];

describe("where cgroups may be made", () => {
  test("version 2: the process's own cgroup, then the root", () => {
    const found = findCgroupCandidates(unifiedMount, "0::/user.slice/session-1.scope\n", allControllers);
    const parents = ["/sys/fs/cgroup/user.slice/session-1.scope", "/sys/fs/cgroup"];
    for (const controller of ["pids", "memory", "cpu"] as const) {
      expect(found.get(controller)).toEqual({ version: 2, parents });
    }
  });

  test("version 1: each controller in its own hierarchy, also where two share one", () => {
    const mounts = [
      "31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
      "32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
      "33 23 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids",
    ].join("\n");
    const found = findCgroupCandidates(mounts, "3:pids:/a\n2:memory:/\n1:cpu,cpuacct:/b\n0::/\n", () => []);
    expect(found.get("pids")?.parents).toEqual(["/sys/fs/cgroup/pids/a", "/sys/fs/cgroup/pids"]);
    expect(found.get("memory")).toEqual({ version: 1, parents: ["/sys/fs/cgroup/memory"] });
    expect(found.get("cpu")?.parents).toEqual(["/sys/fs/cgroup/cpu,cpuacct/b", "/sys/fs/cgroup/cpu,cpuacct"]);
  });

  test("side by side: a controller that version 1 took is not looked for in version 2", () => {
    const mounts = `32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n${unifiedMount.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified ")}`;
    const found = findCgroupCandidates(mounts, "1:memory:/m\n0::/u\n", () => ["pids"]);
    expect(found.get("memory")?.version).toBe(1);
    expect(found.get("pids")).toEqual({
      version: 2,
      parents: ["/sys/fs/cgroup/unified/u", "/sys/fs/cgroup/unified"],
    });
    expect(found.has("cpu")).toBe(false);
  });

  test("in a container that sees a part of the hierarchy, paths start at that part", () => {
    const mount = "40 23 0:30 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw";
    const found = findCgroupCandidates(mount, "0::/docker/abc/child\n", allControllers);
    expect(found.get("memory")?.parents).toEqual(["/sys/fs/cgroup/child", "/sys/fs/cgroup"]);
    const itself = findCgroupCandidates(mount, "0::/docker/abc\n", allControllers);
    expect(itself.get("memory")?.parents).toEqual(["/sys/fs/cgroup"]);
  });

  test("without any mount there is nothing", () => {
    expect(findCgroupCandidates("22 1 254:0 / / rw - ext4 /dev/vda rw\n", "0::/\n", () => []).size).toBe(0);
  });
});
