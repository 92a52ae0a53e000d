/** What a local technology (bubblewrap, gVisor) must answer to be run as a sandbox; the rest is the same for all. */
import type { SandboxLimits } from "./driver.ts";
import { insidePaths } from "./driver.ts";
import type { RootImage } from "./root-image.ts";

export type LaunchRequest = {
  sandboxId: string;
  /** The sandbox's own folder on the host, already made; the technology may put files there. */
  folder: string;
  /** Holds the gateway's socket, to be bound read-only where `insidePaths.gatewaySocket` is. */
  socketFolder: string;
  image: RootImage;
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
};

/** The writable file systems, each in memory and bounded. */
export function listWritableFolders(
  limits: SandboxLimits,
): { path: string; mode: string; sizeBytes: number }[] {
  return [
    { path: insidePaths.work, mode: "0755", sizeBytes: limits.workBytes },
    { path: insidePaths.home, mode: "0755", sizeBytes: limits.tmpBytes },
    { path: "/tmp", mode: "1777", sizeBytes: limits.tmpBytes },
    { path: "/dev/shm", mode: "1777", sizeBytes: limits.tmpBytes },
  ];
}
