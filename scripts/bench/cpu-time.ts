// What processes have taken of the processors, as Linux's /proc tells it; those that ended count with whoever waited
// for them.
import { readFileSync } from "node:fs";
import { listTree } from "../../e2e/process-tree.ts";

/** Of USER_HZ, which is 100 on every Linux. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time of some processes and all below them. */
export function readCpuSeconds(pids: readonly number[]): number {
  const tree = pids.flatMap((pid) => listTree(pid));
  return tree.reduce((sum, { pid }) => sum + readTicks(pid), 0) / TICKS_PER_SECOND;
}

function readTicks(pid: number): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    // It ended after the look at the tree; its parent has its time.
    if (error instanceof Error && "code" in error && ["ENOENT", "ESRCH"].includes(String(error.code)))
      return 0;
    throw error;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime, stime, cutime, cstime
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** The seconds that a shell's `times` wrote to a file, all in all: of shells and of what they waited for. */
export function readShellTimes(file: string): number {
  const times = readFileSync(file, "utf8").matchAll(/(\d+)m([\d.]+)s/g);
  return [...times].reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}
