// Deletes the objects of packs that were replaced, once nobody can still be reading them.
// Invariant: a pack whose row is live or retired has all its objects in R2, whoever pushes the same pack meanwhile:
// - a pack changes its state only under the lock of its repository's row;
// - objects are deleted only under a storage key that a row marked `deleting` had, and no storage key is used twice;
// - a push of the same pack gives such a row the storage key of its own objects (REVIVE_PACK), so that what is deleted
//   here is nobody's, and the row isn't deleted in the end: it has another key by then.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "../../core/db.ts";
import { DELETED_PACKS_PER_TICK, DELETION_TAKEOVER_MS, RETIRED_PACK_KEPT_MS } from "../limits.ts";
import { listRemovedKeys } from "../store/keys.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
import { lockRepository } from "./commit-repack.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";

interface DeletionOptions {
  /** How long a retired pack can still be read. */
  readonly keptMs: number;
  /** After this long, a deletion that was begun and not ended is begun again. */
  readonly takeoverMs: number;
  /** The one repository to look at; all when there is none. */
  readonly repositoryId?: number;
}

const defaultOptions: DeletionOptions = { keptMs: RETIRED_PACK_KEPT_MS, takeoverMs: DELETION_TAKEOVER_MS };

interface DeletedPack {
  readonly repositoryId: number;
  readonly storageKey: string;
  readonly sizeBytes: number;
}

const rowSchema = z.object({ repositoryId: bigintColumn, storageKey: z.string(), sizeBytes: bigintColumn });

/** Deletes packs that were retired long enough ago, a bounded number of them. @returns how many. */
export async function deleteRetiredPacks(
  context: HousekeepingContext,
  options: DeletionOptions = defaultOptions,
): Promise<number> {
  const due = await queryRows(
    context.database.query,
    sql`SELECT repository_id AS "repositoryId", storage_key AS "storageKey", size_bytes AS "sizeBytes"
      FROM packs WHERE ${isDue(options)}
      ORDER BY retired_at LIMIT ${DELETED_PACKS_PER_TICK}`,
    rowSchema,
  );
  let deleted = 0;
  for (const pack of due) {
    const isMarked = await context.database.transaction((transaction) =>
      markForDeletion(transaction, pack, options),
    );
    if (!isMarked) continue;
    await context.reach?.("marked for deletion");
    await deleteMarkedPack(context, pack);
    deleted++;
  }
  return deleted;
}

function isDue({ keptMs, takeoverMs, repositoryId }: DeletionOptions) {
  const ago = (ms: number) => sql`now() - ${ms}::double precision * interval '1 millisecond'`;
  const isWanted = repositoryId === undefined ? sql`true` : sql`repository_id = ${repositoryId}`;
  return sql`${isWanted} AND ((state = 'retired' AND retired_at <= ${ago(keptMs)})
    OR (state = 'deleting' AND retired_at <= ${ago(takeoverMs)}))`;
}

// A push may have revived it since it was found.
async function markForDeletion(
  transaction: Executor,
  { repositoryId, storageKey }: DeletedPack,
  options: DeletionOptions,
): Promise<boolean> {
  await lockRepository(transaction, repositoryId);
  const marked = await queryRows(
    transaction,
    sql`UPDATE packs SET state = 'deleting', retired_at = now()
      WHERE storage_key = ${storageKey} AND ${isDue(options)} RETURNING id`,
    z.object({ id: bigintColumn }),
  );
  return marked.length > 0;
}

/** Deletes the objects of a pack that the caller marked, and then its row. */
async function deleteMarkedPack(
  { bucket, database, reach }: HousekeepingContext,
  { repositoryId, storageKey, sizeBytes }: DeletedPack,
): Promise<void> {
  await bucket.delete(listRemovedKeys({ storageKey, sizeBytes }));
  await reach?.("objects deleted");
  await database.transaction(async (transaction) => {
    await lockRepository(transaction, repositoryId);
    await transaction.execute(
      sql`DELETE FROM packs WHERE storage_key = ${storageKey} AND state = 'deleting'`,
    );
  });
}
