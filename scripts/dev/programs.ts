// The long-running programs of an installation. One that dies is started again, each time after a longer wait, and a
// line says so; one that never came up is not.
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { openEventLog } from "./event-log.ts";
import { spawnGuarded } from "./spawn-guarded.ts";

const root = resolve(import.meta.dirname, "../..");
const firstBackoffMs = 500;
/** A program that ran this long died of something new: the waits begin anew. */
const healthyMs = 60_000;

type ProgramOptions = {
  name: string;
  /** The TypeScript file that Node runs, from the repository's root. */
  script: string;
  /** Variables on top of PATH, HOME and the like. */
  env: Record<string, string>;
  /** Gets the log, in logs/, and while the program runs its pid, in NAME.pid. */
  dataFolder: string;
  print: (line: string) => void;
  /** Waits before a restart grow up to this. */
  maxBackoffMs: number;
};

export type SupervisedProgram = {
  /** Rejects when the program dies before `settle`. */
  readonly failed: Promise<never>;
  /** The program is up; from now on its death means a restart. */
  settle(): void;
  stop(): Promise<void>;
};

const inheritedVariables = ["PATH", "HOME", "LANG", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS"];

/** Starts a program of the repository and keeps it running until `stop`. */
export function startProgram(options: ProgramOptions): SupervisedProgram {
  const { name, print, maxBackoffMs } = options;
  const log = openEventLog(join(options.dataFolder, "logs"), name, print);
  const pidFile = join(options.dataFolder, `${name}.pid`);
  const start = () => {
    const started = spawnGuarded({
      command: process.execPath,
      args: ["--import", join(root, "scripts/dev/fast-imports.mjs"), join(root, options.script)],
      env: { ...pickVariables(process.env), ...options.env },
      cwd: root,
    });
    log.follow(started.process.stdout, started.process.stderr);
    started.pid
      .then((pid) => writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 }))
      .catch(() => rmSync(pidFile, { force: true }));
    return started;
  };
  const stopping = new AbortController();
  const neverUp = Promise.withResolvers<never>();
  // Looked at by whoever waits for the start, or by nobody.
  neverUp.promise.catch(() => undefined);
  let isUp = false;
  let child = start();
  const keepRunning = async (): Promise<void> => {
    let backoffMs = Math.min(firstBackoffMs, maxBackoffMs);
    for (;;) {
      const startedMs = Date.now();
      const status = await child.exited;
      if (stopping.signal.aborted) return;
      if (!isUp) return neverUp.reject(new Error(`The ${name} stopped while starting (status ${status}).`));
      if (Date.now() - startedMs > healthyMs) backoffMs = Math.min(firstBackoffMs, maxBackoffMs);
      print(`the ${name} died (status ${status}); starting it again in ${backoffMs} ms`);
      await wait(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
      child = start();
    }
  };
  const done = keepRunning();
  return {
    failed: neverUp.promise,
    settle: () => {
      isUp = true;
    },
    stop: async () => {
      stopping.abort();
      await child.stop();
      await done;
      rmSync(pidFile, { force: true });
    },
  };
}

function pickVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(inheritedVariables.map((name) => [name, environment[name]]));
}
