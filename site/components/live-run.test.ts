// A run is what its events make it, wherever a reader stopped and resumed.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyOutput, applyRunEvent, type LiveEvent, type LiveRun } from "./live-run.ts";
import { appendToLog, endedLines, type Log, openLine } from "./log.ts";
import { openRun } from "./open-run.ts";
import { readRunSnapshot, writeRunSnapshot } from "./run-snapshot.ts";
import type { JobView } from "./views.ts";

const LIMITS = { linesMax: 100, charsMax: 10_000 };

function jobView(id: number, stepIds: readonly number[]): JobView {
  const times = { startedAt: null, finishedAt: null, failureReason: null };
  return {
    id,
    key: `job${id}`,
    name: `job${id}`,
    needs: [],
    status: "waiting",
    attempt: 0,
    sandbox: null,
    timings: {},
    ...times,
    steps: stepIds.map((stepId, position) => ({
      id: stepId,
      position,
      name: `step ${position}`,
      status: "pending",
      exitCode: null,
      ...times,
    })),
  };
}

const newRun = (): LiveRun =>
  openRun({
    run: { status: "pending", failureReason: null, startedAt: null, finishedAt: null },
    jobs: [jobView(1, [11, 12]), jobView(2, [21])],
    seq: 0,
    output: [],
  });

type Content = { [Type in LiveEvent["type"]]: Pick<Extract<LiveEvent, { type: Type }>, "type" | "data"> };

const numbered = (contents: readonly Content[keyof Content][], first = 1): LiveEvent[] =>
  contents.map((content, i) => ({ ...content, seq: first + i, at: 1000 * (first + i) }));

const job = (attempt: number, status: "waiting" | "running" | "succeeded" | "failed"): Content["job"] => ({
  type: "job",
  data: {
    jobId: 1,
    key: "job1",
    attempt,
    status,
    reason: null,
    sandbox: "bubblewrap 0.8.0",
    timings: { queue: 3 },
  },
});
const step = (attempt: number, status: "running" | "succeeded" | "failed"): Content["step"] => ({
  type: "step",
  data: {
    jobId: 1,
    attempt,
    stepId: 11,
    position: 0,
    status,
    exitCode: status === "failed" ? 2 : null,
    reason: null,
  },
});
const log = (attempt: number, text: string, stepId: number | null = 11): Content["log"] => ({
  type: "log",
  data: { jobId: 1, attempt, stepId, stream: "stdout", text },
});

function applied(run: LiveRun, events: readonly LiveEvent[]): LiveRun {
  for (const event of events) applyRunEvent(run, event);
  return run;
}

function textOf(shown: Log): string[] {
  const open = openLine(shown);
  return [...endedLines(shown), ...(open === null ? [] : [open])].map((line) =>
    line.spans.map((span) => span.text).join(""),
  );
}

describe("events", () => {
  test("move run, job and step, with the times that follow", () => {
    const run = applied(
      newRun(),
      numbered([
        { type: "run", data: { status: "running", reason: null } },
        job(1, "running"),
        step(1, "running"),
        log(1, "hello\n"),
        step(1, "failed"),
        job(1, "failed"),
        { type: "done", data: { status: "failed", reason: "job1 failed" } },
      ]),
    );
    expect(run).toMatchObject({
      status: "failed",
      reason: "job1 failed",
      startedAt: 1000,
      finishedAt: 7000,
      isDone: true,
    });
    expect(run.jobs[0]).toMatchObject({
      status: "failed",
      startedAt: 2000,
      finishedAt: 6000,
      timings: { queue: 3 },
    });
    expect(run.jobs[0]?.steps[0]).toMatchObject({
      status: "failed",
      exitCode: 2,
      startedAt: 3000,
      finishedAt: 5000,
    });
    expect(textOf(run.jobs[0]!.steps[0]!.log)).toEqual(["hello"]);
  });

  test("a repeated event changes nothing, one after a gap isn't applied", () => {
    const events = numbered([job(1, "running"), log(1, "a\n"), log(1, "b\n")]);
    const run = applied(newRun(), events);
    const before = structuredClone(run);
    expect(events.map((event) => applyRunEvent(run, event))).toEqual(["old", "old", "old"]);
    expect(applyRunEvent(run, numbered([log(1, "d\n")], 5)[0]!)).toBe("gap");
    expect(run).toEqual(before);
  });

  test("a status told twice keeps its first time", () => {
    const run = applied(newRun(), numbered([job(1, "running"), job(1, "running")]));
    expect(run.jobs[0]?.startedAt).toBe(1000);
  });

  test("a new attempt begins with empty logs and pending steps, and the lost one's late words are dropped", () => {
    const run = applied(
      newRun(),
      numbered([
        job(1, "running"),
        step(1, "running"),
        log(1, "lost\n"),
        log(1, "checkout\n", null),
        job(1, "waiting"),
        job(2, "running"),
        log(1, "late\n"),
        step(1, "failed"),
        log(2, "again\n"),
      ]),
    );
    expect(run.jobs[0]).toMatchObject({ attempt: 2, status: "running", startedAt: 6000 });
    expect(run.jobs[0]?.steps[0]?.status).toBe("pending");
    expect(textOf(run.jobs[0]!.steps[0]!.log)).toEqual(["again"]);
    expect(textOf(run.jobs[0]!.log)).toEqual([]);
  });

  test("a failure of the infrastructure is said in its job's log, or on the run", () => {
    const run = applied(
      newRun(),
      numbered([
        { type: "error", data: { jobId: 1, attempt: 1, message: "no sandbox" } },
        { type: "error", data: { jobId: null, attempt: 0, message: "gateway is away" } },
      ]),
    );
    expect(textOf(run.jobs[0]!.log)).toEqual(["error: no sandbox"]);
    expect(run.errors).toEqual(["gateway is away"]);
  });

  test("an event of a job or step that the page doesn't have is reported", () => {
    const events = numbered([log(1, "x", 99), { ...log(1, "x"), data: { ...log(1, "x").data, jobId: 9 } }]);
    const run = newRun();
    expect(events.map((event) => applyRunEvent(run, event))).toEqual(["unknown", "unknown"]);
  });
});

const text = fc
  .array(fc.constantFrom("a", "bc", "\n", "\r", "\u001b[31m", "\u001b[", "0m", "\u001b[K"), { maxLength: 5 })
  .map((pieces) => pieces.join(""));
const ids = fc.constantFrom({ jobId: 1, stepId: 11 }, { jobId: 1, stepId: 12 }, { jobId: 2, stepId: 21 });
const attempt = fc.integer({ min: 1, max: 3 });
const content: fc.Arbitrary<Content[keyof Content]> = fc.oneof(
  fc
    .tuple(
      ids,
      attempt,
      text,
      fc.boolean(),
      fc.constantFrom("stdout" as const, "stderr" as const, "system" as const),
    )
    .map(([{ jobId, stepId }, attempt, text, ofJob, stream]) => ({
      type: "log" as const,
      data: { jobId, attempt, stepId: ofJob ? null : stepId, stream, text },
    })),
  fc
    .tuple(ids, attempt, fc.constantFrom("running" as const, "succeeded" as const, "failed" as const))
    .map(([{ jobId, stepId }, attempt, status]) => ({
      type: "step" as const,
      data: {
        jobId,
        attempt,
        stepId,
        position: 0,
        status,
        exitCode: status === "failed" ? 1 : null,
        reason: null,
      },
    })),
  fc
    .tuple(ids, attempt, fc.constantFrom("waiting" as const, "running" as const, "failed" as const))
    .map(([{ jobId }, attempt, status]) => ({
      type: "job" as const,
      data: {
        jobId,
        key: `job${jobId}`,
        attempt,
        status,
        reason: status,
        sandbox: null,
        timings: { claim: attempt },
      },
    })),
  fc.constantFrom("running" as const, "failed" as const).map((status) => ({
    type: "run" as const,
    data: { status, reason: null },
  })),
);

/** What the page would carry: everything but the lines. */
const withoutLines = (run: LiveRun): unknown => JSON.parse(writeRunSnapshot(run));

/** Lines of a log that was restored, after those that were shown before. */
function linesAfter(before: LiveRun, resumed: LiveRun): string[][] {
  return resumed.jobs.flatMap((now, i) => {
    const then = before.jobs[i]!;
    const isSame = now.attempt === then.attempt;
    return [
      [...(isSame ? endedLines(then.log) : []), ...endedLines(now.log)],
      ...now.steps.map((step, j) => [
        ...(isSame ? endedLines(then.steps[j]!.log) : []),
        ...endedLines(step.log),
      ]),
    ].map((lines) => lines.map((line) => JSON.stringify(line)));
  });
}

describe("any resume point", () => {
  test("gives the same run, also when the stream begins again earlier", () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 60 }), fc.nat(), fc.nat(), (contents, place, overlap) => {
        const events = numbered(contents);
        const stop = place % (events.length + 1);
        const whole = applied(newRun(), events);
        const before = applied(newRun(), events.slice(0, stop));
        const resumed = readRunSnapshot(writeRunSnapshot(before), LIMITS);
        applied(resumed, events.slice(stop - (overlap % (stop + 1))));
        expect(withoutLines(resumed)).toEqual(withoutLines(whole));
        expect(linesAfter(before, resumed)).toEqual(linesAfter(newRun(), whole));
      }),
      { seed: 20261121, numRuns: 1000 },
    );
  });

  test("output read apart from the rows makes the same lines", () => {
    const output = numbered([log(2, "a\nb"), log(2, "c\n"), log(1, "lost\n")]);
    const run = newRun();
    run.jobs[0]!.attempt = 2;
    for (const event of output) if (event.type === "log") applyOutput(run, event);
    expect(textOf(run.jobs[0]!.steps[0]!.log)).toEqual(["a", "bc"]);
    expect(run.seq).toBe(0);
    appendToLog(run.jobs[0]!.steps[0]!.log, "d");
    expect(textOf(run.jobs[0]!.steps[0]!.log)).toEqual(["a", "bc", "d"]);
  });
});
