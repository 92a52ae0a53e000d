// What a fetch must know of a repository, read in one statement: its packs hold all that its refs of that moment
// reach, whatever is pushed meanwhile.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "../../core/db.ts";
import type { Oid } from "../object/oid.ts";
import { selectPacks, storedPacks } from "./catalog.ts";
import { bigintColumn, queryRows } from "./query-rows.ts";
import { type RefState, selectVersion } from "./ref-state.ts";
import { HIDDEN_PREFIX, type StoredRef } from "./refs.ts";

export interface RepositorySnapshot extends RefState {
  /** Those of the asked ids that a visible ref points at. */
  readonly tips: ReadonlySet<Oid>;
  /** Those of the asked names that exist and are visible. */
  readonly refs: readonly StoredRef[];
  /** The annotated tags, where they were asked for; null when there are too many for one statement. */
  readonly tags: readonly TagRef[] | null;
}

/** A ref to an annotated tag. */
export type TagRef = Pick<StoredRef, "oid" | "peeled">;

/** Tags that are read with everything else; of more, none is. */
const TAGS_MAX = 2000;

/** Ids that are looked for among the tips of refs; of more, none is, and each is looked for in history. */
const ASKED_OIDS_MAX = 1000;

const rowSchema = z.object({
  version: bigintColumn,
  packs: storedPacks,
  tips: z.array(z.string()),
  refs: z.array(z.object({ name: z.string(), oid: z.string(), peeled: z.string().nullable() })),
  tags: z.array(z.object({ oid: z.string(), peeled: z.string() })),
});

/** What is looked for. */
interface Asked {
  readonly oids?: readonly Oid[];
  readonly names?: readonly string[];
  /** Whether all annotated tags are. */
  readonly tags?: boolean;
}

/** Reads a repository's packs, and what is known of the asked ids and names. */
export async function readSnapshot(
  query: Executor,
  repositoryId: number,
  { oids = [], names = [], tags = false }: Asked = {},
): Promise<RepositorySnapshot> {
  const asked = oids.length > ASKED_OIDS_MAX ? [] : oids;
  const visible = sql`repository_id = ${repositoryId} AND NOT starts_with(name, ${HIDDEN_PREFIX})`;
  const annotated = sql`SELECT oid, peeled FROM refs WHERE repository_id = ${repositoryId}
    AND name >= 'refs/tags/' AND name < 'refs/tags0' AND peeled IS NOT NULL LIMIT ${TAGS_MAX + 1}`;
  const statement = sql`SELECT ${selectVersion(repositoryId)} AS version,
    ${selectPacks(repositoryId)} AS packs,
    (SELECT coalesce(json_agg(DISTINCT oid), '[]')
      FROM refs WHERE ${visible} AND oid = ANY(${sql.param(asked)}::text[])) AS tips,
    (SELECT coalesce(json_agg(json_build_object('name', name, 'oid', oid, 'peeled', peeled)), '[]')
      FROM refs WHERE ${visible} AND name = ANY(${sql.param(names)}::text[])) AS refs,
    ${tags ? sql`(SELECT coalesce(json_agg(tag), '[]') FROM (${annotated}) AS tag)` : sql`'[]'::json`} AS tags`;
  const [row] = await queryRows(query, statement, rowSchema);
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  const isWhole = row.tags.length <= TAGS_MAX;
  return { ...row, repositoryId, tips: new Set(row.tips), tags: isWhole ? row.tags : null };
}
