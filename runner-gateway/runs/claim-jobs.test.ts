// Claiming: every waiting job is taken by exactly one gateway, in order, and its run begins with it.
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import { hashSecret, isWellFormedToken } from "../../schema/token.ts";
import { type MadeRepository, makeRun, readEvents, readJobs, readRun } from "../testing/make-run.ts";
import {
  claimFor,
  makeTestLedger,
  type OwnLedger,
  openTestLedger,
  type TestLedger,
} from "../testing/test-ledger.ts";
import { type ClaimedJob, hasClaimable } from "./claim-jobs.ts";

let store: OwnLedger;
let repository: MadeRepository;
let url: string;

beforeAll(async () => {
  store = await makeTestLedger(inject("databaseUrl"));
  ({ repository, url } = store);
});

afterAll(() => store.close());

async function claimAll(ledger: TestLedger["ledger"], gateway: string): Promise<ClaimedJob[]> {
  const claimed: ClaimedJob[] = [];
  while (await hasClaimable(ledger.database)) claimed.push(...(await claimFor(ledger, gateway, 3)));
  return claimed;
}

describe("claimJobs", () => {
  it("gives each of 200 jobs to exactly one of four gateways that claim at once", async () => {
    const runs = await Promise.all(
      Array.from({ length: 50 }, () =>
        makeRun(store.database, repository, [{ key: "a" }, { key: "b" }, { key: "c" }, { key: "d" }]),
      ),
    );
    const gateways = ["g1", "g2", "g3", "g4"].map((name) => ({ name, own: openTestLedger(url) }));
    const claims = await Promise.all(gateways.map(({ name, own }) => claimAll(own.ledger, name)));
    await Promise.all(gateways.map(({ own }) => own.close()));

    const jobIds = claims.flat().map((claim) => claim.jobId);
    expect(jobIds).toHaveLength(200);
    expect(new Set(jobIds).size).toBe(200);
    expect(claims.flat().every((claim) => claim.attempt === 1)).toBe(true);
    for (const { runId } of runs) {
      const events = await readEvents(store.database, runId);
      expect(events.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5]);
      expect(events.map((event) => event.type)).toEqual(["run", "job", "job", "job", "job"]);
      expect(await readRun(store.database, runId)).toMatchObject({ status: "running", lastEventSeq: 5 });
    }
  });

  it("gives the attempt a token of its own, of which only the hash is stored", async () => {
    const { runId } = await makeRun(store.database, repository, [{ key: "a" }, { key: "b" }]);
    const claims = await claimFor(store.ledger, "tokens");
    const [first, second] = claims;
    expect(first?.runToken).not.toBe(second?.runToken);
    expect(isWellFormedToken(first?.runToken ?? "")).toBe(true);
    for (const job of await readJobs(store.database, runId)) {
      const claim = claims.find(({ jobId }) => jobId === job.id);
      expect(job.tokenHash).toBe(await hashSecret(claim?.runToken ?? ""));
      expect(job).toMatchObject({
        status: "running",
        gateway: "tokens",
        sandbox: "test sandbox",
        attempt: 1,
      });
      expect(job.leaseUntil?.getTime()).toBeGreaterThan(Date.now() + 5_000);
    }
    expect(first?.timings.queue).toBeGreaterThanOrEqual(0);
    expect(first?.run).toMatchObject({ owner: repository.owner, repository: "demo", event: "push" });
  });

  it("takes the most urgent first, then the oldest, and no more than asked", async () => {
    const made = await makeRun(store.database, repository, [
      { key: "late", priority: 5 },
      { key: "old" },
      { key: "new" },
    ]);
    const first = await claimFor(store.ledger, "order", 1);
    const second = await claimFor(store.ledger, "order", 1);
    const third = await claimFor(store.ledger, "order", 1);
    const claimed = [first, second, third].map((claims) => claims.map((claim) => claim.jobId));
    expect(claimed).toEqual([[made.jobIds.old], [made.jobIds.new], [made.jobIds.late]]);
    expect(await claimFor(store.ledger, "order")).toEqual([]);
  });

  it("leaves a run alone that is being cancelled or waits for approval", async () => {
    const cancelled = await makeRun(store.database, repository, [{ key: "a" }]);
    const unapproved = await makeRun(store.database, repository, [{ key: "a" }]);
    await store.database
      .update(workflowRuns)
      .set({ cancelRequestedAt: new Date() })
      .where(eq(workflowRuns.id, cancelled.runId));
    await store.database
      .update(workflowRuns)
      .set({ status: "needs_approval" })
      .where(eq(workflowRuns.id, unapproved.runId));
    expect(await claimFor(store.ledger, "g")).toEqual([]);
    expect(await hasClaimable(store.database)).toBe(false);
    await store.database.delete(workflowRuns).where(eq(workflowRuns.repositoryId, repository.id));
  });

  it("waits for nobody: a run that is locked is skipped and seen to be claimable still", async () => {
    const { runId } = await makeRun(store.database, repository, [{ key: "a" }]);
    await store.database.transaction(async (transaction) => {
      await transaction
        .select({ id: workflowRuns.id })
        .from(workflowRuns)
        .where(eq(workflowRuns.id, runId))
        .for("update");
      expect(await claimFor(store.ledger, "g")).toEqual([]);
      expect(await hasClaimable(store.database)).toBe(true);
    });
    expect(await claimFor(store.ledger, "g")).toHaveLength(1);
    const [job] = await store.database
      .select({ status: workflowJobs.status })
      .from(workflowJobs)
      .where(eq(workflowJobs.runId, runId));
    expect(job?.status).toBe("running");
  });
});
