// What a sandbox may report is bounded over a job's attempts, over a run, and over an owner's day.
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { repositories } from "../../schema/tables/git.ts";
import { runUsage, workflowJobs } from "../../schema/tables/runs.ts";
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import {
  EVENTS_PER_JOB_MAX,
  EVENTS_PER_OWNER_DAY_MAX,
  EVENTS_PER_RUN_MAX,
  REPORTED_BYTES_PER_JOB_MAX,
  REPORTED_BYTES_PER_OWNER_DAY_MAX,
  REPORTED_BYTES_PER_RUN_MAX,
} from "../limits.ts";
import { makeRepository, makeRun, readEvents } from "../testing/make-run.ts";
import { claimFor, makeTestLedger, type OwnLedger, reportOf } from "../testing/test-ledger.ts";
import type { ClaimedJob } from "./claim-jobs.ts";
import { storeEvents } from "./store-events.ts";

let store: OwnLedger;

beforeAll(async () => {
  store = await makeTestLedger(inject("databaseUrl"));
});

afterAll(() => store.close());

/** A claimed job of an owner of its own, in a run with a second job. */
async function claimOne(): Promise<{ claim: ClaimedJob; otherJobId: number; ownerId: number }> {
  const repository = await makeRepository(store.database);
  const { runId, jobIds } = await makeRun(store.database, repository, [
    { key: "a" },
    { key: "b", needs: ["a"] },
  ]);
  const claim = (await claimFor(store.ledger, "g")).find((one) => one.runId === runId);
  const [row] = await store.database
    .select({ ownerId: repositories.ownerId })
    .from(repositories)
    .where(eq(repositories.id, repository.id));
  if (!claim || !row) throw new Error("nothing was claimed");
  return { claim, otherJobId: jobIds.b ?? 0, ownerId: row.ownerId };
}

const setJob = (jobId: number, used: { reportedEvents?: number; reportedBytes?: number }) =>
  store.database.update(workflowJobs).set(used).where(eq(workflowJobs.id, jobId));

const setOwner = (
  ownerId: number,
  reportedEvents: number,
  reportedBytes: number,
  day = sql`(now() AT TIME ZONE 'UTC')::date`,
) => store.database.insert(runUsage).values({ ownerId, day, reportedEvents, reportedBytes });

const log = (offset: number, text = "four"): RunnerEvent => ({
  ...{ offset, at: Date.now(), type: "log", position: null, stream: "stdout", text },
});

const report = (claim: ClaimedJob, ...events: RunnerEvent[]) =>
  storeEvents(store.ledger, reportOf(claim), events);

describe("what runners may report", () => {
  it.each<[string, (made: Awaited<ReturnType<typeof claimOne>>) => Promise<unknown>, RegExp]>([
    [
      "events of a job over all its attempts",
      ({ claim }) => setJob(claim.jobId, { reportedEvents: EVENTS_PER_JOB_MAX - 1 }),
      /more than this job may: 300000 events/,
    ],
    [
      "bytes of a job over all its attempts",
      ({ claim }) => setJob(claim.jobId, { reportedBytes: REPORTED_BYTES_PER_JOB_MAX - 4 }),
      /more than this job may: 536870912 bytes/,
    ],
    [
      "events of a run",
      ({ otherJobId }) => setJob(otherJobId, { reportedEvents: EVENTS_PER_RUN_MAX - 1 }),
      /more than one run may: 1000000 events/,
    ],
    [
      "bytes of a run",
      ({ otherJobId }) => setJob(otherJobId, { reportedBytes: REPORTED_BYTES_PER_RUN_MAX - 4 }),
      /more than one run may: 1073741824 bytes/,
    ],
    [
      "events of an owner's day",
      ({ ownerId }) => setOwner(ownerId, EVENTS_PER_OWNER_DAY_MAX - 1, 0),
      /more than all runs of its owner may on one day: 5000000 events/,
    ],
    [
      "bytes of an owner's day",
      ({ ownerId }) => setOwner(ownerId, 0, REPORTED_BYTES_PER_OWNER_DAY_MAX - 4),
      /more than all runs of its owner may on one day: 4294967296 bytes/,
    ],
  ])("%s: up to the limit, and not one more", async (_what, use, reason) => {
    const made = await claimOne();
    await use(made);
    expect(await report(made.claim, log(1))).toMatchObject({ kind: "stored", offset: 1 });
    expect(await report(made.claim, log(2))).toEqual({
      ...{ kind: "violation", reason: expect.stringMatching(reason) },
    });
    const events = await readEvents(store.database, made.claim.runId);
    expect(events.filter(({ type }) => type === "log")).toHaveLength(1);
  });

  it("is counted once, whatever is sent again", async () => {
    const { claim, ownerId } = await claimOne();
    await report(claim, log(1), log(2));
    await report(claim, log(1), log(2), log(3, "\u00e9"));
    const [job] = await store.database.select().from(workflowJobs).where(eq(workflowJobs.id, claim.jobId));
    expect(job).toMatchObject({ reportedEvents: 3, reportedBytes: 10 });
    const [usage] = await store.database.select().from(runUsage).where(eq(runUsage.ownerId, ownerId));
    expect(usage).toMatchObject({ reportedEvents: 3, reportedBytes: 10 });
  });

  it("begins anew for an owner each day", async () => {
    const { claim, ownerId } = await claimOne();
    await setOwner(ownerId, EVENTS_PER_OWNER_DAY_MAX, 0, sql`(now() AT TIME ZONE 'UTC')::date - 1`);
    expect(await report(claim, log(1))).toMatchObject({ kind: "stored" });
    const [usage] = await store.database.select().from(runUsage).where(eq(runUsage.ownerId, ownerId));
    expect(usage?.reportedEvents).toBe(1);
  });
});
