// Finds what uploads left behind in R2 when they were cut off, slice by slice over all keys, and deletes it.
// Invariant: nothing is deleted that a row names or that is young. Storage keys are used once, by an invocation that ends
// long before what it stored is old, so a key that is old and in no row will never be in one.
import { sql } from "drizzle-orm";
import { z } from "zod";
import { ORPHAN_GRACE_MS, SWEEP_PASS_MS, SWEPT_KEYS_PER_TICK } from "../limits.ts";
import { parseImportKey, parseStorageKey, REPOSITORIES_PREFIX } from "../store/keys.ts";
import { bigintColumn, queryRows } from "../store/query-rows.ts";
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
  const oldKeys = listed.objects.flatMap(({ key, uploaded }) =>
    uploaded.getTime() <= oldestMs ? [key] : [],
  );
  const old = oldKeys.flatMap((key) => {
    const storageKey = parseStorageKey(key);
    return storageKey === null ? [] : [{ key, storageKey }];
  });
  const unnamed = await findUnnamed(context, [...new Set(old.map(({ storageKey }) => storageKey))]);
  const packs = old.filter(({ storageKey }) => unnamed.has(storageKey)).map(({ key }) => key);
  const orphans = [...packs, ...(await findForgottenImports(context, oldKeys))];
  await context.reach?.("orphans found");
  if (orphans.length > 0) await bucket.delete(orphans);
  const last = listed.truncated ? (listed.objects.at(-1)?.key ?? "") : "";
  await context.database.query.execute(
    sql`UPDATE sweeps SET after_key = ${last}, updated_at = now() WHERE name = ${options.name}`,
  );
  return { deleted: orphans.length, isPassOver: last === "" };
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

async function findUnnamed(
  { database }: HousekeepingContext,
  found: readonly string[],
): Promise<ReadonlySet<string>> {
  if (found.length === 0) return new Set();
  const rows = await queryRows(
    database.query,
    sql`SELECT found.key FROM unnest(${sql.param(found)}::text[]) AS found (key)
      WHERE NOT EXISTS (SELECT FROM packs WHERE packs.storage_key = found.key)`,
    z.object({ key: z.string() }),
  );
  return new Set(rows.map(({ key }) => key));
}

/** What is left of imports that ended, or whose repository is gone. The others look after themselves. */
async function findForgottenImports(
  { database }: HousekeepingContext,
  keys: readonly string[],
): Promise<string[]> {
  const found = keys.flatMap((key) => {
    const id = parseImportKey(key);
    return id === null ? [] : [{ key, id }];
  });
  if (found.length === 0) return [];
  const kept = await queryRows(
    database.query,
    sql`SELECT id FROM imports
      WHERE has_parts AND id = ANY(${sql.param(found.map(({ id }) => String(id)))}::bigint[])`,
    z.object({ id: bigintColumn }),
  );
  const keptIds = new Set(kept.map(({ id }) => id));
  return found.filter(({ id }) => !keptIds.has(id)).map(({ key }) => key);
}
