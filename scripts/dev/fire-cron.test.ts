// The clock and a Worker whose workerd is killed under it.
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";
import { afterEach, expect, test } from "vitest";
import { killProcess, listDescendants } from "../../runner-gateway/drivers/host-process.ts";
import { fireCron } from "./fire-cron.ts";

const at = new Date("2026-03-04T05:06:00Z");
const script = `export default {
  fetch: () => new Response("here"),
  scheduled: (event) => console.log("at " + new Date(event.scheduledTime).toISOString() + " " + event.cron),
}`;

let miniflare: Miniflare | undefined;
const said: string[] = [];

afterEach(() => miniflare?.dispose());

test("cron goes on after workerd was killed and started again", async () => {
  miniflare = new Miniflare({
    cf: false,
    telemetry: { enabled: false },
    handleStructuredLogs: ({ message }) => said.push(message),
    workers: [
      {
        config: {
          name: "clock",
          compatibilityDate: "2026-01-01",
          manifest: { mainModule: "main.js", modules: { "main.js": { type: "esm", contents: script } } },
        },
      },
    ],
  });
  await miniflare.ready;
  expect(await fireCron(miniflare, "* * * * *", at)).toBeNull();
  const expected = "at 2026-03-04T05:06:00.000Z * * * * *";
  await expect.poll(() => said).toEqual([expected]);

  const children = listDescendants(process.pid);
  const workerd = children.filter(({ pid }) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("workerd"),
  );
  expect(workerd).toHaveLength(1);
  for (const one of workerd) killProcess(one);
  // Nothing is thrown meanwhile, whatever state it is met in.
  const fire = async () => (miniflare ? fireCron(miniflare, "* * * * *", at) : "gone");
  await expect.poll(fire, { timeout: 20_000 }).toBeNull();
  await expect.poll(() => said).toContain(expected);
  await expect.poll(() => said.filter((line) => line === expected).length).toBeGreaterThanOrEqual(2);
}, 40_000);
