// What housekeeping decides by, all of one moment: packs, every ref, and the numbers by which it sees at its commit
// whether they have changed.
import { and, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { packs, refs } from "../../../schema/tables/git.ts";
import type { Database } from "../../core/db.ts";
import type { Oid } from "../object/oid.ts";
import { packColumns, type StoredPack } from "../store/catalog.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";

export interface AgedPack extends StoredPack {
  /** Old enough for its unreachable objects to be dropped. */
  readonly isAged: boolean;
}

export interface RepositoryState {
  readonly packEpoch: number;
  /** The number of the last ref operation, 0 before the first. */
  readonly version: number;
  /** Whether unreachable objects are to be looked for. */
  readonly isDue: boolean;
  readonly packs: readonly AgedPack[];
  /** What refs point at, hidden refs included. */
  readonly tips: readonly Oid[];
}

const rowSchema = z.object({ epoch: bigintColumn, version: bigintColumn, due: z.boolean() });

/** Reads a repository, or null when there is none. @param graceMs the age from which a pack counts as aged */
export async function readRepository(
  database: Database,
  repositoryId: number,
  graceMs: number,
): Promise<RepositoryState | null> {
  return database.snapshot(async (query) => {
    const [row] = await queryRows(
      query,
      sql`SELECT pack_epoch AS epoch, coalesce(housekeep_at <= now(), false) AS due,
          (SELECT coalesce(max(id), 0) FROM ref_operations WHERE repository_id = ${repositoryId}) AS version
        FROM repositories WHERE id = ${repositoryId}`,
      rowSchema,
    );
    if (row === undefined) return null;
    const live = await query
      .select({
        ...packColumns,
        isAged: sql<boolean>`${packs.createdAt} <= now() - ${graceMs}::double precision * interval '1 millisecond'`,
      })
      .from(packs)
      .where(and(eq(packs.repositoryId, repositoryId), eq(packs.state, "live")));
    const tips = await query
      .selectDistinct({ oid: refs.oid })
      .from(refs)
      .where(eq(refs.repositoryId, repositoryId));
    return {
      packEpoch: row.epoch,
      version: row.version,
      isDue: row.due,
      packs: live,
      tips: tips.map(({ oid }) => oid),
    };
  });
}
