// Which objects may be dropped, and from which packs. Invariant: whatever stays stored, reachable or not, keeps all that it
// references. A push may refer to any object that is stored, and is checked no further than that object's being there.
import { ForgeError } from "../../core/errors.ts";
import { REPACK_LIMIT_BYTES, REPACK_OBJECT_LIMIT } from "../limits.ts";
import type { Oid } from "../object/oid.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { markReachable } from "../pack/plan-fetch-visible.ts";
import { findUnreachedMembers, planCollection } from "../pack/plan-repack.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { openPacks } from "../store/pack-store.ts";
import type { AgedPack, RepositoryState } from "./read-repository.ts";

/** What one repack combines and how much of it. */
export const REPACK_BOUNDS = { sizeBytes: REPACK_LIMIT_BYTES, objectCount: REPACK_OBJECT_LIMIT };

interface Drop {
  readonly sources: readonly AgedPack[];
  isKept(oid: Uint8Array): boolean;
}

/** The packs of a repository and what its refs point at. */
interface Walk {
  readonly set: PackSet;
  readonly tips: readonly number[];
}

/** Opens a repository to walk through it. Throws ForgeError `internal` when a ref points nowhere. */
export async function openWalk(
  bucket: R2Bucket,
  repositoryId: number,
  state: RepositoryState,
): Promise<Walk> {
  const { set } = new RepositoryPacks(await openPacks(bucket, state.packs));
  const tips = state.tips.map((oid) => {
    const number = set.find(oid);
    if (number !== NOT_HERE) return number;
    const cause = new Error(`a ref of repository ${repositoryId} points at ${oid}, which no pack has`);
    throw new ForgeError("internal", "This repository is damaged.", { cause });
  });
  return { set, tips };
}

/** Marks what must stay while some packs are replaced: all that the refs and the objects of all other packs reach. */
export function markStaying({ set, tips }: Walk, replaced: ReadonlySet<Oid>): Uint8Array {
  const from = [...tips];
  set.members.forEach(({ index }, member) => {
    if (replaced.has(index.packSha)) return;
    const start = set.startOf(member);
    for (let position = 0; position < index.count; position++) from.push(start + position);
  });
  return markReachable(set, from);
}

const shasOf = (packs: readonly AgedPack[]) => new Set(packs.map(({ sha }) => sha));

/**
 * Finds packs whose unreachable objects can be dropped together. Throws GitError `missing_object` when something that is
 * referenced is missing: a damaged repository is left alone.
 */
export function planDrop(
  walk: Walk,
  packs: readonly AgedPack[],
): { readonly hasUnreachable: boolean; readonly drop: Drop | null } {
  const { set, tips } = walk;
  const packOf = new Map(packs.map((pack) => [pack.sha, pack]));
  const membersToPacks = (members: readonly number[]) =>
    members.map((member) => packOf.get(set.members[member]!.index.packSha)!);
  const hasUnreachable = findUnreachedMembers(set, markReachable(set, tips)).length > 0;
  const aged = packs.filter(({ isAged }) => isAged);
  if (!hasUnreachable || aged.length === 0) return { hasUnreachable, drop: null };
  const candidates = membersToPacks(findUnreachedMembers(set, markStaying(walk, shasOf(aged))));
  if (candidates.length === 0) return { hasUnreachable, drop: null };
  // References form no circle, so where not all candidates fit together, there is one to begin with.
  for (const sources of [planCollection(candidates, REPACK_BOUNDS), ...candidates.map((pack) => [pack])]) {
    const staying = markStaying(walk, shasOf(sources));
    if (findUnreachedMembers(set, staying).length === 0) continue;
    const isKept = (oid: Uint8Array) => {
      const number = set.find(oid);
      return number !== NOT_HERE && staying[number] !== 0;
    };
    return { hasUnreachable, drop: { sources, isKept } };
  }
  return { hasUnreachable, drop: null };
}
