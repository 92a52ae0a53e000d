// The packs that make up a repository. Invariant: a row is there only after the pack and its sidecars are in R2.
import { and, eq } from "drizzle-orm";
import { packs } from "../../../schema/tables/git.ts";
import type { Executor } from "../../core/db.ts";
import type { Oid } from "../object/oid.ts";

export interface StoredPack {
  readonly sha: Oid;
  readonly sizeBytes: number;
  readonly objectCount: number;
}

/** The packs that a repository is served from. */
export async function listPacks(query: Executor, repositoryId: number): Promise<StoredPack[]> {
  return query
    .select({ sha: packs.sha, sizeBytes: packs.sizeBytes, objectCount: packs.objectCount })
    .from(packs)
    .where(and(eq(packs.repositoryId, repositoryId), eq(packs.state, "live")));
}
