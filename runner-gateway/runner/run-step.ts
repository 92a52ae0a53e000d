// One step: a script in a process group of its own, its output read as fast as it can be reported, and ended with
// all it started when its time, its output or its job is over.
import { type ChildProcess, spawn } from "node:child_process";
import { realpathSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { isAbsolute, join, relative } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { StepPlan } from "../../schema/wire/plan.ts";
import type { Environment } from "./environment.ts";
import type { EventLog } from "./event-log.ts";
import type { JobBounds } from "./job-bounds.ts";
import { killGroup, killLeftovers } from "./leftovers.ts";
import { KILL_GRACE_MS, PIPE_LINGER_MS, STEP_OUTPUT_BYTES_MAX } from "./limits.ts";
import { type OutputStream, StepOutput } from "./step-output.ts";
import { closePipes, closeWriters, openPipes, type StepPipes } from "./step-pipes.ts";

export interface StepResult {
  status: "succeeded" | "failed";
  exitCode: number | null;
  reason: string | null;
}

interface StepSurroundings {
  /** The runner's own folder, outside of the checkout. */
  folder: string;
  /** The command by which a step is started, as another user; empty where there is none. */
  stepPrefix: readonly string[];
  checkout: string;
  environment: Environment;
  log: EventLog;
  bounds: JobBounds;
  /** Aborted when nothing of the attempt counts any more. */
  signal: AbortSignal;
  /** Whether whatever else lives in the sandbox is the step's. */
  isAlone: boolean;
}

const SHELLS = {
  bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
  sh: ["sh", "-e"],
} as const;

/** Runs the step to its end; nothing of it lives when this resolves. */
export async function runStep(step: StepPlan, surroundings: StepSurroundings): Promise<StepResult> {
  const folder = findWorkingFolder(step, surroundings.checkout);
  if (!folder.ok) return fail(folder.problem);
  const script = join(surroundings.folder, `step-${step.position}.sh`);
  writeFileSync(script, step.run, { mode: 0o644 });
  const [command, ...options] = [...surroundings.stepPrefix, ...SHELLS[step.shell], script];
  if (command === undefined) throw new Error("a step has no command");
  const pipes = openPipes(surroundings.folder);
  try {
    const child = spawn(command, options, {
      cwd: folder.path,
      env: surroundings.environment,
      detached: true,
      stdio: ["ignore", pipes.stdout.writer, pipes.stderr.writer],
    });
    closeWriters(pipes);
    return await superviseStep(step, surroundings, child, pipes);
  } finally {
    closePipes(pipes);
  }
}

async function superviseStep(
  step: StepPlan,
  surroundings: StepSurroundings,
  child: ChildProcess,
  pipes: StepPipes,
): Promise<StepResult> {
  const { bounds, isAlone, signal } = surroundings;
  const ending = new StepEnding(child);
  const output = readOutput(step, surroundings, pipes, (reason) => ending.end(reason));
  const limitMs = Math.min(step.timeoutMs, bounds.remainingMs());
  const reason =
    limitMs < step.timeoutMs ? bounds.timeoutReason : `timed out after ${step.timeoutMs / 1000} s`;
  const overdue = setTimeout(() => ending.end(reason), limitMs);
  const abort = () => ending.end("was stopped");
  signal.addEventListener("abort", abort);
  const exit = await awaitExit(child);
  clearTimeout(overdue);
  signal.removeEventListener("abort", abort);
  ending.stop();
  if (child.pid !== undefined) killLeftovers(child.pid, isAlone);
  await output.finish();
  return judge(step, exit, ending.reason);
}

type Exit = { code: number | null; signal: NodeJS.Signals | null; error: Error | null };

function awaitExit(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error }));
    child.once("exit", (code, signal) => resolve({ code, signal, error: null }));
  });
}

function judge(step: StepPlan, exit: Exit, endedFor: string | null): StepResult {
  if (exit.error) return fail(`${step.shell} can't be started: ${exit.error.message}`);
  if (endedFor !== null) return fail(endedFor);
  if (exit.signal !== null) {
    return {
      status: "failed",
      exitCode: 128 + constants.signals[exit.signal],
      reason: `ended by ${exit.signal}`,
    };
  }
  return { status: exit.code === 0 ? "succeeded" : "failed", exitCode: exit.code, reason: null };
}

const fail = (reason: string): StepResult => ({ status: "failed", exitCode: null, reason });

/** Ends the step once: SIGTERM to its group, and SIGKILL a moment later. */
class StepEnding {
  readonly #child: ChildProcess;
  #killing: NodeJS.Timeout | null = null;
  reason: string | null = null;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  end(reason: string): void {
    const { pid } = this.#child;
    if (this.reason !== null || pid === undefined) return;
    this.reason = reason;
    killGroup(pid, "SIGTERM");
    this.#killing = setTimeout(() => killGroup(pid, "SIGKILL"), KILL_GRACE_MS);
  }

  stop(): void {
    if (this.#killing !== null) clearTimeout(this.#killing);
  }
}

/** Reads both pipes into the log, no faster than the log is acknowledged; `stop` is called when it is too much. */
function readOutput(
  step: StepPlan,
  { log, bounds }: StepSurroundings,
  pipes: StepPipes,
  stop: (reason: string) => void,
): { finish(): Promise<void> } {
  const output = new StepOutput(log, step.position);
  const readers = [pipes.stdout.reader, pipes.stderr.reader];
  let printedBytes = 0;
  const take = (stream: OutputStream, bytes: Buffer): void => {
    const room = Math.min(STEP_OUTPUT_BYTES_MAX - printedBytes, bounds.remainingOutputBytes());
    const taken = bytes.subarray(0, room);
    printedBytes += taken.length;
    bounds.countOutput(taken.length);
    if (taken.length > 0) output.push(stream, taken);
    if (taken.length < bytes.length) {
      const isStep = printedBytes >= STEP_OUTPUT_BYTES_MAX;
      stop(isStep ? "printed more than 16 MiB and was stopped" : bounds.outputReason);
    }
    if (log.isFull) for (const reader of readers) reader.pause();
  };
  const unsubscribe = log.subscribe(() => {
    if (!log.isFull) for (const reader of readers) if (reader.isPaused()) reader.resume();
  });
  const ended = [
    readPipe(pipes.stdout.reader, (bytes) => take("stdout", bytes)),
    readPipe(pipes.stderr.reader, (bytes) => take("stderr", bytes)),
  ];
  return {
    finish: async () => {
      // What can't be killed may keep a pipe open; what it prints after a while is nobody's.
      await Promise.race([Promise.all(ended), lingerWhile(() => log.isFull)]);
      for (const reader of readers) reader.destroy();
      unsubscribe();
      output.end();
    },
  };
}

/** Resolves after PIPE_LINGER_MS in which `isHeld` didn't hold. */
async function lingerWhile(isHeld: () => boolean): Promise<void> {
  do await wait(PIPE_LINGER_MS, undefined, { ref: false });
  while (isHeld());
}

function readPipe(reader: StepPipes["stdout"]["reader"], take: (bytes: Buffer) => void): Promise<void> {
  return new Promise((resolve) => {
    reader.on("data", take);
    reader.once("close", () => resolve());
    reader.once("end", () => reader.destroy());
    // A broken pipe ends like a closed one; what was read is reported.
    reader.once("error", () => resolve());
  });
}

type WorkingFolder = { ok: true; path: string } | { ok: false; problem: string };

function findWorkingFolder({ workingDirectory }: StepPlan, checkout: string): WorkingFolder {
  const problem = (what: string): WorkingFolder => ({
    ok: false,
    problem: `working-directory ${workingDirectory} ${what}`,
  });
  try {
    const path = realpathSync(join(checkout, workingDirectory));
    const inside = relative(realpathSync(checkout), path);
    if (inside === ".." || inside.startsWith("../") || isAbsolute(inside) || isAbsolute(workingDirectory)) {
      return problem("is outside of the checkout");
    }
    return statSync(path).isDirectory() ? { ok: true, path } : problem("is not a folder");
  } catch {
    return problem("doesn't exist");
  }
}
