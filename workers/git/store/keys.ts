// The one module that makes R2 keys of the git engine. A pack and its sidecars are named by the pack's own hash;
// a pack that is still being received has a name nobody else will use.
import type { Oid } from "../object/oid.ts";

export function packKey(repositoryId: number, sha: Oid): string {
  return `repos/${repositoryId}/packs/${sha}.pack`;
}

export function indexKey(repositoryId: number, sha: Oid): string {
  return `repos/${repositoryId}/packs/${sha}.idx`;
}

export function graphKey(repositoryId: number, sha: Oid): string {
  return `repos/${repositoryId}/packs/${sha}.graph`;
}

/** Where a pack is kept while its hash isn't known. */
export function stagingKey(repositoryId: number, uploadId: string): string {
  return `repos/${repositoryId}/staging/${uploadId}.pack`;
}

/** A part of an import, as it was uploaded. */
export function importPartKey(repositoryId: number, importId: number, part: number): string {
  return `${importPrefix(repositoryId, importId)}${part}`;
}

/** What the keys of all parts of an import begin with. */
export function importPrefix(repositoryId: number, importId: number): string {
  return `repos/${repositoryId}/imports/${importId}/`;
}
