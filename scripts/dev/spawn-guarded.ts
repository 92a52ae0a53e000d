// Child processes that can't outlive us. Each child runs under a small shell that holds a pipe from this
// process: when the pipe closes (we stop it, or we are gone, even by SIGKILL) the shell stops the child.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Duplex } from "node:stream";

// The child's own exit ends the shell with the child's status, after what is left of its group was told to go.
// A background job of a shell ignores SIGINT until it installs a handler; PostgreSQL does, Node resets it.
const guardScript = `
signal=$1; graceSeconds=$2; shift 2
"$@" 3<&- &
child=$!
echo "$child" >&3
( read -r _ <&3; kill -s "$signal" "$child"; sleep "$graceSeconds"; kill -9 0 ) >/dev/null 2>&1 &
wait "$child"; status=$?
trap '' TERM
kill -s TERM 0 2>/dev/null
exit "$status"
`;

export type GuardedChild = {
  readonly process: ChildProcess;
  /** The process id of the program itself; rejects when it could not be started. */
  readonly pid: Promise<number>;
  /** Resolves when the child is gone, with its exit status (128 + n when signal n ended it). */
  readonly exited: Promise<number>;
  /** Asks the child to stop, kills it after the grace period, and resolves when it is gone. */
  stop(): Promise<number>;
};

type GuardedSpawn = {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** What makes this program stop in good order; default SIGTERM. */
  stopSignal?: "TERM" | "INT";
  /** How long it may take to stop before its whole process group is killed. Whole seconds; default 3. */
  graceSeconds?: number;
  user?: { uid: number; gid: number };
  /** A file that receives stdout and stderr, made readable by us alone; without it stdout and stderr are pipes. */
  logFile?: string;
};

/** Starts a program that dies with this process. It runs in a process group of its own. */
export function spawnGuarded(options: GuardedSpawn): GuardedChild {
  const output = options.logFile === undefined ? "pipe" : openSync(options.logFile, "a", 0o600);
  const { stopSignal = "TERM", graceSeconds = 3 } = options;
  const guardArgs = ["-c", guardScript, "guard", stopSignal, String(graceSeconds)];
  const child = spawn("/bin/sh", [...guardArgs, options.command, ...options.args], {
    stdio: ["ignore", output, output, "pipe"],
    env: options.env,
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.user ?? {}),
  });
  if (typeof output === "number") closeSync(output);
  const lifeline = child.stdio[3] as Duplex;
  // The pipe breaks when the shell ends first; its exit is what tells, through `exited`.
  lifeline.on("error", () => undefined);
  const pid = readPid(child, lifeline);
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
  return {
    process: child,
    pid,
    exited,
    stop: async () => {
      lifeline.end();
      return await exited;
    },
  };
}

// The shell tells its child's pid over the pipe.
function readPid(child: ChildProcess, lifeline: Duplex): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  lifeline.once("data", (chunk: Buffer) => resolve(Number.parseInt(chunk.toString(), 10)));
  lifeline.once("close", () => reject(new Error("The program could not be started.")));
  child.once("error", reject);
  // For whoever asks; a start that fails is told by `exited` too.
  promise.catch(() => undefined);
  return promise;
}
