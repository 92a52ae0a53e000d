// Deletes the objects of packs that were replaced, once nobody can still be reading them.
// Invariant: a pack whose row is live or retired has all its objects in R2, whoever pushes the same pack meanwhile:
// - a pack changes its state only under the lock of its repository's row;
// - objects are deleted only while the row says `deleting`, by the one who set that, within an invocation's life;
// - a push does not take a pack whose row says `deleting` (commit-push.ts), and stores its pack anew and tries again;
// - when the objects are gone the row goes too, and the pack epoch grows in that transaction: a push that put its pack
//   into R2 before that, perhaps only for it to be deleted here, finds the epoch changed at its commit and puts it again.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "../../core/db.ts";
import { DELETED_PACKS_PER_TICK, DELETION_TAKEOVER_MS, RETIRED_PACK_KEPT_MS } from "../limits.ts";
import type { Oid } from "../object/oid.ts";
import { listPackKeys } from "../store/keys.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
import { growEpoch, lockRepository } from "./commit-repack.ts";
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

export interface DeletedPack {
  readonly repositoryId: number;
  readonly sha: Oid;
}

const rowSchema = z.object({ repositoryId: bigintColumn, sha: z.string() });

/** Deletes packs that were retired long enough ago, a bounded number of them. @returns how many. */
export async function deleteRetiredPacks(
  context: HousekeepingContext,
  options: DeletionOptions = defaultOptions,
): Promise<number> {
  const due = await queryRows(
    context.database.query,
    sql`SELECT repository_id AS "repositoryId", sha FROM packs WHERE ${isDue(options)}
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
  { repositoryId, sha }: DeletedPack,
  options: DeletionOptions,
): Promise<boolean> {
  await lockRepository(transaction, repositoryId);
  const marked = await queryRows(
    transaction,
    sql`UPDATE packs SET state = 'deleting', retired_at = now()
      WHERE repository_id = ${repositoryId} AND sha = ${sha} AND ${isDue(options)} RETURNING sha`,
    z.object({ sha: z.string() }),
  );
  return marked.length > 0;
}

/** Deletes the objects of a pack that the caller marked, and then its row. */
export async function deleteMarkedPack(
  { bucket, database, reach }: HousekeepingContext,
  { repositoryId, sha }: DeletedPack,
): Promise<void> {
  await bucket.delete(listPackKeys(repositoryId, sha));
  await reach?.("objects deleted");
  await database.transaction(async (transaction) => {
    await lockRepository(transaction, repositoryId);
    await transaction.execute(
      sql`DELETE FROM packs WHERE repository_id = ${repositoryId} AND sha = ${sha} AND state = 'deleting'`,
    );
    await growEpoch(transaction, repositoryId);
  });
}
