/** What all sandboxes of one local driver share on the host: its folder, its cgroups, the read-only root, the filter. */
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CgroupParents, makeCgroupParents } from "./cgroup-parents.ts";
import type { LocalDriverOptions } from "./driver.ts";
import { assertLimitsFit } from "./limits.ts";
import { OwnerFolder, sweepDeadOwners } from "./owner-folder.ts";
import { buildRootImage, type RootImage } from "./root-image.ts";
import { findUserRange, SandboxUserPool } from "./sandbox-users.ts";
import { findFilteredArchitecture, makeSeccompFilter } from "./seccomp-filter.ts";

/** The environment of the launching commands; nothing of the gateway's own reaches them. */
export const hostEnvironment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

export type LocalHost = {
  readonly options: LocalDriverOptions;
  readonly owner: OwnerFolder;
  readonly cgroups: CgroupParents;
  readonly image: RootImage;
  /** A copy of the runner program that every sandbox's user may read. */
  readonly program: string;
  /** Null on an architecture that the filter isn't written for. */
  readonly filterFile: string | null;
  readonly asRoot: boolean;
  readonly users: SandboxUserPool;
};

/** Sweeps what dead gateways left and lays everything out. `close` of the owner folder takes it all away again. */
export async function openLocalHost(options: LocalDriverOptions): Promise<LocalHost> {
  assertLimitsFit(options.limits);
  const limits = { ...options.limits, openFiles: boundOpenFiles(options.limits.openFiles) };
  const swept = await sweepDeadOwners(options.dataFolder);
  if (swept.length > 0) options.log.info("swept what dead gateways left", { folders: swept.join(", ") });
  const owner = OwnerFolder.open(options.dataFolder, options.nodePath);
  const cgroups = await makeCgroupParents(owner.cgroupName);
  if (cgroups.usable) owner.recordCgroups(cgroups.folders.map(({ folder }) => folder));
  else options.log.warn("sandboxes are limited by rlimits only", { reason: cgroups.reason });
  const program = join(owner.path, "runner.js");
  copyFileSync(options.runnerProgram, program);
  chmodSync(program, 0o644);
  return {
    ...{ options: { ...options, limits }, owner, cgroups, program },
    image: buildRootImage(join(owner.path, "root")),
    filterFile: writeFilter(owner.path),
    asRoot: process.getuid?.() === 0,
    users: new SandboxUserPool(findUserRange()),
  };
}

function writeFilter(folder: string): string | null {
  const architecture = findFilteredArchitecture(process.arch);
  if (architecture === null) return null;
  const file = join(folder, "seccomp.bpf");
  writeFileSync(file, makeSeccompFilter(architecture));
  return file;
}

/**
 * The command, started in the cgroups that these files join. Descriptors that this process inherited itself would go
 * on into the sandbox: all above `lastDescriptor` are closed. (bash reads the user's `.bashrc` when its input is a
 * socket, as Node's pipes are, unless told not to.)
 */
export function prepareCommand(command: string[], joinFiles: string[], lastDescriptor: number): string[] {
  const script = `last=$1 count=$2; shift 2
    for (( ; count > 0; count-- )); do echo 0 > "$1" || exit 125; shift; done
    for path in /proc/$$/fd/*; do fd=\${path##*/}; (( fd <= last )) || eval "exec $fd>&-"; done
    exec "$@"`;
  const fixed = ["bash", "--norc", "-c", script, "bash", `${lastDescriptor}`, `${joinFiles.length}`];
  return [...fixed, ...joinFiles, ...command];
}

/** The wanted number of open files, or the hard limit of this process where that is lower already. */
function boundOpenFiles(wanted: number): number {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return hard === undefined ? wanted : Math.min(wanted, Number(hard));
}
