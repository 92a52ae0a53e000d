// The one transaction by which packs take the place of others. Invariant: a pack is retired only in the transaction that
// makes its replacement live, and only while every pack that was replaced is live itself; unreachable objects are dropped
// only while no ref has moved since they were found to be so.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Database, Executor } from "../../core/db.ts";
import type { Oid } from "../object/oid.ts";
import { GRAPH_VERSION } from "../pack/pack-graph.ts";
import { REVIVE_PACK, type StoredPack } from "../store/catalog.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";

interface RepackCommit {
  readonly repositoryId: number;
  readonly sources: readonly StoredPack[];
  readonly pack: StoredPack | null;
  /** As it was before the new pack was stored. */
  readonly packEpoch: number;
  /** Where objects were dropped: the number of the last ref operation that was taken into account; else null. */
  readonly droppedAtVersion: number | null;
}

/** `outdated`: nothing was done, for what it was made from is no more; `refs-moved`: likewise, but that may be made good. */
export type RepackOutcome =
  /** `storageKey`: where the new pack is; another than the caller's when the catalog had it already; null without one. */
  | { readonly kind: "committed"; readonly storageKey: string | null }
  | { readonly kind: "outdated" | "refs-moved" };

/** Puts a stored pack in the place of others. */
export async function commitRepack(database: Database, repack: RepackCommit): Promise<RepackOutcome> {
  return database.transaction(async (transaction) => {
    const { repositoryId, sources, pack } = repack;
    const shas = sources.map(({ sha }) => sha);
    const now = await lockRepository(transaction, repositoryId);
    if (now === null || now.packEpoch !== repack.packEpoch) return { kind: "outdated" };
    const state = await readCatalog(transaction, repositoryId, shas);
    if (state.live !== shas.length) return { kind: "outdated" };
    if (repack.droppedAtVersion !== null && state.version !== repack.droppedAtVersion) {
      return { kind: "refs-moved" };
    }
    const storageKey = pack === null ? null : await insertPack(transaction, repositoryId, pack, shas);
    await transaction.execute(
      sql`UPDATE packs SET state = 'retired', retired_at = now()
        WHERE repository_id = ${repositoryId} AND sha = ANY(${sql.param(shas)}::text[]) AND sha <> ${pack?.sha ?? ""}`,
    );
    if (repack.droppedAtVersion !== null) await growEpoch(transaction, repositoryId);
    return { kind: "committed", storageKey };
  });
}

/** Takes the lock under which alone packs change their state; null when the repository is gone. */
export async function lockRepository(
  transaction: Executor,
  repositoryId: number,
): Promise<{ packEpoch: number } | null> {
  const [row] = await queryRows(
    transaction,
    sql`SELECT pack_epoch AS "packEpoch" FROM repositories WHERE id = ${repositoryId} FOR NO KEY UPDATE`,
    z.object({ packEpoch: bigintColumn }),
  );
  return row ?? null;
}

/** Tells pushes under way that stored objects may have gone. The repository is locked. */
async function growEpoch(transaction: Executor, repositoryId: number): Promise<void> {
  await transaction.execute(
    sql`UPDATE repositories SET pack_epoch = pack_epoch + 1 WHERE id = ${repositoryId}`,
  );
}

const catalogSchema = z.object({ live: bigintColumn, version: bigintColumn });

async function readCatalog(
  transaction: Executor,
  repositoryId: number,
  sources: readonly Oid[],
): Promise<z.infer<typeof catalogSchema>> {
  const [row] = await queryRows(
    transaction,
    sql`SELECT
      (SELECT count(*) FROM packs WHERE repository_id = ${repositoryId}
        AND sha = ANY(${sql.param(sources)}::text[]) AND state = 'live') AS live,
      (SELECT coalesce(max(id), 0) FROM ref_operations WHERE repository_id = ${repositoryId}) AS version`,
    catalogSchema,
  );
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  return row;
}

// It is as old as the youngest of those it replaces, so that grace isn't given again and again.
async function insertPack(
  transaction: Executor,
  repositoryId: number,
  pack: StoredPack,
  sources: readonly Oid[],
): Promise<string> {
  const [row] = await queryRows(
    transaction,
    sql`INSERT INTO packs (repository_id, sha, storage_key, size_bytes, object_count, graph_version, class, created_at)
      SELECT ${repositoryId}::bigint, ${pack.sha}, ${pack.storageKey}, ${pack.sizeBytes}::bigint,
        ${pack.objectCount}::integer, ${GRAPH_VERSION}::integer, 'repack', max(created_at)
      FROM packs WHERE repository_id = ${repositoryId} AND sha = ANY(${sql.param(sources)}::text[])
      ON CONFLICT (repository_id, sha) DO UPDATE SET ${REVIVE_PACK}, class = 'repack'
      RETURNING storage_key AS "storageKey"`,
    z.object({ storageKey: z.string() }),
  );
  if (row === undefined) throw new Error("an INSERT gave no row");
  return row.storageKey;
}
