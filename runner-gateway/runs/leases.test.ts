// A lease that holds is left alone; one that ran out gives the job to another attempt, and says so; attempts end.
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import { ATTEMPTS_MAX, RELEASED_ATTEMPTS_MAX } from "../limits.ts";
import {
  type MadeRepository,
  makeRun,
  readEvents,
  readJobs,
  readRun,
  readSteps,
} from "../testing/make-run.ts";
import { claimFor, makeTestLedger, type OwnLedger, reportOf } from "../testing/test-ledger.ts";
import type { ClaimedJob } from "./claim-jobs.ts";
import { endCancelledRuns } from "./end-cancelled.ts";
import { loseAttempt } from "./end-job.ts";
import { expireLeases, releaseFormerAttempts, renewLeases } from "./leases.ts";
import { readLiveJob } from "./move-job.ts";
import { storeEvents } from "./store-events.ts";

let store: OwnLedger;
let repository: MadeRepository;

beforeAll(async () => {
  store = await makeTestLedger(inject("databaseUrl"));
  ({ repository } = store);
});

beforeEach(async () => {
  await store.database.delete(workflowRuns);
});

afterAll(() => store.close());

async function claimOne(gateway = "g"): Promise<ClaimedJob> {
  const [claim] = await claimFor(store.ledger, gateway);
  if (!claim) throw new Error("nothing was claimed");
  return claim;
}

async function startStep(claim: ClaimedJob): Promise<void> {
  await storeEvents(store.ledger, reportOf(claim), [
    { offset: 1, at: Date.now(), type: "step", position: 0, status: "running", exitCode: null, reason: null },
    { offset: 2, at: Date.now(), type: "log", position: 0, stream: "stdout", text: "of the first\n" },
  ]);
}

const letLeaseRunOut = (jobId: number) =>
  store.database
    .update(workflowJobs)
    .set({ leaseUntil: sql`now() - interval '1 second'` })
    .where(eq(workflowJobs.id, jobId));

async function readJob(runId: number) {
  const [job] = await readJobs(store.database, runId);
  if (!job) throw new Error("no such job");
  return job;
}

describe("expireLeases", () => {
  it("leaves an attempt alone whose lease holds", async () => {
    await makeRun(store.database, repository, [{ key: "a" }]);
    const claim = await claimOne();
    expect(await expireLeases(store.ledger)).toBe(0);
    expect(await readJob(claim.runId)).toMatchObject({ status: "running", attempt: 1 });
  });

  it("makes the job claimable again, its steps new, and says why in its log", async () => {
    await makeRun(store.database, repository, [{ key: "a" }]);
    const first = await claimOne();
    await startStep(first);
    await letLeaseRunOut(first.jobId);
    expect(await expireLeases(store.ledger)).toBe(1);
    expect(await readJob(first.runId)).toMatchObject({ status: "waiting", tokenHash: null });
    expect(await readSteps(store.database, first.jobId)).toMatchObject([
      { status: "pending", startedAt: null },
    ]);
    expect(store.topics.at(-1)).toBe("run.queued");

    const second = await claimOne("h");
    expect(second).toMatchObject({ jobId: first.jobId, attempt: 2 });
    await startStep(second);
    const events = await readEvents(store.database, first.runId);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    const systemLines = events.filter((event) => event.data.stream === "system");
    expect(systemLines.map((event) => [event.attempt, event.data.text])).toEqual([
      [1, "Attempt 1 was lost: its gateway g stopped renewing its lease.\n"],
      [2, expect.stringMatching(/^Attempt 2 starts from the beginning, as attempt 1 was lost: /)],
    ]);
    const offsets = events
      .filter((event) => event.offset !== null)
      .map((event) => [event.attempt, event.offset]);
    expect(offsets).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
  });

  it("refuses what the lost attempt still reports", async () => {
    await makeRun(store.database, repository, [{ key: "a" }]);
    const first = await claimOne();
    await letLeaseRunOut(first.jobId);
    await expireLeases(store.ledger);
    await claimOne();
    const late = { offset: 1, at: Date.now(), type: "done", status: "succeeded", reason: null } as const;
    expect(await storeEvents(store.ledger, reportOf(first), [late])).toEqual({ kind: "stale" });
    expect(await readJob(first.runId)).toMatchObject({ status: "running", attempt: 2 });
  });

  it("fails the job, and says so on the run, when its attempts are used up", async () => {
    const { runId } = await makeRun(store.database, repository, [{ key: "a" }]);
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const claim = await claimOne();
      expect(claim.attempt).toBe(attempt);
      await letLeaseRunOut(claim.jobId);
      await expireLeases(store.ledger);
    }
    const reason = "lost: its gateway g stopped renewing its lease";
    expect(await readJob(runId)).toMatchObject({ status: "failed", attempt: 3, failureReason: reason });
    expect(await readRun(store.database, runId)).toMatchObject({ status: "failed", failureReason: reason });
    const types = (await readEvents(store.database, runId)).map((event) => event.type);
    expect(types.slice(-5)).toEqual(["step", "error", "job", "run", "done"]);
  });

  it("cancels instead when the run is to be cancelled", async () => {
    const { runId } = await makeRun(store.database, repository, [{ key: "a" }]);
    const claim = await claimOne();
    await store.database.update(workflowRuns).set({ cancelRequestedAt: new Date() });
    await letLeaseRunOut(claim.jobId);
    await expireLeases(store.ledger);
    expect(await readRun(store.database, runId)).toMatchObject({ status: "cancelled" });
    expect(await readSteps(store.database, claim.jobId)).toMatchObject([{ status: "cancelled" }]);
  });

  it("loses an attempt once, however many gateways look", async () => {
    await makeRun(store.database, repository, [{ key: "a" }]);
    const claim = await claimOne();
    await letLeaseRunOut(claim.jobId);
    const counts = await Promise.all([1, 2, 3, 4].map(() => expireLeases(store.ledger)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});

describe("renewLeases", () => {
  it("renews what is held and names what no longer is", async () => {
    await makeRun(store.database, repository, [{ key: "a" }, { key: "b" }]);
    const claims = await claimFor(store.ledger, "g");
    const [kept, lost] = claims;
    if (!kept || !lost) throw new Error("nothing was claimed");
    for (const { jobId } of claims) await letLeaseRunOut(jobId);
    const stale = { ...lost, attempt: lost.attempt + 1 };
    expect(await renewLeases(store.database, "g", [kept, stale])).toEqual([stale]);
    const [job] = await readJobs(store.database, kept.runId);
    expect(job?.leaseUntil?.getTime()).toBeGreaterThan(Date.now() + 5_000);
    expect(await renewLeases(store.database, "another", [kept])).toEqual([kept]);
  });

  it("doesn't wait for a job that is being written", async () => {
    await makeRun(store.database, repository, [{ key: "a" }]);
    const claim = await claimOne();
    await store.database.transaction(async (transaction) => {
      await transaction.update(workflowJobs).set({ timings: {} }).where(eq(workflowJobs.id, claim.jobId));
      expect(await renewLeases(store.database, "g", [claim])).toEqual([]);
    });
  });
});

describe("releaseFormerAttempts", () => {
  it("gives up what the name held before, and nothing of another's", async () => {
    await makeRun(store.database, repository, [{ key: "a" }]);
    const own = await claimOne("local");
    await makeRun(store.database, repository, [{ key: "a" }]);
    const others = await claimOne("remote");
    expect(await releaseFormerAttempts(store.ledger, "local")).toBe(1);
    expect(await readJob(own.runId)).toMatchObject({ status: "waiting" });
    expect(await readJob(others.runId)).toMatchObject({ status: "running", gateway: "remote" });
  });
});

describe("endCancelledRuns", () => {
  it("ends what was marked before any attempt had it, and leaves what runs to its attempt", async () => {
    const marked = await makeRun(store.database, repository, [{ key: "a" }, { key: "b", needs: ["a"] }]);
    await store.database
      .update(workflowRuns)
      .set({ cancelRequestedAt: new Date() })
      .where(eq(workflowRuns.id, marked.runId));
    const other = await makeRun(store.database, repository, [{ key: "a" }]);
    expect(await endCancelledRuns(store.ledger)).toBe(1);
    expect(await readRun(store.database, marked.runId)).toMatchObject({ status: "cancelled" });
    expect(await readRun(store.database, other.runId)).toMatchObject({ status: "pending" });
    expect(await endCancelledRuns(store.ledger)).toBe(0);
    await claimOne();
  });
});

describe("a gateway that is started again", () => {
  it("gives a job back more often than one that is lost", async () => {
    const { runId } = await makeRun(store.database, repository, [{ key: "a" }]);
    for (let attempt = 1; attempt <= ATTEMPTS_MAX + 1; attempt += 1) {
      expect((await claimOne()).attempt).toBe(attempt);
      await releaseFormerAttempts(store.ledger, "g");
    }
    expect(await readJob(runId)).toMatchObject({ status: "waiting", attempt: ATTEMPTS_MAX + 1 });
    await claimOne();
  });
});

describe("loseAttempt", () => {
  it("lets a gateway that stops in good order give a job back more often than one that is lost", async () => {
    const { runId } = await makeRun(store.database, repository, [{ key: "a" }]);
    const statuses: string[] = [];
    for (let attempt = 1; attempt <= RELEASED_ATTEMPTS_MAX; attempt += 1) {
      const claim = await claimOne();
      await store.ledger.change(runId, async (change) => {
        const job = await readLiveJob(change, claim.jobId, claim.attempt);
        if (job) await loseAttempt(change, job, "its gateway stopped", true);
      });
      statuses.push((await readJob(runId)).status);
    }
    expect(statuses).toEqual([...Array(RELEASED_ATTEMPTS_MAX - 1).fill("waiting"), "failed"]);
  });
});
