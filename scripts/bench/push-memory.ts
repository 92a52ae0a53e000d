// The memory of many pushes, one after the other and at once: of the process of workerd and of the Worker's isolate,
// beside a Worker that only moves the same bytes to R2, which miniflare plays in the same process.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRepository } from "../../e2e/forge-client.ts";
import { git, makeFolder, removeFolder } from "../../e2e/git-client.ts";
import { type RunningPlue, startPlue } from "../../e2e/start-plue.ts";
import { findFreePort } from "../dev/tcp-ports.ts";
import { watchIsolate } from "./isolate-memory.ts";
import { startMovingWorker } from "./moving-worker.ts";
import { formatTable } from "./table.ts";
import { MEBIBYTE, measurePeak, readResident } from "./workerd-memory.ts";

const PUSH_BYTES = 20_000_000;
const SEQUENCE_ROUNDS = 4;
const SEQUENCE = 25;
const AT_ONCE = [1, 5, 10, 25, 50];

type Row = [what: string, peak: number, rest: number, heap: number | string, buffers: number | string];

/** Prints peaks and what stays: `SEQUENCE_ROUNDS` times `SEQUENCE` pushes in a row, then growing numbers at once. */
export async function measurePushMemory(): Promise<void> {
  const folder = makeFolder("bench-push-memory");
  try {
    const sources = await Promise.all(
      Array.from({ length: Math.max(...AT_ONCE) }, (_, at) => makeSource(folder, at)),
    );
    print([...(await measurePlue(sources)), ...(await measureMoving(sources, folder))]);
  } finally {
    removeFolder(folder);
  }
}

/** A repository of one commit with one file of noise, which is also there as a plain file, `noise`. */
async function makeSource(folder: string, at: number): Promise<string> {
  const source = join(folder, `source-${at}`);
  await git(folder, "init", "--quiet", "--initial-branch=main", source);
  writeFileSync(join(source, "noise"), randomBytes(PUSH_BYTES));
  await git(source, "add", ".");
  await git(source, "commit", "--quiet", "-m", "Noise");
  return source;
}

async function measurePlue(sources: readonly string[]): Promise<Row[]> {
  const inspectorPort = await findFreePort();
  const plue = await startPlue({ env: { PLUE_INSPECTOR_PORT: String(inspectorPort) } });
  const rows: Row[] = [];
  const run = async (what: string, work: () => Promise<unknown>) => {
    const watched = await watchIsolate(inspectorPort);
    const pid = plue.readPid("worker");
    const before = readResident(pid);
    const peak = before + (await measurePeak(pid, work));
    const { heapBytes, bufferBytes } = await watched.stop();
    rows.push([`Plue, ${what}`, peak, readResident(pid), heapBytes, bufferBytes]);
  };
  try {
    for (const [what, work] of listWork(sources, (source) => push(plue, source))) await run(what, work);
  } finally {
    await plue.stop();
  }
  return rows;
}

async function push(plue: RunningPlue, source: string): Promise<void> {
  const { remote } = await makeRepository(plue);
  await git(source, "push", "--quiet", remote, "main");
}

async function measureMoving(sources: readonly string[], folder: string): Promise<Row[]> {
  const moving = await startMovingWorker(join(folder, "moving"));
  const rows: Row[] = [];
  let puts = 0;
  try {
    for (const [what, work] of listWork(sources, (source) =>
      moving.put(`${++puts}`, join(source, "noise")),
    )) {
      const peak = readResident(process.pid) + (await measurePeak(process.pid, work));
      rows.push([`only R2, ${what}`, peak, readResident(process.pid), "", ""]);
    }
  } finally {
    await moving.stop();
  }
  return rows;
}

function listWork(
  sources: readonly string[],
  send: (source: string) => Promise<void>,
): [what: string, work: () => Promise<unknown>][] {
  const inARow = async () => {
    for (const source of sources.slice(0, SEQUENCE)) await send(source);
  };
  return [
    ...Array.from({ length: SEQUENCE_ROUNDS }, (_, round): [string, () => Promise<unknown>] => [
      `pushes ${round * SEQUENCE + 1} to ${(round + 1) * SEQUENCE} in a row`,
      inARow,
    ]),
    ...AT_ONCE.map((count): [string, () => Promise<unknown>] => [
      `${count} at once`,
      () => Promise.all(sources.slice(0, count).map(send)),
    ]),
  ];
}

function print(rows: readonly Row[]): void {
  const round = (bytes: number | string) =>
    typeof bytes === "number" ? Math.round(bytes / MEBIBYTE) : bytes;
  console.log(`\nMemory, MiB, of pushes of ${PUSH_BYTES / 1e6} MB`);
  console.log(
    formatTable(
      ["work", "process at its peak", "afterwards", "isolate's heap", "isolate's buffers"],
      rows.map(([what, ...bytes]) => [what, ...bytes.map(round)]),
    ),
  );
}
