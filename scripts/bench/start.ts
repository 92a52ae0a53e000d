// How long `npm start` takes to `ready`: once from a clean clone with nothing installed, then again and again.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { git, makeFolder, removeFolder } from "../../e2e/git-client.ts";
import { findFreePort } from "../dev/tcp-ports.ts";
import { findPercentile, formatTable } from "./table.ts";

const WARM_STARTS = 5;
const BAR_MS = 4_000;
const root = resolve(import.meta.dirname, "../..");

/** Prints the cold start and the median and worst warm one. Needs the npm registry for the cold one. */
export async function measureStart(): Promise<void> {
  const folder = makeFolder("start");
  try {
    await git(folder, "clone", "--quiet", root, "plue");
    const clone = join(folder, "plue");
    const port = await findFreePort();
    const coldMs = await measureOnce(clone, port);
    const warmMs: number[] = [];
    for (let count = 0; count < WARM_STARTS; count++) warmMs.push(await measureOnce(clone, port));
    console.log(`\nnpm start to ready (bar for warm: < ${BAR_MS} ms)`);
    const rows = [
      ["cold, nothing installed", Math.round(coldMs)],
      [`warm, median of ${WARM_STARTS}`, Math.round(findPercentile(warmMs, 0.5))],
      ["warm, worst", Math.round(Math.max(...warmMs))],
    ];
    console.log(formatTable(["start", "ms"], rows));
  } finally {
    removeFolder(folder);
  }
}

/** Starts, waits for `ready`, stops. @returns milliseconds to `ready`. @throws Error with its output if it ends first. */
async function measureOnce(clone: string, port: number): Promise<number> {
  const startedAtMs = performance.now();
  const child = spawn("npm", ["start"], {
    cwd: clone,
    env: { ...process.env, PLUE_PORT: String(port), PLUE_DATA: join(clone, ".plue") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  const readyAtMs = await new Promise<number>((done, fail) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (/^ready /m.test(output)) done(performance.now());
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void ended.then(() => fail(new Error(`npm start ended:\n${output}`)));
  });
  child.kill("SIGTERM");
  await ended;
  return readyAtMs - startedAtMs;
}
