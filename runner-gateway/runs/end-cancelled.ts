// Ends runs whose cancellation was asked for while no attempt had any of their jobs. Where many are asked for at once,
// as when somebody is suspended, they are only marked, and this is what ends them.
import { and, asc, eq, isNotNull } from "drizzle-orm";
import { workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import { CANCELLED_RUNS_PER_LOOK } from "../limits.ts";
import { advanceRun } from "./advance-run.ts";
import type { RunLedger } from "./run-ledger.ts";

/** Cancels the waiting jobs of such runs, at most CANCELLED_RUNS_PER_LOOK of them. @returns how many runs. */
export async function endCancelledRuns(ledger: RunLedger): Promise<number> {
  const found = await ledger.database
    .selectDistinct({ id: workflowRuns.id })
    .from(workflowJobs)
    .innerJoin(workflowRuns, eq(workflowRuns.id, workflowJobs.runId))
    .where(and(eq(workflowJobs.status, "waiting"), isNotNull(workflowRuns.cancelRequestedAt)))
    .orderBy(asc(workflowRuns.id))
    .limit(CANCELLED_RUNS_PER_LOOK);
  for (const { id } of found) await ledger.change(id, advanceRun);
  return found.length;
}
