/**
 * Sandboxes by bubblewrap: the host's kernel, seen through fresh namespaces, with no capability, no new privileges
 * and a seccomp filter. Started by root, it drops to an unprivileged user of the host before the runner program.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { insidePaths } from "./driver.ts";
import type { FoundProgram } from "./find-programs.ts";
import { sandboxHostname } from "./root-image.ts";
import {
  type Launch,
  type LaunchRequest,
  listRunnerCommand,
  listStepPrefix,
  listWritableFolders,
  runnerCapabilities,
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
    hasTwoUsers: asRoot,
    // Its monitor outside and its first process inside.
    countHostPids: (pids) => pids + 2,
    launch: (request): Launch => ({
      command: [
        ...(asRoot ? makeDevices(request.folder) : []),
        ...["prlimit", ...fixLimits({ core: 0, nofile: request.limits.openFiles }), "--", path],
        ...listArguments(request, asRoot),
        ...(asRoot ? ["--seccomp", "3"] : listNestedFiles(path, filterFile)),
        ...["--", ...listProgram(request, asRoot)],
      ],
      files: asRoot ? [filterFile] : [],
    }),
  };
}

/** Names and numbers of the devices that programs expect. (The kernel's admin-guide, devices.txt) */
const devices = { null: "1 3", zero: "1 5", full: "1 7", random: "1 8", urandom: "1 9", tty: "5 0" };

/**
 * Device nodes of the sandbox's own, in a file system that only its mount namespace has: the host's are never in
 * reach. Where nodes can't be made, as in some containers, there is no host of ours to protect.
 */
function makeDevices(folder: string): string[] {
  const place = findDeviceFolder(folder);
  mkdirSync(place);
  const make = Object.entries(devices).map(([name, numbers]) => `make ${name} ${numbers}`);
  const script = `make() { mknod -m 666 "$1" c "$2" "$3" 2>/dev/null || { : > "$1" && mount --bind "/dev/$1" "$1"; }; }
    mount -t tmpfs -o nosuid,noexec,mode=0755,size=64k plue-devices "$1" && cd "$1" &&
    ${make.join(" && ")} && cd / && shift && exec "$@"`;
  const ownMounts = ["unshare", "--mount", "--propagation", "private", "--"];
  return [...ownMounts, "/bin/sh", "-c", script, "sh", place];
}

const findDeviceFolder = (folder: string): string => join(folder, "devices");

/** What the second sandbox of `nestedStepPrefix` is made with. */
function listNestedFiles(path: string, filterFile: string): string[] {
  return [
    ...["--ro-bind", path, insidePaths.bubblewrap],
    ...["--ro-bind", filterFile, insidePaths.seccompFilter],
  ];
}

/**
 * Without root there is one user only. Steps then run in a sandbox within the sandbox, whose user namespace has no
 * right to the runner's memory and whose process namespace doesn't know it; the filter, which refuses further ones,
 * is theirs alone. Of the runner's folder they may write the two files that are meant for it.
 */
const nestedStepPrefix: readonly string[] = [
  ...["/bin/sh", "-c", `exec "$0" "$@" 3<${insidePaths.seccompFilter}`, insidePaths.bubblewrap],
  ...["--unshare-user", "--unshare-pid", "--die-with-parent", "--cap-drop", "ALL", "--dev-bind", "/", "/"],
  ...["--proc", "/proc", "--tmpfs", "/run/plue", "--remount-ro", "/run/plue"],
  ...["--ro-bind", insidePaths.runnerFolder, insidePaths.runnerFolder],
  ...["env", "path"].flatMap((name) => {
    const file = `${insidePaths.runnerFolder}/${name}`;
    return ["--bind-try", file, file];
  }),
  ...["--seccomp", "3", "--"],
];

/** What a program such as node sets aside without using it counts for the rlimit all the same. */
const reservedBytes = 2 ** 30;

function fixLimits(limits: Record<string, number>): string[] {
  return Object.entries(limits).map(([name, value]) => `--${name}=${value}:${value}`);
}

function listArguments(request: LaunchRequest, asRoot: boolean): string[] {
  const { image, limits, users, accountFolder } = request;
  const readOnly = (from: string, to: string) => ["--ro-bind", from, to];
  return [
    ...["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    // Root sets the mounts up itself and becomes another user at the end. In a user namespace it would stay the
    // host's root behind a mapping, so only others get one.
    ...(asRoot ? [] : ["--unshare-user", "--uid", `${users.runner}`, "--gid", `${users.runner}`]),
    ...[
      "--die-with-parent",
      "--new-session",
      "--clearenv",
      "--hostname",
      sandboxHostname,
      "--cap-drop",
      "ALL",
    ],
    ...(asRoot ? ["CHOWN", ...runnerCapabilities].flatMap((name) => ["--cap-add", `CAP_${name}`]) : []),
    ...Object.entries(sandboxEnvironment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...readOnly(image.folder, "/"),
    ...image.binds.flatMap((path) => readOnly(path, path)),
    ...["--proc", "/proc", "--dev", "/dev"],
    ...(asRoot ? Object.keys(devices) : []).flatMap((name) => [
      ...["--dev-bind", join(findDeviceFolder(request.folder), name), `/dev/${name}`],
    ]),
    ...listWritableFolders(limits, users).flatMap(({ path, mode, sizeBytes }) => [
      ...["--perms", mode, "--size", `${sizeBytes}`, "--tmpfs", path],
    ]),
    ...["--remount-ro", "/dev"],
    ...readOnly(request.socketFolder, "/run/plue"),
    ...["passwd", "group"].flatMap((name) => readOnly(join(accountFolder, name), `/etc/${name}`)),
    ...readOnly(request.nodePath, insidePaths.node),
    ...readOnly(request.program, insidePaths.runnerProgram),
    ...["--chdir", insidePaths.work],
  ];
}

function listProgram({ limits, limitedByCgroup, users }: LaunchRequest, asRoot: boolean): string[] {
  // Instead of a cgroup: memory per process, and processes per user of the sandbox's user namespace. They are set
  // inside, since the namespace's maker counts all of that user's processes.
  const instead = { nproc: limits.pids, data: limits.memoryBytes + reservedBytes };
  const program = [
    ...(limitedByCgroup ? [] : ["prlimit", ...fixLimits(instead), "--"]),
    ...listRunnerCommand(asRoot ? listStepPrefix(users) : nestedStepPrefix),
  ];
  if (!asRoot) return program;
  const owned = listWritableFolders(limits, users).filter(({ mode }) => mode !== "1777");
  const give = owned.map(({ path, owner }) => `chown ${owner}:${owner} ${path}`).join(" && ");
  return ["/bin/sh", "-c", `${give} && exec "$@"`, "sh", ...becomeRunner(users.runner), ...program];
}

/** Root gives up all but the runner's capabilities, which an ambient set keeps over the change of the user. */
function becomeRunner(runner: number): string[] {
  const kept = ["-all", ...runnerCapabilities.map((name) => `+${name.toLowerCase()}`)].join(",");
  return [
    ...["setpriv", `--reuid=${runner}`, `--regid=${runner}`, "--clear-groups", "--no-new-privs"],
    ...[`--inh-caps=${kept}`, `--ambient-caps=${kept}`, `--bounding-set=${kept}`],
  ];
}
