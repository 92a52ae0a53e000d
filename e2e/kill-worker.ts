// Kills an installation's Worker as a crash does, in the middle of whatever it does.
import { expect } from "vitest";
import { listTree } from "./process-tree.ts";
import type { RunningPlue } from "./start-plue.ts";

const RESTART_TIMEOUT_MS = 30_000;

/** Kills the Worker's process and all that it started, and resolves when the installation is well again. */
export async function killWorker(plue: RunningPlue): Promise<void> {
  for (const { pid } of listTree(plue.readPid("worker")).reverse()) process.kill(pid, "SIGKILL");
  await waitUntilWell(plue);
}

/** Resolves when all parts of the installation answer. */
export async function waitUntilWell(plue: RunningPlue): Promise<void> {
  await expect.poll(() => readHealth(plue), { timeout: RESTART_TIMEOUT_MS, interval: 50 }).toBe("ok");
}

/** "ok", or what is wrong. */
async function readHealth(plue: RunningPlue): Promise<string> {
  try {
    const response = await fetch(`${plue.url}/api/health`);
    return response.ok ? "ok" : await response.text();
  } catch (error) {
    // Not listening yet, or killed while it answered.
    if (error instanceof TypeError) return String(error.cause);
    throw error;
  }
}
