// Deletes the objects of packs that were replaced, once nobody can still be reading them.
// Invariant: a pack whose row is live or retired has all its objects in R2, whoever pushes the same pack meanwhile:
// - a pack changes its state only under the lock of its repository's row;
// - objects are deleted only under a storage key that a row marked `deleting` had, and no storage key is used twice;
// - a push of the same pack gives such a row the storage key of its own objects (REVIVE_PACK), so that what is deleted
//   here is nobody's, and the row isn't deleted in the end: it has another key by then;
// - before a pack is marked, the packs that are served were proven to hold all that refs reach (prove-whole.ts). What is
//   served later does too: pushes are checked, and packs are replaced only after the same proof.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "../../core/db.ts";
import {
  DELETED_PACKS_PER_TICK,
  DELETION_TAKEOVER_MS,
  GAP_RECHECK_MS,
  RETIRED_PACK_KEPT_MS,
} from "../limits.ts";
import { listRemovedKeys } from "../store/keys.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
import { lockRepository } from "./commit-repack.ts";
import { VerifyBudget } from "./find-gaps.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";
import { proveWhole } from "./prove-whole.ts";
import { readRepository } from "./read-repository.ts";

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
  const proof = new DeletionProof(context);
  for (const pack of due) {
    if (!(await proof.mayDelete(pack.repositoryId))) continue;
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

/** Finds out once for each repository, and within one budget for all, whether its live packs hold all that refs reach. */
class DeletionProof {
  private readonly context: HousekeepingContext;
  private readonly budget = new VerifyBudget();
  private readonly known = new Map<number, boolean>();

  constructor(context: HousekeepingContext) {
    this.context = context;
  }

  async mayDelete(repositoryId: number): Promise<boolean> {
    const known = this.known.get(repositoryId) ?? (await this.prove(repositoryId));
    this.known.set(repositoryId, known);
    return known;
  }

  private async prove(repositoryId: number): Promise<boolean> {
    const { context, budget } = this;
    const state = await readRepository(context.database, repositoryId, 0);
    // Of a repository that has gone no ref reaches anything.
    if (state === null) return true;
    return (await proveWhole(context, repositoryId, state.packs, state.tips, budget)) === "whole";
  }
}

function isDue({ keptMs, takeoverMs, repositoryId }: DeletionOptions) {
  const ago = (ms: number) => sql`now() - ${ms}::double precision * interval '1 millisecond'`;
  const isWanted = repositoryId === undefined ? sql`true` : sql`repository_id = ${repositoryId}`;
  // Where something is missing, all stays in place; it is looked for again after a while.
  const isStopped = sql`EXISTS (SELECT FROM repository_gaps
    WHERE repository_gaps.repository_id = packs.repository_id AND checked_at > ${ago(GAP_RECHECK_MS)})`;
  return sql`${isWanted} AND NOT ${isStopped} AND ((state = 'retired' AND retired_at <= ${ago(keptMs)})
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
