/** Driver suite: when the gateway is gone, by whatever means, so is everything it had. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { type HostProcess, isMissing, killProcess, listDescendants } from "../host-process.ts";
import { SuiteGateway } from "./suite-gateway.ts";
import { chooseSuiteDriver, listRunning, waitUntil } from "./suite-host.ts";

/** The supervisor's work, with room for a busy machine. */
const goneWithinMs = 5_000;

type Parent = {
  process: ChildProcess;
  dataFolder: string;
  owner: string;
  below: HostProcess[];
  descriptors: string;
};

export function declareOrphanTests(technology: "gvisor" | "bubblewrap"): void {
  describe("a gateway's end", () => {
    test.each(["SIGKILL", "SIGTERM"] as const)(
      "%s leaves no process, no cgroup and no file",
      async (signal) => {
        const parent = await startParent(technology);
        parent.process.kill(signal);
        await once(parent.process, "exit");
        await waitUntil("the end of all", () => listRunning(parent.below).length === 0, goneWithinMs);
        await waitUntil("an empty folder", () => readdirSync(parent.dataFolder).length === 0, goneWithinMs);
        expect(listCgroups(parent.owner)).toEqual([]);
        rmSync(parent.dataFolder, { recursive: true });
      },
      60_000,
    );

    test("what a killed supervisor could not take away, the next driver does", async () => {
      const parent = await startParent(technology);
      const supervisors = parent.below.filter((each) => readCommand(each).includes("supervisor.ts"));
      expect(supervisors).toHaveLength(1);
      for (const supervisor of supervisors) killProcess(supervisor);
      parent.process.kill("SIGKILL");
      await once(parent.process, "exit");
      expect(readdirSync(parent.dataFolder)).toEqual([parent.owner]);

      const choice = await chooseSuiteDriver(technology, new SuiteGateway(), parent.dataFolder);
      if (!choice.available) throw new Error(choice.reason);
      expect(readdirSync(parent.dataFolder)).not.toContain(parent.owner);
      expect(listRunning(parent.below)).toEqual([]);
      expect(listCgroups(parent.owner)).toEqual([]);
      await choice.driver.close();
      rmSync(parent.dataFolder, { recursive: true });
    }, 60_000);

    test("a file that the gateway inherited open is not open in the sandbox", async () => {
      const parent = await startParent(technology);
      const runners = parent.descriptors.split("/proc/self/fd:")[0];
      expect(runners).toMatch(/ 0 -> /);
      // In gVisor the host's devices aren't there to be opened.
      if (technology === "bubblewrap") expect(runners).not.toMatch(/ [012] -> \/dev\//);
      expect(parent.descriptors).not.toContain("inherited");
      parent.process.kill("SIGTERM");
      await waitUntil("an empty folder", () => readdirSync(parent.dataFolder).length === 0, goneWithinMs);
      rmSync(parent.dataFolder, { recursive: true });
    }, 60_000);
  });
}

/** Starts `suite-parent.ts`, with a file open at a descriptor that it doesn't know of. */
async function startParent(technology: "gvisor" | "bubblewrap"): Promise<Parent> {
  const dataFolder = mkdtempSync(join(tmpdir(), "plue-orphans-"));
  const inheritedFolder = mkdtempSync(join(tmpdir(), "plue-inherited-"));
  // Node closes low ones by itself.
  const script = 'exec 200> "$1"; shift; exec "$@"';
  const command = [process.execPath, join(import.meta.dirname, "suite-parent.ts"), technology, dataFolder];
  const parent = spawn("bash", ["-c", script, "bash", join(inheritedFolder, "inherited"), ...command], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => {
    parent.kill("SIGKILL");
  });
  const [said, signal] = await Promise.race([once(parent.stdout, "data"), once(parent, "exit")]);
  rmSync(inheritedFolder, { recursive: true });
  if (!Buffer.isBuffer(said)) throw new Error(`the gateway's stand-in ended with ${signal ?? said}`);
  const { sandboxes, descriptors } = z
    .object({ sandboxes: z.number(), descriptors: z.string() })
    .parse(JSON.parse(said.toString()));
  expect(sandboxes).toBeGreaterThanOrEqual(2);
  const below = listDescendants(parent.pid ?? 0);
  expect(below.length).toBeGreaterThan(6);
  const [owner] = readdirSync(dataFolder);
  if (owner === undefined) throw new Error("there is no owner's folder");
  // Without root there may be no cgroup to be had, and nothing to remove.
  expect(listCgroups(owner).length > 0 || process.getuid?.() !== 0).toBe(true);
  return { process: parent, dataFolder, owner, below, descriptors };
}

/** Empty when the process has ended meanwhile. */
function readCommand({ pid }: HostProcess): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

function listCgroups(owner: string): string[] {
  const all = readdirSync("/sys/fs/cgroup", { recursive: true, encoding: "utf8" });
  return all.filter((path) => path.endsWith(`plue-${owner}`));
}
