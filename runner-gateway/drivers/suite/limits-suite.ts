/** Driver suite: a sandbox that takes all it can get is stopped at its limits, and its neighbour doesn't notice. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listDescendants } from "../host-process.ts";
import { connectionsPerSandbox } from "../limits.ts";
import { makeSuiteDriver, type SuiteDriver, startSandbox, suiteLimits, waitUntil } from "./suite-host.ts";

/** A neighbour starts a program this quickly, whatever goes on beside it (it takes 10 ms when nothing does). */
const neighbourAnswersWithinMs = 2_000;

const spawnWithoutEnd = `let made = 0;
  for (let i = 0; i < 500; i++) {
    try { require("child_process").spawn("sleep", ["60"]).on("error", () => {}).on("spawn", () => made++) } catch {}
  }
  setImmediate(() => setImmediate(() => { console.log(made); process.exit() }))`;

export function declareLimitTests(technology: "gvisor" | "bubblewrap"): void {
  describe("what a sandbox may use", () => {
    let suite: SuiteDriver;
    let neighbour: string;
    beforeAll(async () => {
      suite = await makeSuiteDriver(technology);
      neighbour = await startSandbox(suite, "neighbour");
    }, 60_000);
    afterAll(async () => {
      await suite.driver.close();
      rmSync(suite.dataFolder, { recursive: true });
    }, 60_000);

    async function expectNeighbourAnswers(): Promise<void> {
      const askedAt = Date.now();
      expect((await suite.gateway.run(neighbour, "true")).status).toBe(0);
      expect(Date.now() - askedAt).toBeLessThan(neighbourAnswersWithinMs);
    }

    test("a memory bomb is killed and reported, and the neighbour answers", async () => {
      const { gateway, driver, events } = suite;
      const sandboxId = await startSandbox(suite, "bomb");
      let isEnded = false;
      const bomb = gateway.node(sandboxId, "const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1))");
      void bomb.then(() => {
        isEnded = true;
      });
      const isReported = () =>
        events.some(
          (event) =>
            event.sandboxId === sandboxId &&
            (event.type === "out-of-memory" || (event.type === "exited" && event.reason === "out-of-memory")),
        );
      const isGone = () => !driver.list().some((listed) => listed.sandboxId === sandboxId);
      // Without a cgroup nobody tells why a program ended, and it is enough that it did.
      const isOver = driver.description.includes("cgroup v") ? isReported : () => isEnded || isGone();
      await waitUntil("the end of the bomb", isOver, 20_000);
      await expectNeighbourAnswers();
      await driver.kill(sandboxId);
    }, 30_000);

    test("processes are bounded, and the sandbox lives on", async () => {
      const { gateway, driver } = suite;
      const sandboxId = await startSandbox(suite, "many");
      const { stdout } = await gateway.node(sandboxId, spawnWithoutEnd);
      expect(Number(stdout)).toBeGreaterThan(10);
      expect(Number(stdout)).toBeLessThan(suiteLimits.pids);
      expect(driver.list()).toContainEqual(expect.objectContaining({ sandboxId, state: "claimed" }));
      await driver.kill(sandboxId);
    }, 30_000);

    test("a fork bomb leaves the neighbour alone and is killed within a second", async () => {
      const { gateway, driver } = suite;
      const sandboxId = await startSandbox(suite, "forks");
      const before = listDescendants(process.pid).length;
      void gateway.bash(sandboxId, "bomb() { bomb | bomb & }; bomb; wait");
      const isFull = () => listDescendants(process.pid).length > before + suiteLimits.pids / 2;
      await waitUntil("the bomb's spread", isFull, 10_000);
      for (let round = 0; round < 20; round += 1) await expectNeighbourAnswers();
      const killedAt = Date.now();
      await driver.kill(sandboxId);
      expect(Date.now() - killedAt).toBeLessThan(1_000);
    }, 60_000);

    test("a loop that never ends leaves the neighbour its share and is killed within a second", async () => {
      const { gateway, driver } = suite;
      const sandboxId = await startSandbox(suite, "loop");
      void gateway.bash(sandboxId, "for i in 1 2 3 4; do (while :; do :; done) & done; wait");
      for (let round = 0; round < 5; round += 1) await expectNeighbourAnswers();
      const killedAt = Date.now();
      await driver.kill(sandboxId);
      expect(Date.now() - killedAt).toBeLessThan(1_000);
    }, 30_000);

    test("a full disk is an error inside and nothing worse", async () => {
      const { gateway, driver } = suite;
      const sandboxId = await startSandbox(suite, "disk");
      const folders = {
        "/work": suiteLimits.workBytes,
        "/home/runner": suiteLimits.tmpBytes,
        "/tmp": suiteLimits.tmpBytes,
        "/dev/shm": suiteLimits.tmpBytes,
      };
      for (const [folder, sizeBytes] of Object.entries(folders)) {
        const { status, stderr } = await gateway.bash(sandboxId, `head -c 1G /dev/zero > ${folder}/fill`);
        expect([folder, status]).toEqual([folder, 1]);
        expect(stderr).toContain("No space left on device");
        const filled = Number((await gateway.bash(sandboxId, `stat -c %s ${folder}/fill`)).stdout);
        expect(filled).toBeGreaterThan(sizeBytes / 2);
        expect(filled).toBeLessThanOrEqual(sizeBytes);
      }
      expect(
        await gateway.bash(sandboxId, "rm /work/fill && echo fine > /work/small && cat /work/small"),
      ).toMatchObject({ stdout: "fine\n" });
      await driver.kill(sandboxId);
    }, 30_000);

    test("connections to the gateway are bounded", async () => {
      const { gateway, driver } = suite;
      const sandboxId = await startSandbox(suite, "connections");
      const script = `let open = 0, ended = 0;
        const count = () => { if (open + ended === 400 && ended === 400 - open) { console.log(open); process.exit() } };
        for (let i = 0; i < 400; i++) {
          const socket = require("net").connect(process.env.PLUE_GATEWAY_SOCKET);
          socket.on("error", () => {}).on("close", () => { ended++; count() });
          socket.write("POST /whoami HTTP/1.1\\r\\nhost: a\\r\\ncontent-length: 2\\r\\n\\r\\n{}");
          socket.once("data", () => { open++; count() });
        }`;
      const { stdout } = await gateway.runAsRunner(sandboxId, "node", "-e", script);
      expect(Number(stdout)).toBeGreaterThan(connectionsPerSandbox / 2);
      expect(Number(stdout)).toBeLessThanOrEqual(connectionsPerSandbox);
      await expectNeighbourAnswers();
      await driver.kill(sandboxId);
    }, 30_000);
  });
}
