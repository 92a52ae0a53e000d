// Jobs that need each other: what a job's end means for the others, and when a run is over.
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { commitStatuses } from "../../schema/tables/git.ts";
import { workflowRuns } from "../../schema/tables/runs.ts";
import {
  type JobShape,
  type MadeRepository,
  makeRun,
  readEvents,
  readJobs,
  readRun,
  readSteps,
} from "../testing/make-run.ts";
import { claimFor, makeTestLedger, type OwnLedger } from "../testing/test-ledger.ts";
import { endJob, type JobEnd } from "./end-job.ts";
import { readLiveJob } from "./move-job.ts";

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

const succeeded: JobEnd = { status: "succeeded", reason: null, isInfrastructure: false };
const failed: JobEnd = { status: "failed", reason: "step 0: exit code 1", isInfrastructure: false };

/** Claims what waits, and ends it as `ends` says by key, until nothing waits. */
async function playRun(
  jobs: JobShape[],
  ends: Record<string, JobEnd>,
): Promise<{ runId: number; order: string[] }> {
  const { runId } = await makeRun(store.database, repository, jobs);
  const order: string[] = [];
  for (;;) {
    const claims = await claimFor(store.ledger, "g");
    if (claims.length === 0) return { runId, order };
    for (const claim of claims) {
      order.push(claim.plan.key);
      await store.ledger.change(runId, async (change) => {
        const job = await readLiveJob(change, claim.jobId, claim.attempt);
        if (!job) throw new Error("the job isn't live");
        await endJob(change, job, ends[claim.plan.key] ?? succeeded);
      });
    }
  }
}

const statusesOf = async (runId: number) =>
  Object.fromEntries((await readJobs(store.database, runId)).map((job) => [job.key, job.status]));

describe("a run of several jobs", () => {
  it.each([
    ["success", succeeded],
    ["failure", failed],
  ])("says %s of its commit once it has ended", async (state, end) => {
    const { runId } = await playRun([{ key: "a" }, { key: "b", needs: ["a"] }], { a: end });
    const run = await readRun(store.database, runId);
    const said = await store.database.select().from(commitStatuses).where(eq(commitStatuses.runId, runId));
    expect(said).toMatchObject([{ state, context: `plue/${run.name}`, oid: run.headSha }]);
  });

  it("starts each when all it needs succeeded, and succeeds with the last", async () => {
    const { runId, order } = await playRun(
      [{ key: "a" }, { key: "b" }, { key: "c", needs: ["a", "b"] }, { key: "d", needs: ["c"] }],
      {},
    );
    expect(order).toEqual(["a", "b", "c", "d"]);
    expect(await readRun(store.database, runId)).toMatchObject({ status: "succeeded", failureReason: null });
    expect((await readEvents(store.database, runId)).at(-1)).toMatchObject({
      ...{ type: "done", data: { status: "succeeded", reason: null } },
    });
  });

  it("skips what needs a failed job, with its steps, and fails", async () => {
    const { runId, order } = await playRun(
      [{ key: "a" }, { key: "b", needs: ["a"] }, { key: "c", needs: ["b"] }, { key: "d" }],
      { a: failed },
    );
    expect(order).toEqual(["a", "d"]);
    expect(await statusesOf(runId)).toEqual({ a: "failed", b: "skipped", c: "skipped", d: "succeeded" });
    expect(await readRun(store.database, runId)).toMatchObject({ status: "failed", failureReason: null });
    const skipped = (await readJobs(store.database, runId))[1];
    expect(await readSteps(store.database, skipped?.id ?? 0)).toMatchObject([{ status: "skipped" }]);
  });

  it("goes on after a job that may fail", async () => {
    const jobs: JobShape[] = [
      { key: "a", continueOnError: true },
      { key: "b", needs: ["a"] },
    ];
    const { runId } = await playRun(jobs, { a: failed });
    expect(await statusesOf(runId)).toEqual({ a: "failed", b: "succeeded" });
    expect(await readRun(store.database, runId)).toMatchObject({ status: "succeeded" });
  });

  it("says on the run why the system failed it", async () => {
    const { runId } = await playRun([{ key: "a" }], {
      a: { status: "failed", reason: "no sandbox works here", isInfrastructure: true },
    });
    expect(await readRun(store.database, runId)).toMatchObject({
      ...{ status: "failed", failureReason: "no sandbox works here" },
    });
    const events = await readEvents(store.database, runId);
    expect(events.find((event) => event.type === "error")?.data).toMatchObject({
      message: "no sandbox works here",
    });
    expect(events.at(-1)?.data).toEqual({ status: "failed", reason: "no sandbox works here" });
  });

  it("starts nothing more once its cancellation is asked for", async () => {
    const { runId } = await makeRun(store.database, repository, [{ key: "a" }, { key: "b", needs: ["a"] }]);
    const [claim] = await claimFor(store.ledger, "g");
    await store.database
      .update(workflowRuns)
      .set({ cancelRequestedAt: new Date() })
      .where(eq(workflowRuns.id, runId));
    await store.ledger.change(runId, async (change) => {
      const job = await readLiveJob(change, claim?.jobId ?? 0, 1);
      if (job) await endJob(change, job, succeeded);
    });
    expect(await statusesOf(runId)).toEqual({ a: "succeeded", b: "cancelled" });
    expect(await readRun(store.database, runId)).toMatchObject({ status: "cancelled" });
    expect((await readEvents(store.database, runId)).at(-1)?.type).toBe("done");
  });
});
