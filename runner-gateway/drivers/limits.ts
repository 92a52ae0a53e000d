/** The bounds every local sandbox is held to, and those the driver holds itself to. */
import type { SandboxLimits } from "./driver.ts";

const gibibyteBytes = 2 ** 30;

/** A full `/work`, home, `/tmp` and `/dev/shm` together stay below the memory, so a full disk is an error and not a kill. */
export const defaultSandboxLimits: SandboxLimits = {
  memoryBytes: 4 * gibibyteBytes,
  pids: 1_024,
  cpuCores: 2,
  workBytes: 2 * gibibyteBytes,
  tmpBytes: gibibyteBytes / 2,
  openFiles: 16_384,
};

/** The runner program's own files: a step's script, and what steps leave in GITHUB_ENV and GITHUB_PATH. */
export const runnerFolderBytes = 16 * 2 ** 20;

/** From the launch to the runner's first request; a machine under load takes seconds, a broken one for ever. */
export const standbyTimeoutMs = 30_000;

/** After SIGKILL, how long the kernel may take to take everything away before that is an error. */
export const killTimeoutMs = 5_000;

/** How long the process around a sandbox may take to notice that the sandbox was killed. */
export const lingerMs = 200;

/** How often a sandbox's cgroup is asked whether the kernel killed something in it for memory. */
export const memoryCheckMs = 500;

/** What is kept of the runner program's own output, for the reason it ended. */
export const outputTailBytes = 16 * 1024;

/** Connections one sandbox may have open to the gateway; more are closed at once. */
export const connectionsPerSandbox = 256;

/** A standby is refilled this long after one was taken, so that its boot doesn't slow the run that took it. */
export const refillDelayMs = 400;

/** Standbys that fail to boot are tried again after this, doubled up to the longest. */
export const retryFirstMs = 250;
export const retryLongestMs = 30_000;

/** So many failed boots in a row, and `warm` rejects with the reason; the pool goes on trying. */
export const failuresReported = 3;

/** Sandboxes booting for the pool at one time. */
export const bootsAtOnce = 2;

/** How long one technology's behavioural probe may take. */
export const probeTimeoutMs = 15_000;

/** Throws when the writable file systems could fill more than the memory they are held in. */
export function assertLimitsFit(limits: SandboxLimits): void {
  const filesBytes = limits.workBytes + 3 * limits.tmpBytes + runnerFolderBytes;
  if (filesBytes > limits.memoryBytes) {
    throw new RangeError(
      `a sandbox's /work, home, /tmp and /dev/shm (${filesBytes} bytes) must fit in its memory (${limits.memoryBytes} bytes)`,
    );
  }
}
