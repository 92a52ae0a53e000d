// What a fetch must know of a repository, read in one statement: its packs hold all that its refs of that moment
// reach, whatever is pushed meanwhile.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "../../core/db.ts";
import type { Oid } from "../object/oid.ts";
import { type StoredPack, selectPacks, storedPacks } from "./catalog.ts";
import { bigintColumn, queryRows } from "./query-rows.ts";
import { HIDDEN_PREFIX, type StoredRef } from "./refs.ts";

interface RepositorySnapshot {
  /** Grows with every move of a ref: the number of the last operation, 0 before the first. */
  readonly version: number;
  readonly packs: readonly StoredPack[];
  /** Those of the asked ids that a visible ref points at. */
  readonly tips: ReadonlySet<Oid>;
  /** Those of the asked names that exist and are visible. */
  readonly refs: readonly StoredRef[];
}

/** Ids that are looked for among the tips of refs; of more, none is, and each is looked for in history. */
const ASKED_OIDS_MAX = 1000;

const rowSchema = z.object({
  version: bigintColumn,
  packs: storedPacks,
  tips: z.array(z.string()),
  refs: z.array(z.object({ name: z.string(), oid: z.string(), peeled: z.string().nullable() })),
});

/** Reads a repository's packs, and what is known of the asked ids and names. */
export async function readSnapshot(
  query: Executor,
  repositoryId: number,
  asked: { readonly oids: readonly Oid[]; readonly names: readonly string[] },
): Promise<RepositorySnapshot> {
  const oids = asked.oids.length > ASKED_OIDS_MAX ? [] : asked.oids;
  const visible = sql`repository_id = ${repositoryId} AND NOT starts_with(name, ${HIDDEN_PREFIX})`;
  const statement = sql`SELECT
    (SELECT coalesce(max(id), 0) FROM ref_operations WHERE repository_id = ${repositoryId}) AS version,
    ${selectPacks(repositoryId)} AS packs,
    (SELECT coalesce(json_agg(DISTINCT oid), '[]')
      FROM refs WHERE ${visible} AND oid = ANY(${sql.param(oids)}::text[])) AS tips,
    (SELECT coalesce(json_agg(json_build_object('name', name, 'oid', oid, 'peeled', peeled)), '[]')
      FROM refs WHERE ${visible} AND name = ANY(${sql.param(asked.names)}::text[])) AS refs`;
  const [row] = await queryRows(query, statement, rowSchema);
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  return { ...row, tips: new Set(row.tips) };
}
