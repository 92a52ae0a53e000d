// Ends what a step leaves behind. In a sandbox of its own the runner is the only process besides the first one, so
// whatever else lives is the step's, however it hid; the kernel kills all of it in one call, faster than it forks.
import { readdirSync } from "node:fs";

/**
 * Whether this process may kill every process it can: it is not root, and nobody but it and process 1 was here when
 * it began. True in every sandbox, never on a host. To be asked before anything is started.
 */
export function isAloneInSandbox(): boolean {
  if (process.platform !== "linux" || process.getuid?.() === 0) return false;
  const others = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return others.every((pid) => pid === "1");
}

/** Kills the step's process group and, when alone, everything else but this process. */
export function killLeftovers(groupId: number, isAlone: boolean): void {
  killGroup(groupId, "SIGKILL");
  if (isAlone) signalQuietly(-1, "SIGKILL");
}

/** Sends the signal to the group, if anything of it still lives. */
export function killGroup(groupId: number, signal: NodeJS.Signals): void {
  signalQuietly(-groupId, signal);
}

function signalQuietly(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}
