/** What the driver suite sees from outside: drivers made for it, the machine's processes, and conditions to wait for. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chooseDriver } from "../choose-driver.ts";
import type { DriverChoice, SandboxDriver, SandboxEvent, SandboxLimits } from "../driver.ts";
import { listSearchFolders } from "../find-programs.ts";
import { type HostProcess, isRunning } from "../host-process.ts";
import { SuiteGateway } from "./suite-gateway.ts";

const mebibyteBytes = 2 ** 20;

/** Small enough to be passed quickly, large enough for gVisor's own memory. */
export const suiteLimits: SandboxLimits = {
  memoryBytes: 384 * mebibyteBytes,
  pids: 64,
  cpuCores: 1,
  workBytes: 64 * mebibyteBytes,
  tmpBytes: 32 * mebibyteBytes,
  openFiles: 1024,
};

export type SuiteDriver = {
  driver: SandboxDriver;
  gateway: SuiteGateway;
  events: SandboxEvent[];
  dataFolder: string;
};

export const suiteRunner = join(import.meta.dirname, "suite-runner.mjs");

/** Chooses as the gateway does, in the data folder, insisting on the technology. */
export async function chooseSuiteDriver(
  technology: "gvisor" | "bubblewrap",
  gateway: SuiteGateway,
  dataFolder: string,
): Promise<DriverChoice> {
  return await chooseDriver({
    ...{ handler: gateway.handler, runnerProgram: suiteRunner, nodePath: process.execPath, dataFolder },
    ...{ limits: suiteLimits, insist: technology, searchFolders: listSearchFolders(process.env.PATH ?? "") },
    log: { info: () => undefined, warn: console.error, error: console.error },
  });
}

/** A driver with a data folder of its own, or an error with the reason. */
export async function makeSuiteDriver(technology: "gvisor" | "bubblewrap"): Promise<SuiteDriver> {
  const gateway = new SuiteGateway();
  const dataFolder = mkdtempSync(join(tmpdir(), "plue-drivers-"));
  const choice = await chooseSuiteDriver(technology, gateway, dataFolder);
  if (!choice.available) throw new Error(choice.reason);
  const events: SandboxEvent[] = [];
  choice.driver.subscribe((event) => events.push(event));
  return { driver: choice.driver, gateway, events, dataFolder };
}

/** A sandbox of the driver that is claimed and can be given commands. */
export async function startSandbox({ driver }: SuiteDriver, jobId = "job"): Promise<string> {
  const started = await driver.start({ jobId, attempt: 1 });
  if (!started.started) throw new Error(started.reason);
  return started.sandboxId;
}

/** Resolves when the condition holds, throws when it doesn't within the time. */
export async function waitUntil(what: string, holds: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await wait(10);
  }
}

/** Those of the processes that still run. */
export function listRunning(processes: HostProcess[]): HostProcess[] {
  return processes.filter(isRunning);
}
