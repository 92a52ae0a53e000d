// What a runner reports is stored once, in order, by the attempt that may, and numbered without a gap.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import {
  type JobShape,
  type MadeRepository,
  makeRun,
  readEvents,
  readJobs,
  readRun,
  readSteps,
} from "../testing/make-run.ts";
import { claimFor, makeTestLedger, type OwnLedger, reportOf } from "../testing/test-ledger.ts";
import type { ClaimedJob } from "./claim-jobs.ts";
import { storeEvents } from "./store-events.ts";

let store: OwnLedger;
let repository: MadeRepository;

beforeAll(async () => {
  store = await makeTestLedger(inject("databaseUrl"));
  ({ repository } = store);
});

afterAll(() => store.close());

async function claimRun(jobs: JobShape[] = [{ key: "a" }]): Promise<{ runId: number; claims: ClaimedJob[] }> {
  const { runId } = await makeRun(store.database, repository, jobs);
  const claims = await claimFor(store.ledger, "g");
  return { runId, claims: claims.filter((claim) => claim.runId === runId) };
}

async function claimOne(shape: JobShape = { key: "a" }): Promise<ClaimedJob> {
  const { claims } = await claimRun([shape]);
  if (!claims[0]) throw new Error("nothing was claimed");
  return claims[0];
}

type Step = Extract<RunnerEvent, { type: "step" }>;

const at = () => Date.now();
const step = (offset: number, status: Step["status"], position = 0): RunnerEvent => ({
  ...{ offset, at: at(), type: "step", position, status, reason: null },
  exitCode: status === "succeeded" ? 0 : null,
});
const log = (offset: number, text: string, position: number | null = 0): RunnerEvent => ({
  ...{ offset, at: at(), type: "log", position, stream: "stdout", text },
});
const done = (offset: number): RunnerEvent => ({
  offset,
  at: at(),
  type: "done",
  status: "succeeded",
  reason: null,
});

const report = (claim: ClaimedJob, events: RunnerEvent[]) =>
  storeEvents(store.ledger, reportOf(claim), events);

describe("storeEvents", () => {
  it("takes a job from its first step to the end of its run", async () => {
    const claim = await claimOne();
    const phase: RunnerEvent = { offset: 1, at: at(), type: "phase", name: "checkout", durationMs: 12.4 };
    expect(await report(claim, [phase, step(2, "running"), log(3, "hello\n")])).toEqual({
      ...{ kind: "stored", offset: 3, isDone: false },
    });
    expect(await report(claim, [step(4, "succeeded"), done(5)])).toMatchObject({ offset: 5, isDone: true });

    const events = await readEvents(store.database, claim.runId);
    expect(events.map((event) => [event.seq, event.type, event.offset])).toEqual([
      [1, "run", null],
      [2, "job", null],
      [3, "step", 2],
      [4, "log", 3],
      [5, "step", 4],
      [6, "job", null],
      [7, "run", null],
      [8, "done", null],
    ]);
    expect(await readRun(store.database, claim.runId)).toMatchObject({
      status: "succeeded",
      lastEventSeq: 8,
    });
    const [job] = await readJobs(store.database, claim.runId);
    expect(job).toMatchObject({ status: "succeeded", eventOffset: 5, tokenHash: null, leaseUntil: null });
    expect(Object.keys(job?.timings ?? {}).sort()).toEqual([
      ...["checkout", "claim", "firstOutput", "handover", "queue", "total"],
    ]);
    expect(job?.timings.checkout).toBe(12);
    expect(await readSteps(store.database, claim.jobId)).toMatchObject([
      { status: "succeeded", exitCode: 0 },
    ]);
    expect(store.topics).toContain("run.finished");
  });

  it("shows readers exactly what was stored", async () => {
    const claim = await claimOne();
    await report(claim, [step(1, "running"), log(2, "seen")]);
    const shown = store.published
      .filter(({ runId }) => runId === claim.runId)
      .flatMap(({ events }) => events);
    const stored = await readEvents(store.database, claim.runId);
    expect(shown).toEqual(
      stored.map((event) => ({
        ...{ seq: event.seq, type: event.type, data: event.data, at: event.at.getTime() },
      })),
    );
  });

  it("refuses a stale attempt, and nothing moves", async () => {
    const claim = await claimOne();
    const before = await readEvents(store.database, claim.runId);
    expect(await report({ ...claim, attempt: 2 }, [step(1, "running")])).toEqual({ kind: "stale" });
    await report(claim, [step(1, "running"), step(2, "succeeded"), done(3)]);
    const after = await readEvents(store.database, claim.runId);
    expect(await report(claim, [log(4, "too late")])).toEqual({ kind: "stale" });
    expect(await readEvents(store.database, claim.runId)).toEqual(after);
    expect(after.length).toBeGreaterThan(before.length);
  });

  it("passes over what was stored before, and goes on after it", async () => {
    const claim = await claimOne();
    await report(claim, [step(1, "running"), log(2, "once")]);
    const outcome = await report(claim, [step(1, "running"), log(2, "once"), log(3, "more")]);
    expect(outcome).toMatchObject({ kind: "stored", offset: 3 });
    const texts = (await readEvents(store.database, claim.runId)).map((event) => event.data.text);
    expect(texts.filter((text) => text !== undefined)).toEqual(["once", "more"]);
  });

  it.each<[string, RunnerEvent[], RegExp]>([
    ["a gap", [step(1, "running"), log(3, "x")], /event 3 after event 1/],
    ["output of a step that doesn't run", [log(1, "x")], /which doesn't run/],
    ["output of a step that isn't there", [log(1, "x", 7)], /which isn't there/],
    ["a step that isn't there", [step(1, "running", 9)], /which isn't there/],
    ["an end without a beginning", [step(1, "succeeded")], /as succeeded while it was pending/],
    [
      "an end after an end",
      [step(1, "running"), step(2, "succeeded"), step(3, "failed")],
      /failed while it was succeeded/,
    ],
  ])("refuses %s, and keeps what came before it", async (_, events, reason) => {
    const claim = await claimOne();
    const outcome = await report(claim, events);
    expect(outcome).toMatchObject({ kind: "violation", reason: expect.stringMatching(reason) });
    const [job] = await readJobs(store.database, claim.runId);
    expect(job).toMatchObject({ status: "running", eventOffset: events.length - 1 });
  });

  it("doesn't let two steps run at once", async () => {
    const claim = await claimOne({ key: "a", scripts: ["true", "true"] });
    const outcome = await report(claim, [step(1, "running", 0), step(2, "running", 1)]);
    expect(outcome).toMatchObject({ kind: "violation" });
  });

  it("believes a sandbox's clock only within its attempt's time", async () => {
    const claim = await claimOne();
    const early: RunnerEvent = { ...step(1, "running"), at: 1 };
    const late: RunnerEvent = { ...log(2, "x"), at: Date.now() + 3_600_000 };
    await report(claim, [early, late]);
    const events = (await readEvents(store.database, claim.runId)).filter((event) => event.offset !== null);
    for (const event of events) {
      expect(event.at.getTime()).toBeGreaterThanOrEqual(claim.claimedAtMs);
      expect(event.at.getTime()).toBeLessThanOrEqual(Date.now());
    }
  });

  it("numbers the events of jobs that report at once without a gap and in order", async () => {
    const shapes = ["a", "b", "c", "d"].map((key) => ({ key }));
    const { runId, claims } = await claimRun(shapes);
    expect(claims).toHaveLength(4);
    await Promise.all(
      claims.map(async (claim) => {
        await report(claim, [step(1, "running")]);
        for (let offset = 2; offset <= 26; offset += 1) await report(claim, [log(offset, `${offset}`)]);
        await report(claim, [step(27, "succeeded"), done(28)]);
      }),
    );
    const events = await readEvents(store.database, runId);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    for (const claim of claims) {
      const offsets = events.filter((event) => event.jobId === claim.jobId && event.offset !== null);
      expect(offsets.map((event) => event.offset)).toEqual(
        Array.from({ length: 27 }, (_, index) => index + 1),
      );
    }
    expect(events.at(-1)?.type).toBe("done");
    expect(events.filter((event) => event.type === "done")).toHaveLength(1);
    expect(await readRun(store.database, runId)).toMatchObject({ status: "succeeded" });
  });
});
