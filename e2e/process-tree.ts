// Which processes a program has started, directly or not, as Linux's /proc tells it.
import { existsSync, readdirSync, readFileSync } from "node:fs";

type ProcessEntry = { pid: number; parentPid: number; state: string; startTicks: string };

/** The processes under `pid` and itself, each with its start, so that a reused pid isn't taken for it. */
export function listTree(pid: number): ProcessEntry[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)));
  const tree = all.filter((entry) => entry.pid === pid);
  for (const entry of tree) tree.push(...all.filter(({ parentPid }) => parentPid === entry.pid));
  return tree;
}

/** Those of `entries` that still run. One that waits for its parent to read its status is gone. */
export function listAlive(entries: ProcessEntry[]): number[] {
  return entries
    .filter((entry) => {
      const [now] = readProcess(entry.pid);
      return now !== undefined && now.startTicks === entry.startTicks && now.state !== "Z";
    })
    .map(({ pid }) => pid);
}

function readProcess(pid: number): ProcessEntry[] {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return [];
  try {
    const stat = readFileSync(file, "utf8");
    // The command's name is in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [{ pid, parentPid: Number(fields[1]), state: fields[0] ?? "", startTicks: fields[19] ?? "" }];
  } catch (error) {
    // It ended between the look and the read.
    if (error instanceof Error && "code" in error && ["ENOENT", "ESRCH"].includes(String(error.code)))
      return [];
    throw error;
  }
}
