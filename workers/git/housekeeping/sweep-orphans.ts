// Finds what uploads left behind in R2 when they were cut off, slice by slice over all keys, and deletes it.
// Invariant: nothing young is touched, and a pack is deleted only by way of a row of its own that says `deleting`
// (delete-packs.ts), so that a push of the same pack at the same time loses nothing.
import { sql } from "drizzle-orm";
import { z } from "zod";
import { ORPHAN_GRACE_MS, SWEEP_PASS_MS, SWEPT_KEYS_PER_TICK } from "../limits.ts";
import { type ParsedKey, parseKey, REPOSITORIES_PREFIX } from "../store/keys.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
import { lockRepository } from "./commit-repack.ts";
import { type DeletedPack, deleteMarkedPack } from "./delete-packs.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";

/** What may be set otherwise in tests. */
interface SweepOptions {
  readonly graceMs: number;
  readonly passMs: number;
  readonly keysPerSlice: number;
  /** Where the sweep's place is kept, and below which prefix it looks. */
  readonly name: string;
  readonly prefix: string;
}

const defaultOptions: SweepOptions = {
  graceMs: ORPHAN_GRACE_MS,
  passMs: SWEEP_PASS_MS,
  keysPerSlice: SWEPT_KEYS_PER_TICK,
  name: "orphans",
  prefix: REPOSITORIES_PREFIX,
};

/**
 * Looks at the next slice of keys; between two passes at none. Cut off, the same slice is looked at again.
 * @returns how many orphans were deleted, and whether the pass has come to its end.
 */
export async function sweepOrphans(
  context: HousekeepingContext,
  options: SweepOptions = defaultOptions,
): Promise<{ deleted: number; isPassOver: boolean }> {
  const { bucket } = context;
  const { prefix, keysPerSlice } = options;
  const afterKey = await readPlace(context, options);
  if (afterKey === null) return { deleted: 0, isPassOver: true };
  const place = afterKey === "" ? {} : { startAfter: afterKey };
  const listed = await bucket.list({ prefix, limit: keysPerSlice, ...place });
  const oldestMs = Date.now() - options.graceMs;
  const old = listed.objects.flatMap(({ key, uploaded }) => {
    const parsed = uploaded.getTime() <= oldestMs ? parseKey(key) : null;
    return parsed === null ? [] : [parsed];
  });
  const deleted = (await deleteStaged(context, old)) + (await deleteOrphanedPacks(context, old));
  const last = listed.truncated ? (listed.objects.at(-1)?.key ?? "") : "";
  await context.database.query.execute(
    sql`UPDATE sweeps SET after_key = ${last}, updated_at = now() WHERE name = ${options.name}`,
  );
  return { deleted, isPassOver: last === "" };
}

/** Where to go on, empty at the beginning of a pass; null when the next pass isn't due. */
async function readPlace({ database }: HousekeepingContext, options: SweepOptions): Promise<string | null> {
  const rows = await queryRows(
    database.query,
    sql`INSERT INTO sweeps (name) VALUES (${options.name})
      ON CONFLICT (name) DO UPDATE SET
        pass_started_at = CASE WHEN sweeps.after_key = '' THEN now() ELSE sweeps.pass_started_at END
      WHERE sweeps.after_key <> ''
        OR sweeps.pass_started_at <= now() - ${options.passMs}::double precision * interval '1 millisecond'
      RETURNING after_key AS "afterKey"`,
    z.object({ afterKey: z.string() }),
  );
  return rows[0]?.afterKey ?? null;
}

// Nobody else will ever use their names, and whoever did has ended.
async function deleteStaged({ bucket }: HousekeepingContext, keys: readonly ParsedKey[]): Promise<number> {
  const staged = keys.filter(({ kind }) => kind === "staging").map(({ key }) => key);
  if (staged.length > 0) await bucket.delete(staged);
  return staged.length;
}

async function deleteOrphanedPacks(
  context: HousekeepingContext,
  keys: readonly ParsedKey[],
): Promise<number> {
  const byName = new Map<string, DeletedPack>();
  for (const { kind, repositoryId, name } of keys) {
    if (kind === "pack") byName.set(`${repositoryId}/${name}`, { repositoryId, sha: name });
  }
  let deleted = 0;
  for (const pack of await findUnnamed(context, [...byName.values()])) {
    if (!(await adoptOrphan(context, pack))) continue;
    await context.reach?.("orphan adopted");
    await deleteMarkedPack(context, pack);
    deleted++;
  }
  return deleted;
}

async function findUnnamed(
  { database }: HousekeepingContext,
  found: readonly DeletedPack[],
): Promise<DeletedPack[]> {
  if (found.length === 0) return [];
  return queryRows(
    database.query,
    sql`SELECT found."repositoryId", found.sha
      FROM jsonb_to_recordset(${JSON.stringify(found)}::jsonb) AS found ("repositoryId" bigint, sha text)
      WHERE NOT EXISTS (SELECT FROM packs WHERE repository_id = found."repositoryId" AND packs.sha = found.sha)`,
    z.object({ repositoryId: bigintColumn, sha: z.string() }),
  );
}

/** Gives an orphan a row that says `deleting`; false when a push has given it one. */
async function adoptOrphan(
  { database }: HousekeepingContext,
  { repositoryId, sha }: DeletedPack,
): Promise<boolean> {
  return database.transaction(async (transaction) => {
    // Of a repository that is gone nothing can become live again.
    if ((await lockRepository(transaction, repositoryId)) === null) return true;
    const rows = await queryRows(
      transaction,
      sql`INSERT INTO packs (repository_id, sha, size_bytes, object_count, state, retired_at)
        VALUES (${repositoryId}, ${sha}, 0, 0, 'deleting', now()) ON CONFLICT DO NOTHING RETURNING sha`,
      z.object({ sha: z.string() }),
    );
    return rows.length > 0;
  });
}
