// The memory that a push and a clone of a large pack take: of the process of workerd over its idle level, and of the
// Worker's isolate alone. R2 is played by miniflare in the same process, so a Worker that does nothing but move the same
// bytes to and from R2, as Plue does, is measured too.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeRepository } from "../../e2e/forge-client.ts";
import { git, makeFolder, removeFolder } from "../../e2e/git-client.ts";
import { makeDataFolder, type RunningPlue, startPlue } from "../../e2e/start-plue.ts";
import { findFreePort } from "../dev/tcp-ports.ts";
import { cacheFolder } from "./bench-cache.ts";
import { generateRepository, PLANS } from "./generate-repository.ts";
import { type IsolateMemory, watchIsolate } from "./isolate-memory.ts";
import { startMovingWorker } from "./moving-worker.ts";
import { formatTable } from "./table.ts";
import { MEBIBYTE, measurePeak } from "./workerd-memory.ts";

const BAR_MEBIBYTES = 128;

interface Measured {
  readonly what: string;
  readonly processBytes: number;
  readonly isolate: IsolateMemory | null;
}

/** Prints the peaks for the large repository, one request at a time, each from a process that has served a small one. */
export async function measureGitMemory(): Promise<void> {
  const [large, small] = [await makeSource("large"), await makeSource("small")];
  const folder = makeFolder("bench-memory");
  try {
    const measured = [...(await measurePlue(large, small, folder)), ...(await measureMoving(large, folder))];
    print(measured);
  } finally {
    removeFolder(folder);
  }
}

const makeSource = (name: "small" | "large") =>
  cacheFolder(name, PLANS[name], (folder) => generateRepository(folder, PLANS[name]));

async function measurePlue(large: string, small: string, folder: string): Promise<Measured[]> {
  const dataFolder = makeDataFolder();
  const measured: Measured[] = [];
  const run = async (what: string, work: (plue: RunningPlue) => Promise<unknown>) => {
    const inspectorPort = await findFreePort();
    const env = { PLUE_INSPECTOR_PORT: String(inspectorPort) };
    const plue = await startPlue({ dataFolder, env });
    try {
      const { remote } = await makeRepository(plue);
      await git(small, "push", "--quiet", "--mirror", remote);
      await git(".", "clone", "--quiet", "--bare", remote, join(folder, `${what} warm`));
      const isolate = await watchIsolate(inspectorPort);
      const processBytes = await measurePeak(plue.readPid("worker"), () => work(plue));
      measured.push({ what: `Plue, ${what}`, processBytes, isolate: await isolate.stop() });
    } finally {
      await plue.stop();
    }
  };
  try {
    let address = "";
    await run("push", async (plue) => {
      address = (await makeRepository(plue)).remote;
      await git(large, "push", "--quiet", "--mirror", address);
    });
    const clone =
      (...options: string[]) =>
      async (plue: RunningPlue) => {
        const remote = new URL(address);
        remote.host = new URL(plue.url).host;
        await git(
          ".",
          "clone",
          "--quiet",
          "--bare",
          ...options,
          remote.href,
          join(folder, `clone${options}`),
        );
      };
    await run("clone", clone());
    await run("clone of depth 1", clone("--depth=1"));
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
  return measured;
}

/** The same bytes by a Worker that only moves them. */
async function measureMoving(large: string, folder: string): Promise<Measured[]> {
  const packs = join(large, "objects/pack");
  const pack = join(packs, readdirSync(packs).find((name) => name.endsWith(".pack")) ?? "");
  const moving = await startMovingWorker(join(folder, "moving"));
  try {
    const measure = async (what: string, work: () => Promise<void>) => ({
      what: `only R2, ${what}`,
      processBytes: await measurePeak(process.pid, work),
      isolate: null,
    });
    return [
      await measure("push", () => moving.put("pack", pack)),
      await measure("clone", () => moving.get("pack")),
    ];
  } finally {
    await moving.stop();
  }
}

function print(measured: readonly Measured[]): void {
  const round = (bytes: number) => Math.round(bytes / MEBIBYTE);
  const rows = measured.map(({ what, processBytes, isolate }) => [
    what,
    round(processBytes),
    ...(isolate === null
      ? ["", ""]
      : [round(isolate.heapBytes + isolate.bufferBytes), round(isolate.bufferBytes)]),
  ]);
  console.log(
    `\nPeak memory, MiB, of the large repository (bar: < ${BAR_MEBIBYTES} over idle, R2's own share apart)`,
  );
  console.log(formatTable(["work", "process over idle", "isolate in all", "of it buffers"], rows));
}
