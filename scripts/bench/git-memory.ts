// The memory that a push and a clone of a large pack take: of the process of workerd over its idle level, and of the
// Worker's isolate alone. R2 is played by miniflare in the same process, so a Worker that does nothing but move the same
// bytes to and from R2, as Plue does, is measured too.
import { createReadStream, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Miniflare } from "miniflare";
import { makeRepository } from "../../e2e/forge-client.ts";
import { git, makeFolder, removeFolder } from "../../e2e/git-client.ts";
import { listTree } from "../../e2e/process-tree.ts";
import { makeDataFolder, type RunningPlue, startPlue } from "../../e2e/start-plue.ts";
import { findFreePort } from "../dev/tcp-ports.ts";
import { cacheFolder } from "./bench-cache.ts";
import { generateRepository, PLANS } from "./generate-repository.ts";
import { type IsolateMemory, watchIsolate } from "./isolate-memory.ts";
import { MOVING_WORKER } from "./moving-worker.ts";
import { formatTable } from "./table.ts";

const BAR_MEBIBYTES = 128;
const MEBIBYTE = 1024 ** 2;

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
  const port = await findFreePort();
  const miniflare = new Miniflare({
    cf: false,
    telemetry: { enabled: false },
    resourcePersistencePath: join(folder, "moving"),
    workers: [
      {
        config: {
          name: "moving",
          compatibilityDate: "2026-09-01",
          manifest: {
            mainModule: "main.js",
            modules: { "main.js": { type: "esm", contents: MOVING_WORKER } },
          },
          env: { OBJECTS: { type: "r2", name: "objects" } },
        },
        dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port }] },
      },
    ],
  });
  try {
    await miniflare.ready;
    const measure = async (what: string, path: string, body: string | null) => ({
      what: `only R2, ${what}`,
      processBytes: await measurePeak(process.pid, () => send(port, path, body)),
      isolate: null,
    });
    await send(port, "/idle", null);
    return [await measure("push", "/put", pack), await measure("clone", "/get", null)];
  } finally {
    await miniflare.dispose();
  }
}

/** Sends a file, or nothing, and reads the answer to its end. */
async function send(port: number, path: string, body: string | null): Promise<void> {
  const headers = body === null ? {} : { "content-length": statSync(body).size };
  const sent = request({ port, path, method: body === null ? "GET" : "PUT", headers });
  const answered = new Promise<void>((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (response) => {
      response.resume().once("end", resolve).once("error", reject);
    });
  });
  if (body === null) sent.end();
  else await pipeline(createReadStream(body), sent);
  await answered;
}

/** How far the resident memory of the workerd below a process rises while `work` is done. */
async function measurePeak(parentPid: number, work: () => Promise<unknown>): Promise<number> {
  const workerd = listTree(parentPid).find(({ pid }) => readName(pid) === "workerd");
  if (workerd === undefined) throw new Error("there is no workerd");
  const idleBytes = readMemory(workerd.pid, "VmRSS");
  // Sets the high-water mark back to what is resident now (proc_pid_clear_refs).
  writeFileSync(`/proc/${workerd.pid}/clear_refs`, "5");
  await work();
  return readMemory(workerd.pid, "VmHWM") - idleBytes;
}

const readName = (pid: number): string => readFileSync(`/proc/${pid}/comm`, "utf8").trim();

function readMemory(pid: number, name: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? Number.NaN);
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
