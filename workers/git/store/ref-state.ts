// What a repository's refs and packs were at a moment, by name. Invariant: two moments of the same name have the same refs,
// all of them, and the same objects under the same numbers, so what was found out at one holds at the other.
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Executor } from "../../core/db.ts";
import { GRAPH_VERSION } from "../pack/pack-graph.ts";
import type { StoredPack } from "./catalog.ts";
import { bigintColumn, queryRows } from "./query-rows.ts";

export interface RefState {
  readonly repositoryId: number;
  /** Grows with every move of a ref: the number of the last operation, 0 before the first. */
  readonly version: number;
  readonly packs: readonly StoredPack[];
}

/** The column of a repository's version. */
export const selectVersion = (repositoryId: number) =>
  sql`(SELECT coalesce(max(id), 0) FROM ref_operations WHERE repository_id = ${repositoryId})`;

/**
 * A text that no other state has. Packs are named by where they are, which nothing else ever is, and what is found out
 * about them by the format of the graphs that said it.
 */
export function nameState({ repositoryId, version, packs }: RefState): string {
  const keys = packs.map(({ storageKey }) => storageKey).sort();
  return [GRAPH_VERSION, repositoryId, version, ...keys].join(" ");
}

/** The version at this moment. */
export async function readVersion(query: Executor, repositoryId: number): Promise<number> {
  const statement = sql`SELECT ${selectVersion(repositoryId)} AS version`;
  const [row] = await queryRows(query, statement, z.object({ version: bigintColumn }));
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  return row.version;
}
