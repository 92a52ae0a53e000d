/** Names a process of this machine for good: a pid alone is reused, a pid with its start time is not. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { killTimeoutMs } from "./limits.ts";

export type HostProcess = { pid: number; startTicks: string };

/** The process with this pid, or null when there is none (a zombie counts as none). */
export function findProcess(pid: number): HostProcess | null {
  const stat = ifThere(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === null) return null;
  // The name is in parentheses and may hold spaces and parentheses itself; proc(5) numbers the fields from 1.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined)
    throw new Error(`/proc/${pid}/stat is not as proc(5) says`);
  return state === "Z" || state === "X" ? null : { pid, startTicks };
}

/** True while that very process runs. */
export function isRunning(process: HostProcess): boolean {
  return findProcess(process.pid)?.startTicks === process.startTicks;
}

/** Sends SIGKILL to that very process; one that is gone already is no error. */
export function killProcess(target: HostProcess): void {
  if (!isRunning(target)) return;
  try {
    process.kill(target.pid, "SIGKILL");
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Resolves when none of the killed processes is left; throws when one outlives SIGKILL by `killTimeoutMs`. */
export async function waitUntilGone(killed: HostProcess[]): Promise<void> {
  const deadline = Date.now() + killTimeoutMs;
  while (killed.some(isRunning)) {
    if (Date.now() > deadline) throw new Error("killed processes outlive SIGKILL");
    await wait(5);
  }
}

/** Every process below this one, however many sessions and process groups are in between. */
export function listDescendants(pid: number): HostProcess[] {
  const found: HostProcess[] = [];
  const queue = listChildren(pid);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const process = findProcess(next);
    if (process !== null) found.push(process);
    queue.push(...listChildren(next));
  }
  return found;
}

/** A child belongs to the thread that made it, so each thread of the parent is asked. */
function listChildren(pid: number): number[] {
  const threads = ifThere(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  return threads.flatMap((thread) => {
    const children = ifThere(() => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")) ?? "";
    return children.split(" ").filter(Boolean).map(Number);
  });
}

/** What `read` answers, or null when what it reads is gone. */
function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** True for the errors that say a file or a process is not there (any more). */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOENT" || code === "ESRCH" || code === "ENODEV";
}
