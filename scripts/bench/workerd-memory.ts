// The resident memory of a process of workerd, as Linux tells it: now, and at its highest since a moment.
import { readFileSync, writeFileSync } from "node:fs";
import { listTree } from "../../e2e/process-tree.ts";

export const MEBIBYTE = 1024 ** 2;

/** How far the resident memory of the workerd below a process rises while `work` is done, in bytes. */
export async function measurePeak(parentPid: number, work: () => Promise<unknown>): Promise<number> {
  const pid = findWorkerd(parentPid);
  const idleBytes = readMemory(pid, "VmRSS");
  // Sets the high-water mark back to what is resident now (proc_pid_clear_refs).
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  await work();
  return readMemory(pid, "VmHWM") - idleBytes;
}

/** The resident memory of the workerd below a process, in bytes. */
export const readResident = (parentPid: number): number => readMemory(findWorkerd(parentPid), "VmRSS");

function findWorkerd(parentPid: number): number {
  const workerd = listTree(parentPid).find(({ pid }) => readName(pid) === "workerd");
  if (workerd === undefined) throw new Error("there is no workerd");
  return workerd.pid;
}

const readName = (pid: number): string => readFileSync(`/proc/${pid}/comm`, "utf8").trim();

function readMemory(pid: number, name: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? Number.NaN);
}
