// Steps that run for ever, flood their output, or fork without end: a clear reason on the run, and neighbours
// that don't notice.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findLatestRun,
  followRun,
  joinLog,
  makeRepository,
  type RunAnswer,
  type StreamedEvent,
} from "./forge-client.ts";
import { git, makeWorkTree, removeFolder } from "./git-client.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
const folders: string[] = [];

beforeAll(async () => {
  plue = await startPlue();
});

afterAll(async () => {
  for (const folder of folders) removeFolder(folder);
  await plue?.stop();
});

interface EndedRun {
  run: RunAnswer;
  events: StreamedEvent[];
}

/** Pushes a workflow with these steps and waits for its end. */
async function runSteps(steps: object[], job: object = {}): Promise<EndedRun> {
  const { name, remote } = await makeRepository(plue);
  const workflow = JSON.stringify({ on: "push", jobs: { a: { ...job, steps } } });
  const folder = await makeWorkTree("steps", { ".plue/workflows/ci.yaml": workflow });
  folders.push(folder);
  await git(folder, "push", "--quiet", remote, "main");
  const started = await findLatestRun(plue, name);
  const events = await followRun(plue, started?.id ?? 0);
  const run = await findLatestRun(plue, name);
  if (!run) throw new Error("the run vanished");
  return { run, events };
}

const ECHO = [{ run: "echo neighbour" }];

describe("a step", () => {
  it("that runs for ever is ended at its timeout with all it started, and says so", async () => {
    const { run } = await runSteps([
      { run: "(trap '' TERM; while :; do sleep 1; done) & sleep 3600", "timeout-minutes": 0.03 },
      { run: "echo not reached" },
    ]);
    expect(run.status).toBe("failed");
    const [stuck, after] = run.jobs[0]?.steps ?? [];
    expect(stuck).toMatchObject({ status: "failed" });
    expect(stuck?.failure_reason).toMatch(/timed out after/);
    expect(after).toMatchObject({ status: "skipped" });
  });

  it("that floods its output is stopped at the limit, says so, and what it printed until then is kept", async () => {
    const [flood, neighbour] = await Promise.all([
      runSteps([{ run: "yes 'a line of a flood' | head -c 100000000; echo unreachable" }]),
      runSteps(ECHO),
    ]);
    expect(joinLog(neighbour.events)).toBe("neighbour\n");
    expect(flood.run.status).toBe("failed");
    expect(flood.run.jobs[0]?.steps[0]?.failure_reason).toMatch(/printed more than 16 MiB/);
    const log = joinLog(flood.events);
    expect(log.length).toBeGreaterThan(15 * 1024 * 1024);
    expect(log.length).toBeLessThan(17 * 1024 * 1024);
    expect(log).not.toContain("unreachable");
  });

  it("that forks without end is bounded, and a neighbour runs on", async () => {
    const bomb = runSteps([
      { run: "bomb() { bomb | bomb & }; bomb; sleep 2; exit 7", "timeout-minutes": 0.2 },
    ]);
    const neighbour = await runSteps(ECHO);
    expect(neighbour.run.status).toBe("succeeded");
    expect((await bomb).run.status).toBe("failed");
    const after = await runSteps(ECHO);
    expect(after.run.status).toBe("succeeded");
  });

  it("that takes too much memory is ended, with the reason", async () => {
    const { run } = await runSteps([{ run: `perl -e 'my @kept; push @kept, "x" x (1 << 28) while 1'` }]);
    expect(run.status).toBe("failed");
    const job = run.jobs[0];
    const reasons = [run.failure_reason, job?.failure_reason, job?.steps[0]?.failure_reason].join(" ");
    expect(`${reasons} exit ${job?.steps[0]?.exit_code}`).toMatch(/memory|exit 137|signal/i);
  });

  it("that fails ends the job unless it may fail", async () => {
    const strict = await runSteps([{ run: "exit 3" }, { run: "echo after" }]);
    expect(strict.run.jobs[0]?.steps.map((step) => [step.status, step.exit_code])).toEqual([
      ["failed", 3],
      ["skipped", null],
    ]);
    const lenient = await runSteps([{ run: "exit 3", "continue-on-error": true }, { run: "echo after" }]);
    expect(lenient.run.status).toBe("succeeded");
    expect(joinLog(lenient.events)).toBe("after\n");
  });

  it("finds no network, no host, and no secret of the gateway", async () => {
    const { events } = await runSteps([
      {
        run: [
          'env | grep -E "SECRET|DATABASE|TOKEN|plue_(run_)?[0-9A-Za-z]{30}" || echo "no secrets"',
          `(exec 3<>/dev/tcp/127.0.0.1/${new URL(plue.url).port}) 2>/dev/null && echo "reached the forge" || echo "no forge"`,
          '(ls /root /home 2>/dev/null || true) | head -3; id -u; git config --get-regexp "extraheader|url" || echo "no credentials"',
        ].join("\n"),
      },
    ]);
    const log = joinLog(events);
    expect(log).toContain("no secrets");
    expect(log).toContain("no forge");
    expect(log).toMatch(/runner\n[1-9]\d{4,}\n/);
    expect(log).not.toContain("plue_run_");
  });
});
