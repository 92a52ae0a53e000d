/**
 * Sandboxes by gVisor: a kernel of its own in user space, run by `runsc` from an OCI bundle. The sandbox keeps its
 * state in its own folder, so that removing the folder leaves nothing of it. (OCI runtime spec 1.0.2, config.md)
 */
import { writeFileSync } from "node:fs";
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

type GvisorPlatform = "systrap" | "ptrace";

/** In the order they are tried: system calls cost about a tenth with systrap, which older releases don't have. */
export const gvisorPlatforms: readonly GvisorPlatform[] = ["systrap", "ptrace"];

const memoryChunkBytes = 2 ** 30;

// Process 1 inherits every orphan and must collect its end, which Node doesn't do for what it never started: their
// remains would fill the process limit. A shell that waits for the runner does.
const reapingScript = '"$@" & wait "$!"';

export function describeGvisor(
  { path, version }: FoundProgram,
  platform: GvisorPlatform,
  asRoot: boolean,
): Technology {
  return {
    name: "gvisor",
    title: `gVisor ${version} (${path}, ${platform})`,
    // Its users are those of its own kernel, so it has them without root too.
    hasTwoUsers: true,
    // A task inside is up to two of the host's. Reaching this bound would end gVisor itself, so the number inside
    // is bounded by an rlimit and this one has room for gVisor's own threads.
    countHostPids: (pids) => 3 * pids + 256,
    launch: (request): Launch => {
      writeFileSync(join(request.folder, "config.json"), JSON.stringify(makeBundle(request)));
      const options = [
        ...["--root", join(request.folder, "runsc"), `--platform=${platform}`, "--network=none"],
        ...["--host-uds=open", "--file-access-mounts=shared", "--ignore-cgroups"],
        ...(asRoot ? [] : ["--rootless"]),
      ];
      // Attached, gVisor's processes die with this one, and this one dies with the gateway. What it mounts on the
      // host (a network namespace is kept by a mount) dies with the mount namespace.
      const before = [
        ...["setpriv", "--pdeathsig", "KILL", "prlimit", "--core=0:0", ...listMemoryLimit(request), "--"],
        ...(asRoot ? ["unshare", "--mount", "--propagation", "private", "--"] : []),
      ];
      const command = [...before, path, ...options, "run", "--bundle", request.folder, request.sandboxId];
      return { command, files: [] };
    },
  };
}

/**
 * All memory of a sandbox is one file of gVisor's, which grows by whole chunks of one kind of page or another. Where
 * there is no cgroup, the size of that file is what can be bounded.
 */
function listMemoryLimit({ limits, limitedByCgroup }: LaunchRequest): string[] {
  if (limitedByCgroup) return [];
  const sizeBytes = (Math.ceil(limits.memoryBytes / memoryChunkBytes) + 1) * memoryChunkBytes;
  return [`--fsize=${sizeBytes}:${sizeBytes}`];
}

function makeBundle(request: LaunchRequest): object {
  const { image, limits, users } = request;
  const command = listRunnerCommand(listStepPrefix(users));
  const capabilities = runnerCapabilities.map((name) => `CAP_${name}`);
  const kinds = ["bounding", "effective", "inheritable", "permitted", "ambient"];
  const rlimit = (type: string, value: number) => ({ type, soft: value, hard: value });
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid: users.runner, gid: users.runner },
      args: ["/bin/sh", "-c", reapingScript, "sh", ...command],
      env: Object.entries(sandboxEnvironment).map(([name, value]) => `${name}=${value}`),
      cwd: insidePaths.work,
      noNewPrivileges: true,
      capabilities: Object.fromEntries(kinds.map((kind) => [kind, capabilities])),
      rlimits: [
        rlimit("RLIMIT_NPROC", limits.pids),
        rlimit("RLIMIT_NOFILE", limits.openFiles),
        rlimit("RLIMIT_CORE", 0),
      ],
    },
    root: { path: image.folder, readonly: true },
    hostname: sandboxHostname,
    mounts: listMounts(request),
    linux: { namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })) },
  };
}

function listMounts(request: LaunchRequest): object[] {
  const bind = (source: string, destination: string) => ({
    ...{ destination, type: "bind", source },
    options: ["rbind", "ro", "nosuid", "nodev"],
  });
  const memory = listWritableFolders(request.limits, request.users).map(
    ({ path, owner, mode, sizeBytes }) => ({
      ...{ destination: path, type: "tmpfs", source: "tmpfs" },
      options: ["nosuid", "nodev", `mode=${mode}`, `uid=${owner}`, `gid=${owner}`, `size=${sizeBytes}`],
    }),
  );
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
    ...request.image.binds.map((path) => bind(path, path)),
    ...memory,
    ...["passwd", "group"].map((name) => bind(join(request.accountFolder, name), `/etc/${name}`)),
    bind(request.socketFolder, "/run/plue"),
    bind(request.nodePath, insidePaths.node),
    bind(request.program, insidePaths.runnerProgram),
  ];
}
