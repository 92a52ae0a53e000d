// The runner program as a whole, against a gateway that speaks the real protocol and misbehaves on demand.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Handover } from "../../schema/wire/handover.ts";
import type { JobPlan, StepPlan } from "../../schema/wire/plan.ts";
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import { type FakeGateway, startFakeGateway } from "../../scripts/testing/fake-gateway.ts";
import { type GitOrigin, makeGitOrigin } from "../../scripts/testing/git-origin.ts";
import {
  makeRunnerFolder,
  type RunnerFolder,
  type RunnerProcess,
  spawnRunner,
} from "../../scripts/testing/runner-process.ts";
import { FETCH_TRIES_MAX, STEP_OUTPUT_BYTES_MAX } from "./limits.ts";

const TOKEN = "plue_run_secretsecretsecretsecretsecret12";
const GIT_TOKEN = "git_secretsecretsecretsecretsecret";
const MEBIBYTE = 1024 * 1024;

let folder: RunnerFolder;
let origin: GitOrigin;
let count = 0;
const running: (RunnerProcess | FakeGateway)[] = [];

beforeAll(async () => {
  folder = await makeRunnerFolder();
  origin = makeGitOrigin({ "README.md": "Read me\n", "inner/file": "inside\n" });
});

afterEach(async () => {
  for (const one of running.splice(0)) await ("kill" in one ? one.kill() : one.stop());
});

afterAll(() => {
  origin.remove();
  folder.remove();
});

const makeStep = (run: string, position: number, more: Partial<StepPlan> = {}): StepPlan => ({
  ...{ position, run, name: `step ${position}`, shell: "bash", env: {}, workingDirectory: "." },
  ...{ timeoutMs: 60_000, continueOnError: false, ...more },
});

interface StartedJob {
  gateway: FakeGateway;
  runner: RunnerProcess;
  work: string;
}

async function startJob(
  steps: (string | [string, Partial<StepPlan>])[],
  more: Partial<JobPlan> & { sha?: string; prepare?: (gateway: FakeGateway) => void } = {},
): Promise<StartedJob> {
  const { sha, prepare, ...planned } = more;
  count += 1;
  const plan: JobPlan = {
    ...{ key: "a", name: "a", needs: [], env: {}, timeoutMs: 60_000, continueOnError: false, ...planned },
    steps: steps.map((step, position) =>
      typeof step === "string" ? makeStep(step, position) : makeStep(step[0], position, step[1]),
    ),
  };
  const handover: Handover = {
    ...{
      runId: 7,
      runNumber: 3,
      jobId: 9,
      attempt: 1,
      reportToken: TOKEN,
      gitToken: GIT_TOKEN,
      event: "push",
      ref: "refs/heads/main",
    },
    repository: { owner: "admin", name: "demo" },
    sha: sha ?? origin.headSha,
    runUrl: "http://plue.test/admin/demo/runs/3",
    plan,
  };
  const socketPath = join(folder.path, `${count}.sock`);
  const gateway = await startFakeGateway(socketPath, handover, origin);
  prepare?.(gateway);
  const runner = spawnRunner(folder, `work-${count}`, socketPath);
  running.push(runner, gateway);
  return { gateway, runner, work: join(folder.path, `work-${count}`) };
}

async function runJob(...job: Parameters<typeof startJob>): Promise<StartedJob & { status: number }> {
  const started = await startJob(...job);
  return { ...started, status: await started.runner.exited };
}

const textOf = (events: RunnerEvent[], position: number, stream?: string): string =>
  events
    .filter((event) => event.type === "log" && event.position === position)
    .map((event) => (event.type === "log" && (stream ?? event.stream) === event.stream ? event.text : ""))
    .join("");

const endsOf = (events: RunnerEvent[]) =>
  events.flatMap((event) =>
    event.type === "step" && event.status !== "running" ? [[event.status, event.exitCode, event.reason]] : [],
  );

describe("a job", () => {
  it("checks the commit out, runs its steps in order and ends", async () => {
    const { gateway, status } = await runJob([
      "cat README.md; git log --format=%s; git rev-parse HEAD refs/remotes/origin/main; git status --porcelain",
      ["pwd; cat file", { workingDirectory: "inner" }],
      ['echo $0 $PPID; [ -n "$BASH_VERSION" ] && echo bash', { shell: "sh", continueOnError: true }],
    ]);
    const { events } = gateway;
    expect(status).toBe(0);
    expect(textOf(events, 0)).toBe(`Read me\nFirst\n${origin.headSha}\n${origin.headSha}\n`);
    expect(textOf(events, 1)).toMatch(/\/repo\/inner\ninside\n$/);
    expect(endsOf(events)).toEqual([
      ["succeeded", 0, null],
      ["succeeded", 0, null],
      ["failed", 1, null],
    ]);
    expect(events[0]).toMatchObject({ type: "phase", name: "checkout" });
    expect(events.at(-1)).toMatchObject({ type: "done", status: "succeeded", reason: null });
    expect(events.map((event) => event.offset)).toEqual(events.map((_, index) => index + 1));
  });

  it("gives steps the run, the job's and their own variables, and none of the token", async () => {
    const script = [
      'echo "$GITHUB_SHA $GITHUB_REF_NAME $GITHUB_REPOSITORY $GITHUB_RUN_NUMBER $CI $A $B"',
      "env; cat .git/config; cat /proc/self/environ /proc/$PPID/environ /proc/$PPID/cmdline | tr '\\0' ' '",
      "grep -rl plue_run_secret[s] .git .. 2>/dev/null || echo nowhere",
      "git fetch --quiet origin main && git rev-parse FETCH_HEAD",
    ].join("\n");
    const { gateway } = await runJob([[script, { env: { B: "step's" } }]], {
      env: { A: "job's", B: "job's" },
    });
    const text = textOf(gateway.events, 0, "stdout");
    expect(text).toContain(`${origin.headSha} main admin/demo 3 true job's step's\n`);
    expect(text).not.toContain("plue_run_");
    expect(text).toContain("nowhere\n");
    expect(text).toContain(`${origin.headSha}\n`);
    expect(endsOf(gateway.events)).toEqual([["succeeded", 0, null]]);
  });

  it("carries GITHUB_ENV and GITHUB_PATH on to later steps", async () => {
    const { gateway } = await runJob([
      'echo "WORD=one two" >> $GITHUB_ENV; printf "LINES<<END\\na\\nb\\nEND\\n" >> $GITHUB_ENV; echo /opt/mine >> $GITHUB_PATH',
      'echo "$WORD|$LINES|${PATH%%:*}"',
      'echo "GITHUB_SHA=forged" >> $GITHUB_ENV',
    ]);
    expect(textOf(gateway.events, 1)).toBe("one two|a\nb|/opt/mine\n");
    expect(endsOf(gateway.events)[2]).toEqual(["failed", 0, "GITHUB_ENV: line 1: GITHUB_SHA can't be set"]);
  });

  it("skips what follows a failure, and goes on after one that may be", async () => {
    const { gateway } = await runJob([["exit 4", { continueOnError: true }], "exit 3", "echo never"]);
    expect(endsOf(gateway.events)).toEqual([
      ["failed", 4, null],
      ["failed", 3, null],
      ["skipped", null, null],
    ]);
    expect(gateway.events.at(-1)).toMatchObject({ status: "failed", reason: "step 1: exit code 3" });
  });

  it("says why a commit can't be had, and skips its steps", async () => {
    const { gateway, status } = await runJob(["echo never"], { sha: "2".repeat(40) });
    expect(status).toBe(0);
    expect(endsOf(gateway.events)).toEqual([["skipped", null, null]]);
    expect(gateway.events.at(-1)).toMatchObject({
      ...{ type: "done", status: "failed", reason: expect.stringMatching(/can't be fetched: .*not our ref/) },
    });
  });

  it("waits for a forge that is being restarted", async () => {
    const awayFor = FETCH_TRIES_MAX + 1;
    const { gateway } = await runJob(["cat README.md"], {
      prepare: (one) => {
        one.gitFailures = awayFor;
      },
    });
    expect(gateway.gitFailures).toBe(0);
    expect(textOf(gateway.events, 0)).toBe("Read me\n");
    const said = gateway.events.flatMap((event) => (event.type === "log" ? [event.text] : []));
    expect(said[0]).toBe("The commit can't be fetched yet (the forge answered 502); trying again.\n");
    expect(gateway.events.at(-1)).toMatchObject({ type: "done", status: "succeeded" });
  });

  it("waits for a forge no longer than its own time", async () => {
    const { gateway } = await runJob(["echo never"], {
      timeoutMs: 700,
      prepare: (one) => {
        one.gitFailures = Number.POSITIVE_INFINITY;
      },
    });
    expect(gateway.events.at(-1)).toMatchObject({
      ...{ type: "done", status: "failed", reason: "the commit can't be fetched: the forge answered 502" },
    });
  });

  it("ends when its own time is over", async () => {
    const { gateway } = await runJob(["sleep 600", "echo never"], { timeoutMs: 700 });
    expect(endsOf(gateway.events)).toEqual([
      ["failed", null, "the job timed out after 0.7 s"],
      ["skipped", null, null],
    ]);
    expect(gateway.events.at(-1)).toMatchObject({
      status: "failed",
      reason: "the job timed out after 0.7 s",
    });
  });
});

describe("a step", () => {
  it("that runs too long is ended with all of its group, deaf ones too", async () => {
    const { gateway, work } = await runJob([
      ["(trap '' TERM; while :; do sleep 0.1; touch alive; done) & sleep 600", { timeoutMs: 400 }],
    ]);
    expect(endsOf(gateway.events)).toEqual([["failed", null, "timed out after 0.4 s"]]);
    const { status } = await runJob([`rm -f ${work}/repo/alive; sleep 0.5; [ ! -e ${work}/repo/alive ]`]);
    expect(status).toBe(0);
    expect(existsSync(join(work, "repo/alive"))).toBe(false);
  });

  it("leaves nothing running behind", async () => {
    const { gateway } = await runJob([
      "(while :; do sleep 0.1; done) & echo $! > ../pid; echo started",
      "case \"$(cut -d' ' -f3 /proc/$(cat ../pid)/stat 2>/dev/null)\" in ''|Z) echo gone;; *) echo alive;; esac",
    ]);
    expect(textOf(gateway.events, 1)).toBe("gone\n");
  });

  it("that floods is stopped at 16 MiB, in little memory, with what it printed until then", async () => {
    const { gateway, runner } = await startJob([
      ["yes 'a line of a flood' | head -c 100000000; echo never", { continueOnError: true }],
      "sleep 1",
    ]);
    await expect.poll(() => endsOf(gateway.events).length, { timeout: 30_000 }).toBe(1);
    expect(runner.readPeakBytes()).toBeLessThan(250 * MEBIBYTE);
    await runner.exited;
    const text = textOf(gateway.events, 0);
    expect(text.length).toBe(STEP_OUTPUT_BYTES_MAX);
    expect(createHash("sha256").update(text).digest("hex")).toBe(
      createHash("sha256")
        .update("a line of a flood\n".repeat(MEBIBYTE).slice(0, STEP_OUTPUT_BYTES_MAX))
        .digest("hex"),
    );
    expect(endsOf(gateway.events)[0]).toEqual(["failed", null, "printed more than 16 MiB and was stopped"]);
  });

  it("may print exactly 16 MiB", async () => {
    const { gateway } = await runJob([`head -c ${STEP_OUTPUT_BYTES_MAX} /dev/zero | tr '\\0' x`]);
    expect(textOf(gateway.events, 0).length).toBe(STEP_OUTPUT_BYTES_MAX);
    expect(endsOf(gateway.events)).toEqual([["succeeded", 0, null]]);
  });

  it("is made to wait while what it printed isn't acknowledged, and goes on after", async () => {
    const job = await startJob(["head -c 8000000 /dev/zero | tr '\\0' x; touch ../printed"], {
      prepare: (fake) => {
        fake.isSilent = true;
      },
    });
    const { gateway, runner, work } = job;
    await expect.poll(() => textOf(gateway.events, 0).length).toBeGreaterThanOrEqual(MEBIBYTE);
    expect(textOf(gateway.events, 0).length).toBeLessThan(2 * MEBIBYTE);
    expect(existsSync(join(work, "printed"))).toBe(false);
    gateway.isSilent = false;
    gateway.cut();
    expect(await runner.exited).toBe(0);
    expect(textOf(gateway.events, 0).length).toBe(8_000_000);
  });

  it("has its characters whole, however they come, and its streams in order", async () => {
    const { gateway } = await runJob([
      "printf '\\xe2\\x82'; sleep 0.2; printf '\\xac \\xf0\\x9f'; sleep 0.2; printf '\\x98\\x80\\n'; echo problem >&2; printf 'half \\xe2'",
    ]);
    expect(textOf(gateway.events, 0, "stdout")).toBe("€ 😀\nhalf \ufffd");
    expect(textOf(gateway.events, 0, "stderr")).toBe("problem\n");
  });

  it("may open its output by name", async () => {
    const { gateway } = await runJob([
      "echo out > /dev/stdout; echo err > /dev/stderr; echo both | tee /dev/stderr",
    ]);
    expect(textOf(gateway.events, 0, "stdout")).toBe("out\nboth\n");
    expect(textOf(gateway.events, 0, "stderr")).toBe("err\nboth\n");
  });

  it.each([
    ["../..", "working-directory ../.. is outside of the checkout"],
    ["escape", "working-directory escape is outside of the checkout"],
    ["missing", "working-directory missing doesn't exist"],
    ["README.md", "working-directory README.md is not a folder"],
  ])("doesn't run in %s", async (workingDirectory, reason) => {
    const { gateway } = await runJob(["ln -s /tmp escape", ["echo never", { workingDirectory }]]);
    expect(endsOf(gateway.events)[1]).toEqual(["failed", null, reason]);
  });
});

describe("a report", () => {
  it("arrives whole and in order over connections that are cut again and again", async () => {
    const { gateway, status } = await runJob(["for i in $(seq 1 40); do echo $i; sleep 0.01; done"], {
      prepare: (fake) => {
        fake.cutEvery = 3;
      },
    });
    expect(status).toBe(0);
    expect(gateway.connections).toBeGreaterThan(3);
    expect(textOf(gateway.events, 0)).toBe(
      Array.from({ length: 40 }, (_, index) => `${index + 1}\n`).join(""),
    );
    expect(gateway.events.at(-1)?.type).toBe("done");
  });

  it("whose last event was taken, but cut off before it was acknowledged, is over", async () => {
    const { gateway, status } = await runJob(["echo once"], {
      prepare: (fake) => {
        fake.cutEvery = 1;
      },
    });
    expect(status).toBe(0);
    expect(gateway.events.filter(({ type }) => type === "done")).toHaveLength(1);
  });

  it("that is refused ends the runner and its step at once", async () => {
    const { gateway, runner, work } = await startJob(["trap 'touch ../ended' EXIT; echo begun; sleep 600"]);
    await expect.poll(() => textOf(gateway.events, 0)).toBe("begun\n");
    gateway.isRefusing = true;
    gateway.cut();
    expect(await runner.exited).toBe(3);
    expect(existsSync(join(work, "ended"))).toBe(true);
  });
});
