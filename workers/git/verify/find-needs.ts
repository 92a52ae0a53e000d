// What a stored pack's objects reference beyond the pack, by reading every commit, tree and tag in it. Where all packs'
// needs are met by the packs, and all refs point at objects of theirs, everything that the refs reach is there.
import { NEEDS_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import type { RangeSource } from "../pack/range-source.ts";
import { IdSet } from "./id-set.ts";
import { listReferences } from "./list-references.ts";
import { readObjects } from "./read-objects.ts";
import { RecentIds } from "./recent-ids.ts";

/** The ids, 20 bytes each, in no order. Throws GitError when the pack is damaged or needs more than NEEDS_LIMIT. */
export async function findNeeds(source: RangeSource, index: PackIndex): Promise<Uint8Array> {
  const needs = new IdSet();
  const recent = new RecentIds();
  const visit = (bytes: Uint8Array, at: number): void => {
    if (recent.saw(bytes, at) || index.find(bytes, at) >= 0) return;
    if (needs.add(bytes, at) && needs.size > NEEDS_LIMIT) {
      throw new GitError(
        "limit_exceeded",
        `pack ${index.packSha} needs more than ${NEEDS_LIMIT} objects of others`,
      );
    }
  };
  await readObjects(source, index, { wantsSizes: false }, ({ typeCode, bytes }) => {
    if (bytes !== null) listReferences(typeCode, bytes, visit);
  });
  return needs.toBytes();
}
