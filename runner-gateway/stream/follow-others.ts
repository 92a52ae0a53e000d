// Events that another process wrote (the Worker, another gateway): looked for now and then, for followed runs only.
import { inArray } from "drizzle-orm";
import { workflowRuns } from "../../schema/tables/runs.ts";
import type { Database } from "../database.ts";
import type { RunFeed } from "./run-feed.ts";

/** Wakes the readers of every followed run that has events beyond what this process wrote. */
export async function followOthers(database: Database, feed: RunFeed): Promise<void> {
  const followed = feed.listFollowed();
  if (followed.length === 0) return;
  const rows = await database
    .select({ id: workflowRuns.id, lastSeq: workflowRuns.lastEventSeq })
    .from(workflowRuns)
    .where(
      inArray(
        workflowRuns.id,
        followed.map(({ runId }) => runId),
      ),
    );
  for (const row of rows) feed.hint(row.id, row.lastSeq);
}
