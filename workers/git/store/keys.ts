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

/** All that R2 holds of a pack. */
export function listPackKeys(repositoryId: number, sha: Oid): string[] {
  return [packKey(repositoryId, sha), indexKey(repositoryId, sha), graphKey(repositoryId, sha)];
}

/** Before every key of this module. */
export const REPOSITORIES_PREFIX = "repos/";

/** Before every key of a repository. */
export function repositoryPrefix(repositoryId: number): string {
  return `${REPOSITORIES_PREFIX}${repositoryId}/`;
}

export interface ParsedKey {
  readonly key: string;
  readonly repositoryId: number;
  readonly kind: "pack" | "staging";
  /** A pack's hash, or the upload's own name. */
  readonly name: string;
}

/** What a key is the key of; null for one that this module doesn't make. */
export function parseKey(key: string): ParsedKey | null {
  const match =
    /^repos\/(\d{1,15})\/(?:packs\/([0-9a-f]{40})\.(?:pack|idx|graph)|staging\/([^/]+)\.pack)$/.exec(key);
  if (match === null) return null;
  const [, repositoryId, sha, upload] = match;
  const kind = sha === undefined ? "staging" : "pack";
  return { key, repositoryId: Number(repositoryId), kind, name: sha ?? upload ?? "" };
}
