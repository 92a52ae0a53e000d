// The gateway is killed in the middle of runs. Each run ends well all the same, in a new attempt where the sandbox
// died with it, and every event of every attempt is there exactly once and in order.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findLatestRun,
  followRun,
  makeRepository,
  type RunAnswer,
  type StreamedEvent,
} from "./forge-client.ts";
import { git, makeWorkTree, removeFolder } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

const LINES = 25;
const COUNTING = `echo "attempt $GITHUB_RUN_ATTEMPT"; for i in $(seq 1 ${LINES}); do echo "line $i"; sleep 0.1; done`;

let plue: RunningPlue;
const folders: string[] = [];

beforeAll(async () => {
  plue = await startPlue();
});

afterAll(async () => {
  for (const folder of folders) removeFolder(folder);
  await plue?.stop();
});

interface PushedRun {
  name: string;
  id: number;
}

async function pushRun(jobs: object): Promise<PushedRun> {
  const { name, remote } = await makeRepository(plue);
  const folder = await makeWorkTree("chaos", {
    ".plue/workflows/ci.yaml": JSON.stringify({ on: "push", jobs }),
  });
  folders.push(folder);
  await git(folder, "push", "--quiet", remote, "main");
  const run = await findLatestRun(plue, name);
  if (!run) throw new Error("the push made no run");
  return { name, id: run.id };
}

const printed = (events: StreamedEvent[], jobId: number, attempt: number): string =>
  events
    .filter((event) => event.type === "log" && event.data.stream !== "system")
    .filter((event) => event.data.jobId === jobId && event.data.attempt === attempt)
    .map((event) => String(event.data.text))
    .join("");

const expectedText = (attempt: number): string =>
  [`attempt ${attempt}`, ...Array.from({ length: LINES }, (_, index) => `line ${index + 1}`), ""].join("\n");

/** Numbered from 1 without a gap, and `done` last and once. */
function expectSound(events: StreamedEvent[]): void {
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter((event) => event.type === "done")).toEqual([events.at(-1)]);
}

/** Each lost attempt printed a beginning of what the last one printed whole. */
function expectAttempts(run: RunAnswer | undefined, events: StreamedEvent[]): void {
  for (const job of run?.jobs ?? []) {
    expect([job.status, printed(events, job.id, job.attempt)]).toEqual([
      "succeeded",
      expectedText(job.attempt),
    ]);
    for (let lost = 1; lost < job.attempt; lost += 1) {
      expect(expectedText(lost).startsWith(printed(events, job.id, lost))).toBe(true);
      const said = events.filter((event) => event.data.jobId === job.id && event.data.stream === "system");
      expect(said.map((event) => event.data.text).join("")).toContain(`Attempt ${lost} was lost`);
    }
  }
}

/** Kills the gateway as a crash would, and resolves when `npm start` has another one. */
async function killGateway(): Promise<void> {
  const pid = plue.readPid("gateway");
  process.kill(pid, "SIGKILL");
  await expect.poll(() => plue.readPid("gateway"), { timeout: 20_000 }).not.toBe(pid);
}

describe("a gateway that is killed", () => {
  it("leaves a run that ends well, and a reader that misses nothing", async () => {
    const { name, id } = await pushRun({ a: { steps: [{ run: COUNTING }] } });
    const reading = followRun(plue, id);
    await followRun(plue, id, (event) => String(event.data.text).includes("line 3"));
    await killGateway();
    const seen = await reading;
    const run = await findLatestRun(plue, name);
    expect(run?.status).toBe("succeeded");
    expect(run?.jobs[0]?.attempt).toBe(2);
    expect(seen.at(-1)?.data.status).toBe("succeeded");
    expectSound(seen);
    expectAttempts(run, seen);
    expect(await followRun(plue, id)).toEqual(seen);
  });

  it("twice, under many runs, loses and doubles nothing", async () => {
    const jobs = { a: { steps: [{ run: COUNTING }] }, b: { needs: ["a"], steps: [{ run: COUNTING }] } };
    const runs = await Promise.all([1, 2, 3, 4].map(() => pushRun(jobs)));
    const readings = runs.map(({ id }) => followRun(plue, id));
    for (const { id } of runs.slice(0, 2)) {
      await followRun(plue, id, (event) => String(event.data.text).includes("line 9"));
      await killGateway();
    }
    for (const [index, reading] of readings.entries()) {
      const seen = await reading;
      const run = await findLatestRun(plue, runs[index]?.name ?? "");
      expect(run?.status).toBe("succeeded");
      expectSound(seen);
      expectAttempts(run, seen);
    }
  });
});
