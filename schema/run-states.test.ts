// Every way between states, and what a change of one job means for its run.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canJobMove,
  canRunMove,
  canStepMove,
  isEnded,
  type JobState,
  type JobStatus,
  jobStatesBefore,
  planProgress,
  runStatesBefore,
  stepStatesBefore,
} from "./run-states.ts";

const job = (key: string, status: JobStatus, needs: string[] = [], continueOnError = false): JobState => ({
  key,
  status,
  needs,
  continueOnError,
});

describe("transitions", () => {
  it("lets runs move only along their table", () => {
    expect(runStatesBefore("running")).toEqual(["pending"]);
    expect(runStatesBefore("succeeded")).toEqual(["running"]);
    expect(runStatesBefore("failed")).toEqual(["pending", "running"]);
    expect(runStatesBefore("cancelled")).toEqual(["needs_approval", "pending", "running"]);
    expect(runStatesBefore("pending")).toEqual(["needs_approval", "succeeded", "failed", "cancelled"]);
    expect(runStatesBefore("needs_approval")).toEqual([]);
  });
  it("lets jobs move only along their table", () => {
    expect(jobStatesBefore("running")).toEqual(["waiting"]);
    expect(jobStatesBefore("succeeded")).toEqual(["running"]);
    expect(jobStatesBefore("skipped")).toEqual(["pending"]);
    expect(jobStatesBefore("cancelled").sort()).toEqual(["pending", "running", "waiting"]);
    expect(jobStatesBefore("waiting")).toContain("running");
  });
  it("lets steps move only along their table", () => {
    expect(stepStatesBefore("running")).toEqual(["pending"]);
    expect(stepStatesBefore("succeeded")).toEqual(["running"]);
    expect(stepStatesBefore("cancelled").sort()).toEqual(["pending", "running"]);
  });
  it("never goes from a state to itself, nor from an ended one to another end", () => {
    const statuses = [
      "pending",
      "waiting",
      "running",
      "succeeded",
      "failed",
      "cancelled",
      "skipped",
    ] as const;
    for (const from of statuses) {
      expect(canJobMove(from, from)).toBe(false);
      if (!isEnded(from)) continue;
      for (const to of statuses) if (isEnded(to)) expect(canJobMove(from, to)).toBe(false);
    }
    expect(canRunMove("succeeded", "failed")).toBe(false);
    expect(canStepMove("succeeded", "running")).toBe(false);
  });
});

describe("planProgress", () => {
  it.each<[string, JobState[], ReturnType<typeof planProgress>]>([
    [
      "starts a job when its last need succeeded",
      [job("a", "succeeded"), job("b", "pending", ["a"])],
      { ready: ["b"], skipped: [], ended: null },
    ],
    [
      "waits for every need",
      [job("a", "succeeded"), job("b", "running"), job("c", "pending", ["a", "b"])],
      { ready: [], skipped: [], ended: null },
    ],
    [
      "skips what needs a failed job, and what needs that",
      [job("a", "failed"), job("b", "pending", ["a"]), job("c", "pending", ["b"])],
      { ready: [], skipped: ["b", "c"], ended: "failed" },
    ],
    [
      "goes on after a failure that is tolerated",
      [job("a", "failed", [], true), job("b", "pending", ["a"])],
      { ready: ["b"], skipped: [], ended: null },
    ],
    [
      "succeeds with a tolerated failure",
      [job("a", "failed", [], true), job("b", "succeeded", ["a"])],
      { ready: [], skipped: [], ended: "succeeded" },
    ],
    [
      "skips what a cancelled job was needed for",
      [job("a", "cancelled"), job("b", "pending", ["a"])],
      { ready: [], skipped: ["b"], ended: "cancelled" },
    ],
    [
      "isn't over while a job runs",
      [job("a", "failed"), job("b", "running")],
      { ready: [], skipped: [], ended: null },
    ],
  ])("%s", (_, jobs, expected) => {
    expect(planProgress(jobs)).toEqual(expected);
  });

  it("brings every acyclic run to an end, whatever its jobs do", () => {
    const graph = fc.array(
      fc.record({
        needs: fc.array(fc.nat(20), { maxLength: 4 }),
        fails: fc.boolean(),
        tolerated: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(graph, (shape) => {
        const jobs = shape.map(({ needs, tolerated }, at) => {
          const earlier = at === 0 ? [] : [...new Set(needs.map((need) => `j${need % at}`))];
          return job(`j${at}`, "pending", earlier, tolerated);
        });
        for (let round = 0; round <= jobs.length; round++) {
          const progress = planProgress(jobs);
          for (const one of jobs) {
            if (progress.skipped.includes(one.key)) one.status = "skipped";
            if (progress.ready.includes(one.key))
              one.status = shape[Number(one.key.slice(1))]?.fails ? "failed" : "succeeded";
          }
          if (jobs.every((one) => isEnded(one.status))) break;
        }
        expect(planProgress(jobs).ended).not.toBeNull();
      }),
      { seed: 20261121 },
    );
  });
});
