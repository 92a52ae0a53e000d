// The packs that make up a repository. Invariant: a row is there only after the pack and its sidecars are in R2.
import { and, eq, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { packs } from "../../../schema/tables/git.ts";
import type { Executor } from "../../core/db.ts";
import { REPOSITORY_LIMIT_BYTES, REPOSITORY_OBJECT_LIMIT } from "../limits.ts";
import type { Oid } from "../object/oid.ts";
import { bigintColumn, queryRows } from "./query-rows.ts";

export interface StoredPack {
  readonly sha: Oid;
  /** Where it is in R2 (keys.ts). */
  readonly storageKey: string;
  readonly sizeBytes: number;
  readonly objectCount: number;
}

/** The columns of a pack's row that reading it takes. */
export const packColumns = {
  sha: packs.sha,
  storageKey: packs.storageKey,
  sizeBytes: packs.sizeBytes,
  objectCount: packs.objectCount,
};

/** The live packs of a repository, as a JSON array for `storedPacks`. */
export function selectPacks(repositoryId: number | SQL): SQL {
  return sql`(SELECT coalesce(json_agg(json_build_object(
      'sha', sha, 'storageKey', storage_key, 'sizeBytes', size_bytes, 'objectCount', object_count)), '[]')
    FROM packs WHERE repository_id = ${repositoryId} AND state = 'live')`;
}

export const storedPacks = z.array(
  z.object({ sha: z.string(), storageKey: z.string(), sizeBytes: z.number(), objectCount: z.number() }),
);

/**
 * What becomes of a row when its pack is stored again: it is live, with the objects that it has; where those may just be
 * going, with the new ones.
 */
export const REVIVE_PACK = sql`state = 'live', retired_at = NULL,
  storage_key = CASE packs.state WHEN 'deleting' THEN excluded.storage_key ELSE packs.storage_key END,
  graph_version = CASE packs.state WHEN 'deleting' THEN excluded.graph_version ELSE packs.graph_version END`;

/** The packs that a repository is served from. */
export async function listPacks(query: Executor, repositoryId: number): Promise<StoredPack[]> {
  return query
    .select(packColumns)
    .from(packs)
    .where(and(eq(packs.repositoryId, repositoryId), eq(packs.state, "live")));
}

/** What a repository's packs may take together. */
export interface Quota {
  readonly sizeBytes: number;
  readonly objectCount: number;
}

const catalogSchema = z.object({
  packEpoch: bigintColumn,
  namespaces: z.array(z.string()),
  quota: z.object({ sizeBytes: z.number(), objectCount: z.number() }),
  packs: storedPacks,
  refs: z.array(z.object({ name: z.string(), oid: z.string() })),
});

interface Catalog {
  /** By this commitPush sees that none of the packs' objects has gone since. */
  readonly packEpoch: number;
  /** What of `refs/` may be pushed. */
  readonly namespaces: readonly string[];
  readonly quota: Quota;
  readonly packs: readonly StoredPack[];
  /** Those of the asked names that exist, hidden ones included. */
  readonly refs: readonly { readonly name: string; readonly oid: Oid }[];
}

/** What a push must know of a repository, and of the refs of some full names. */
export async function readCatalog(
  query: Executor,
  repositoryId: number,
  names: readonly string[] = [],
): Promise<Catalog> {
  const [row] = await queryRows(
    query,
    sql`SELECT pack_epoch AS "packEpoch", json_build_object(
        'sizeBytes', coalesce(quota_bytes, ${REPOSITORY_LIMIT_BYTES}::bigint),
        'objectCount', coalesce(quota_objects, ${REPOSITORY_OBJECT_LIMIT}::integer)) AS quota,
        to_json(ref_namespaces) AS namespaces,
        ${selectPacks(sql`repositories.id`)} AS packs,
        (SELECT coalesce(json_agg(json_build_object('name', name, 'oid', oid)), '[]') FROM refs
          WHERE repository_id = ${repositoryId} AND refs.name = ANY(${sql.param(names)}::text[])) AS refs
      FROM repositories WHERE id = ${repositoryId}`,
    catalogSchema,
  );
  // Of a repository that has just gone; commitPush says so.
  return (
    row ?? { packEpoch: 0, namespaces: [], quota: { sizeBytes: 0, objectCount: 0 }, packs: [], refs: [] }
  );
}
