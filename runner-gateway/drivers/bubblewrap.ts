/**
 * Sandboxes by bubblewrap: the host's kernel, seen through fresh namespaces, with no capability, no new privileges
 * and a seccomp filter. Started by root, it drops to an unprivileged user of the host before the runner program.
 */

import { insidePaths } from "./driver.ts";
import type { FoundProgram } from "./find-programs.ts";
import { sandboxGid, sandboxHostname, sandboxUid } from "./root-image.ts";
import {
  type Launch,
  type LaunchRequest,
  listWritableFolders,
  sandboxEnvironment,
  type Technology,
} from "./technology.ts";

/** `filterFile` holds the seccomp program; `asRoot` says whether this process is the host's root. */
export function describeBubblewrap(
  { path, version }: FoundProgram,
  filterFile: string,
  asRoot: boolean,
): Technology {
  return {
    name: "bubblewrap",
    title: `bubblewrap ${version} (${path})`,
    // Its monitor outside and its first process inside.
    countHostPids: (pids) => pids + 2,
    launch: (request): Launch => ({
      command: [
        ...["prlimit", ...fixLimits({ core: 0, nofile: request.limits.openFiles }), "--", path],
        ...[...listArguments(request, asRoot), "--seccomp", "3", "--", ...listProgram(request, asRoot)],
      ],
      files: [filterFile],
    }),
  };
}

/** What a program such as node sets aside without using it counts for the rlimit all the same. */
const reservedBytes = 2 ** 30;

function fixLimits(limits: Record<string, number>): string[] {
  return Object.entries(limits).map(([name, value]) => `--${name}=${value}:${value}`);
}

function listArguments(request: LaunchRequest, asRoot: boolean): string[] {
  const { image, limits } = request;
  const readOnly = (from: string, to: string) => ["--ro-bind", from, to];
  return [
    ...["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    // Root sets the mounts up itself and becomes another user at the end. In a user namespace it would stay the
    // host's root behind a mapping, so only others get one.
    ...(asRoot ? [] : ["--unshare-user", "--uid", `${sandboxUid}`, "--gid", `${sandboxGid}`]),
    ...[
      "--die-with-parent",
      "--new-session",
      "--clearenv",
      "--hostname",
      sandboxHostname,
      "--cap-drop",
      "ALL",
    ],
    ...(asRoot ? dropCapabilities.flatMap((name) => ["--cap-add", name]) : []),
    ...Object.entries(sandboxEnvironment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...readOnly(image.folder, "/"),
    ...image.binds.flatMap((path) => readOnly(path, path)),
    ...["--proc", "/proc", "--dev", "/dev"],
    ...listWritableFolders(limits).flatMap(({ path, mode, sizeBytes }) => [
      ...["--perms", mode, "--size", `${sizeBytes}`, "--tmpfs", path],
    ]),
    ...["--remount-ro", "/dev"],
    ...readOnly(request.socketFolder, "/run/plue"),
    ...readOnly(request.nodePath, insidePaths.node),
    ...readOnly(request.program, insidePaths.runnerProgram),
    ...["--chdir", insidePaths.work],
  ];
}

/** What root needs between the mounts and the runner program, to give the folders away and become nobody. */
const dropCapabilities = ["CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];

function listProgram({ limits, limitedByCgroup }: LaunchRequest, asRoot: boolean): string[] {
  // Instead of a cgroup: memory per process, and processes per user of the sandbox's user namespace. They are set
  // inside, since the namespace's maker counts all of that user's processes.
  const instead = { nproc: limits.pids, data: limits.memoryBytes + reservedBytes };
  const program = [
    ...(limitedByCgroup ? [] : ["prlimit", ...fixLimits(instead), "--"]),
    ...[insidePaths.node, insidePaths.runnerProgram],
  ];
  if (!asRoot) return program;
  const drop = [
    ...["setpriv", `--reuid=${sandboxUid}`, `--regid=${sandboxGid}`, "--clear-groups", "--no-new-privs"],
    ...["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"],
  ];
  const script = `chown ${sandboxUid}:${sandboxGid} ${insidePaths.work} ${insidePaths.home} && exec "$@"`;
  return ["/bin/sh", "-c", script, "sh", ...drop, ...program];
}
