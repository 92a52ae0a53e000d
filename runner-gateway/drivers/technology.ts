/** What a local technology (bubblewrap, gVisor) must answer to be run as a sandbox; the rest is the same for all. */
import type { SandboxLimits } from "./driver.ts";
import { insidePaths } from "./driver.ts";
import { runnerFolderBytes } from "./limits.ts";
import type { RootImage } from "./root-image.ts";
import type { SandboxUsers } from "./sandbox-users.ts";

export type LaunchRequest = {
  sandboxId: string;
  /** The sandbox's own folder on the host, already made; the technology may put files there. */
  folder: string;
  /** Holds the gateway's socket, to be bound read-only where `insidePaths.gatewaySocket` is. */
  socketFolder: string;
  image: RootImage;
  /** Files that name the sandbox's users, to be bound read-only where their names say: `passwd`, `group`. */
  accountFolder: string;
  users: SandboxUsers;
  nodePath: string;
  program: string;
  /** `openFiles` is at most what this process may have itself. */
  limits: SandboxLimits;
  /** False where no cgroup can be had: then every bound must be an rlimit. */
  limitedByCgroup: boolean;
};

/** A command to spawn; `files` are opened for it as descriptors 3, 4 …, and stay with the caller to close. */
export type Launch = { command: string[]; files: string[] };

export type Technology = {
  readonly name: "gvisor" | "bubblewrap";
  /** With its version, such as `bubblewrap 0.8.0`. */
  readonly title: string;
  /** Whether a sandbox gets two users from the pool; else it has one, and keeps its steps apart by other means. */
  readonly hasTwoUsers: boolean;
  /** How many tasks of the host `pids` tasks inside come to. */
  countHostPids(pids: number): number;
  launch(request: LaunchRequest): Launch;
};

/** All that is in the environment of the runner program. */
export const sandboxEnvironment: Readonly<Record<string, string>> = {
  PATH: "/opt/plue/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
  HOME: insidePaths.home,
  LANG: "C.UTF-8",
  PLUE_GATEWAY_SOCKET: insidePaths.gatewaySocket,
  PLUE_RUNNER_FOLDER: insidePaths.runnerFolder,
};

type WritableFolder = { path: string; owner: number; mode: string; sizeBytes: number };

/** The writable file systems, each in memory and bounded. */
export function listWritableFolders(limits: SandboxLimits, { runner, step }: SandboxUsers): WritableFolder[] {
  return [
    { path: insidePaths.work, owner: step, mode: "0755", sizeBytes: limits.workBytes },
    { path: insidePaths.home, owner: step, mode: "0755", sizeBytes: limits.tmpBytes },
    { path: "/tmp", owner: step, mode: "1777", sizeBytes: limits.tmpBytes },
    { path: "/dev/shm", owner: step, mode: "1777", sizeBytes: limits.tmpBytes },
    { path: insidePaths.runnerFolder, owner: runner, mode: "0711", sizeBytes: runnerFolderBytes },
  ];
}

/** What the runner needs to start steps as their user and to end them, and all that it has. */
export const runnerCapabilities = ["SETUID", "SETGID", "SETPCAP", "KILL"] as const;

/** The command that gives up all of that and becomes the steps' user. */
export function listStepPrefix({ step }: SandboxUsers): string[] {
  return [
    ...["setpriv", `--reuid=${step}`, `--regid=${step}`, "--clear-groups", "--no-new-privs"],
    ...["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--"],
  ];
}

/** Runs the runner program. A signal must not open Node's debugger, which would let anyone in the sandbox in. */
export function listRunnerCommand(stepPrefix: readonly string[]): string[] {
  return [insidePaths.node, "--disable-sigusr1", insidePaths.runnerProgram, ...stepPrefix];
}
