// A whole installation for a test: the real `npm start` as a child process, on a free port, its state in a temporary
// folder. Invariant: it ends with the test process, however that ends.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { spawnGuarded } from "../scripts/dev/spawn-guarded.ts";
import { findFreePort } from "../scripts/dev/tcp-ports.ts";

const root = resolve(import.meta.dirname, "..");
const readyTimeoutMs = 170_000;

export type PlueOptions = {
  /** State of an earlier installation; it is not removed. Without one it is temporary. */
  dataFolder?: string;
  port?: number;
  /** Variables besides PLUE_PORT and PLUE_DATA. */
  env?: Record<string, string>;
};

export type RunningPlue = {
  url: string;
  /** Of `admin`, with every scope. */
  token: string;
  signInLink: string;
  dataFolder: string;
  /** Kept after the tests, for a person to look at. */
  artifactsFolder: string;
  /** The pid of `npm start` itself. */
  pid: number;
  /** All that it printed so far. */
  output(): string;
  /** The pid of one of its programs at this moment. */
  readPid(program: "worker" | "gateway"): number;
  /** Resolves with the exit status when `npm start` is gone. */
  exited: Promise<number>;
  /** Stops it as Ctrl-C does, and removes its temporary folder. Resolves with its exit status. */
  stop(): Promise<number>;
};

/** Starts an installation and resolves when it says that it is ready. @throws Error with its output when it isn't. */
export async function startPlue(options: PlueOptions = {}): Promise<RunningPlue> {
  const dataFolder = options.dataFolder ?? makeDataFolder();
  const port = options.port ?? (await findFreePort());
  const child = spawnGuarded({
    command: "npm",
    args: ["start"],
    env: { ...userEnvironment(), PLUE_PORT: String(port), PLUE_DATA: dataFolder, ...options.env },
    cwd: root,
    graceSeconds: 6,
  });
  let output = "";
  const said = (pattern: RegExp): Promise<string> =>
    new Promise((found) => {
      const look = (): void => {
        const match = pattern.exec(output);
        if (match !== null) found(match[1] ?? "");
      };
      child.process.stdout?.on("data", look);
      look();
    });
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.process.stdout?.on("data", take);
  child.process.stderr?.on("data", take);
  const stop = async (): Promise<number> => {
    const status = await child.stop();
    if (options.dataFolder === undefined) rmSync(dataFolder, { recursive: true, force: true });
    return status;
  };

  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`Not ready:\n${output}`)), readyTimeoutMs);
  const ended = child.exited.then((status): never => {
    throw new Error(`npm start ended (status ${status}):\n${output}`);
  });
  try {
    const url = await Promise.race([said(/^ready (\S+)$/m), ended, timeout.promise]);
    const signInLink = await Promise.race([said(/^sign in: (\S+)/m), ended, timeout.promise]);
    return {
      url,
      token: readFileSync(join(dataFolder, "admin.token"), "utf8").trim(),
      signInLink,
      dataFolder,
      artifactsFolder: makeArtifactsFolder(),
      pid: await child.pid,
      output: () => output,
      readPid: (program) => Number(readFileSync(join(dataFolder, `${program}.pid`), "utf8")),
      exited: child.exited,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** An empty folder for an installation's state, which PostgreSQL can enter whatever user it runs as. */
export function makeDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "plue-e2e-"));
  chmodSync(folder, 0o755);
  return folder;
}

/** The environment as a person's shell has it, without what npm, vitest and this run's user added. */
export function userEnvironment(): Record<string, string> {
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.endsWith("node_modules/.bin"));
  const kept = ["HOME", "LANG", "TMPDIR", "NODE_EXTRA_CA_CERTS"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

function makeArtifactsFolder(): string {
  const folder = join(root, "dist/e2e");
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  return folder;
}
