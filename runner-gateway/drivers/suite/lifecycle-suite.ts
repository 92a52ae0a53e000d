/** Driver suite: standbys, claims, refills, ends and what is left afterwards. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listDescendants } from "../host-process.ts";
import { listRunning, makeSuiteDriver, type SuiteDriver, startSandbox, waitUntil } from "./suite-host.ts";

export function declareLifecycleTests(technology: "gvisor" | "bubblewrap"): void {
  describe("life of a sandbox", () => {
    let suite: SuiteDriver;
    beforeAll(async () => {
      suite = await makeSuiteDriver(technology);
    }, 60_000);
    afterAll(async () => {
      await suite.driver.close();
      rmSync(suite.dataFolder, { recursive: true });
    }, 60_000);

    test("a standby runs the runner program before there is a claim, and is refilled once it is taken", async () => {
      const { driver, gateway } = suite;
      await driver.warm(1);
      const [standby] = driver.list();
      expect(standby).toMatchObject({ state: "standby", claim: null });
      expect(gateway.seen).toContain(standby?.sandboxId);

      const claim = { jobId: "first", attempt: 3 };
      const started = await driver.start(claim);
      expect(started).toEqual({ started: true, sandboxId: standby?.sandboxId, warm: true });
      expect(driver.list()).toContainEqual(expect.objectContaining({ state: "claimed", claim }));
      const isRefilled = () => driver.list().some(({ state }) => state === "standby");
      await waitUntil("a new standby", isRefilled, 20_000);
      expect(driver.list().find(({ state }) => state === "standby")?.sandboxId).not.toBe(standby?.sandboxId);
      await driver.warm(0);
      const hasStandby = () => driver.list().some(({ state }) => state === "standby");
      await waitUntil("the end of the standby", () => !hasStandby(), 5_000);
    });

    test("claims beyond the pool get sandboxes of their own, each only one", async () => {
      const { driver, gateway } = suite;
      const started = await Promise.all(["a", "b", "c"].map((jobId) => startSandbox(suite, jobId)));
      expect(new Set(started).size).toBe(3);
      for (const [index, sandboxId] of started.entries()) {
        expect(driver.list().find((listed) => listed.sandboxId === sandboxId)?.claim?.jobId).toBe(
          "abc"[index],
        );
        expect((await gateway.run(sandboxId, "true")).status).toBe(0);
      }
      await Promise.all(driver.list().map(({ sandboxId }) => driver.kill(sandboxId)));
    });

    test("a runner that ends is reported with its exit code and the last of what it printed", async () => {
      const { driver, gateway, events } = suite;
      const sandboxId = await startSandbox(suite);
      gateway.endProgram(sandboxId, 3, { text: "all work and no play\n", times: 100_000 });
      const isOver = () => events.some((event) => event.type === "exited" && event.sandboxId === sandboxId);
      await waitUntil("the end of the sandbox", isOver, 10_000);
      const ended = events.find((event) => event.type === "exited" && event.sandboxId === sandboxId);
      expect(ended).toMatchObject({ exitCode: 3, reason: "finished", claim: { jobId: "job", attempt: 1 } });
      if (ended?.type !== "exited") throw new Error("not an end");
      expect(ended.output.endsWith("no play\n")).toBe(true);
      expect(ended.output.length).toBeLessThanOrEqual(16 * 1024);
      expect(driver.list().map((listed) => listed.sandboxId)).not.toContain(sandboxId);
    });

    test("kill ends everything within a second, also what left its session and its parent", async () => {
      const { driver, gateway, events } = suite;
      const before = listDescendants(process.pid).map(({ pid }) => pid);
      const sandboxId = await startSandbox(suite);
      await gateway.bash(
        sandboxId,
        "for i in 1 2 3; do setsid -f sleep 1000 >/dev/null 2>&1; done; trap '' TERM HUP",
      );
      const inside = listDescendants(process.pid).filter(({ pid }) => !before.includes(pid));
      expect(inside.length).toBeGreaterThan(3);

      const killedAt = Date.now();
      await driver.kill(sandboxId);
      expect(Date.now() - killedAt).toBeLessThan(1_000);
      expect(listRunning(inside)).toEqual([]);
      expect(events.at(-1)).toMatchObject({ type: "exited", sandboxId, reason: "killed" });
      await driver.kill(sandboxId);
    });

    test("nothing of an ended sandbox is left on the host", async () => {
      const { driver, dataFolder } = suite;
      await driver.warm(0);
      await driver.kill(await startSandbox(suite));
      await waitUntil("the end of the others", () => driver.list().length === 0, 10_000);
      const owners = readdirSync(dataFolder);
      expect(owners).toHaveLength(1);
      expect(readdirSync(join(dataFolder, owners[0] ?? "", "sandboxes"))).toEqual([]);
    });
  });
}
