// A ledger on a test's database that remembers what it told, and a log that stays silent.
import { createMigratedDatabase } from "../../scripts/testing/migrated-database.ts";
import { type OpenDatabase, openDatabase } from "../database.ts";
import { createLog } from "../log.ts";
import { type ClaimedJob, claimJobs } from "../runs/claim-jobs.ts";
import type { StoredEvent } from "../runs/run-change.ts";
import { createRunLedger, type RunLedger } from "../runs/run-ledger.ts";
import type { ReportingAttempt } from "../runs/store-events.ts";
import { type MadeRepository, makeRepository } from "./make-run.ts";

export const silentLog = createLog({}, () => undefined);

export interface TestLedger extends OpenDatabase {
  ledger: RunLedger;
  published: { runId: number; events: readonly StoredEvent[] }[];
  topics: string[];
}

export function openTestLedger(url: string): TestLedger {
  const opened = openDatabase(url, silentLog);
  const published: TestLedger["published"] = [];
  const topics: string[] = [];
  const ledger = createRunLedger(opened.database, {
    published: (runId, events) => published.push({ runId, events }),
    announced: (announced) => topics.push(...announced),
  });
  return { ...opened, ledger, published, topics };
}

export interface OwnLedger extends TestLedger {
  /** The address of its database. */
  url: string;
  repository: MadeRepository;
}

/** A ledger on a migrated database of its own that holds one repository; closing it drops the database. */
export async function makeTestLedger(serverUrl: string): Promise<OwnLedger> {
  const { url, drop } = await createMigratedDatabase(serverUrl);
  const store = openTestLedger(url);
  const repository = await makeRepository(store.database);
  const close = async () => {
    await store.close();
    await drop();
  };
  return { ...store, url, repository, close };
}

/** Claims up to `limit` jobs for a gateway of this name. */
export function claimFor(ledger: RunLedger, gateway: string, limit = 10): Promise<ClaimedJob[]> {
  return claimJobs(ledger, { gateway, sandbox: "test sandbox", limit });
}

/** The claim as its report is stored. */
export function reportOf(claim: ClaimedJob): ReportingAttempt {
  return {
    ...{ runId: claim.runId, jobId: claim.jobId, attempt: claim.attempt, timings: claim.timings },
    runCreatedAtMs: claim.run.createdAt.getTime(),
    claimedAtMs: claim.claimedAtMs,
    handedOverAtMs: claim.claimedAtMs,
  };
}
