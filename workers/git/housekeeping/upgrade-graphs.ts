// Makes the graphs of an older format anew, before housekeeping relies on any. Each that is made is stored at once, so that
// what was cut off goes on where it was.
import { and, desc, eq, lt, sql } from "drizzle-orm";
import { packs } from "../../../schema/tables/git.ts";
import type { Database } from "../../core/db.ts";
import { GAP_RECHECK_MS, GRAPHS_REBUILT_PER_STEP_BYTES } from "../limits.ts";
import { GRAPH_VERSION } from "../pack/pack-graph.ts";
import { packColumns } from "../store/catalog.ts";
import { upgradePack } from "../store/pack-store.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";

const isOld = and(eq(packs.state, "live"), lt(packs.graphVersion, GRAPH_VERSION));

/** Repositories with graphs that are to be made anew, a bounded number of them. */
export async function listOldGraphs({ query }: Pick<Database, "query">, limit: number): Promise<number[]> {
  const rows = await query
    .selectDistinct({ id: packs.repositoryId })
    .from(packs)
    .where(
      and(
        isOld,
        sql`NOT EXISTS (SELECT FROM repository_gaps WHERE repository_gaps.repository_id = ${packs.repositoryId}
          AND checked_at > now() - ${GAP_RECHECK_MS}::double precision * interval '1 millisecond')`,
      ),
    )
    .orderBy(packs.repositoryId)
    .limit(limit);
  return rows.map(({ id }) => id);
}

/**
 * Makes graphs of one repository anew, as many as fit one step. Throws GitError or ForgeError when a pack is damaged.
 * @returns whether there was any
 */
export async function upgradeGraphs(
  { bucket, database }: HousekeepingContext,
  repositoryId: number,
): Promise<boolean> {
  const old = await database.query
    .select(packColumns)
    .from(packs)
    .where(and(eq(packs.repositoryId, repositoryId), isOld))
    .orderBy(desc(packs.objectCount));
  let readBytes = 0;
  for (const pack of old) {
    if (readBytes > 0 && readBytes + pack.sizeBytes > GRAPHS_REBUILT_PER_STEP_BYTES) break;
    await upgradePack(bucket, pack);
    readBytes += pack.sizeBytes;
    // Where the row has another place by now, its graph is of today.
    await database.query
      .update(packs)
      .set({ graphVersion: GRAPH_VERSION })
      .where(eq(packs.storageKey, pack.storageKey));
  }
  return old.length > 0;
}
