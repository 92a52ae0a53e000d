// The real runner program as a plain child process, for tests of the runner and of the gateway alone: what confines
// it is another's test.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleRunner } from "../../runner-gateway/bundle-runner.ts";
import { spawnGuarded } from "../dev/spawn-guarded.ts";

export interface RunnerProcess {
  /** Its exit status. */
  readonly exited: Promise<number>;
  /** The most memory it has held, in bytes. */
  readPeakBytes(): number;
  /** What it said on stderr. */
  readonly said: () => string;
  kill(): Promise<void>;
}

/** A folder of a test's own, with the runner program in it. */
export interface RunnerFolder {
  readonly path: string;
  readonly program: string;
  remove(): void;
}

export async function makeRunnerFolder(): Promise<RunnerFolder> {
  const path = mkdtempSync(join(tmpdir(), "plue-runner-"));
  const program = join(path, "runner.js");
  await bundleRunner(program);
  return { path, program, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts a runner in a new work folder called `name`, whose gateway listens at `socketPath`. */
export function spawnRunner(folder: RunnerFolder, name: string, socketPath: string): RunnerProcess {
  const work = join(folder.path, name);
  const home = join(folder.path, `${name}-home`);
  for (const made of [work, home]) mkdirSync(made);
  const guarded = spawnGuarded({
    command: process.execPath,
    args: [folder.program],
    cwd: work,
    env: { PATH: process.env.PATH, HOME: home, LANG: "C.UTF-8", PLUE_GATEWAY_SOCKET: socketPath },
  });
  let said = "";
  guarded.process.stderr?.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  return {
    exited: guarded.exited,
    said: () => said,
    readPeakBytes: () => readPeakBytes(guarded.process.pid ?? 0),
    kill: async () => {
      await guarded.stop();
    },
  };
}

/** The guard's child is the runner. */
function readPeakBytes(guardPid: number): number {
  const children = readFileSync(`/proc/${guardPid}/task/${guardPid}/children`, "utf8").trim().split(" ");
  const peaks = children.map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  });
  return Math.max(...peaks);
}
