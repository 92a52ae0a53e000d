// The one module that makes R2 keys of the git engine. Invariant: every pack has a storage key of its own, which is made
// once and never used again, so that what is stored under it never changes; the catalog's row says which pack it is.
import { SPOOL_PART_BYTES } from "../limits.ts";
import { GRAPH_VERSION } from "../pack/pack-graph.ts";

/** A storage key that nothing else has or will have, of a pack with its index and graph beside it. */
export function createStorageKey(repositoryId: number): string {
  return `${repositoryPrefix(repositoryId)}packs/${crypto.randomUUID()}`;
}

/** Likewise, of a pack in one object with its index and graph (joined-pack.ts). */
export function createJoinedKey(repositoryId: number): string {
  return `${repositoryPrefix(repositoryId)}joined/${crypto.randomUUID()}`;
}

/** Likewise, of a pack in pieces of SPOOL_PART_BYTES, each an object, with its index and graph beside them. */
export function createPiecesKey(repositoryId: number): string {
  return `${repositoryPrefix(repositoryId)}pieces/${crypto.randomUUID()}`;
}

/** Whether a pack's index and graph are in one object with it. */
export function isJoined(storageKey: string): boolean {
  return storageKey.includes("/joined/");
}

/** Of a pack that is one object. */
export function packKey(storageKey: string): string {
  return `${storageKey}.pack`;
}

/** Of a piece, counted from 0, of a pack in pieces. */
export function pieceKey(storageKey: string, piece: number): string {
  return `${storageKey}.${piece}.pack`;
}

/** The keys of the object or the pieces that hold a pack's bytes, in order. */
export function packKeys(storageKey: string, sizeBytes: number): string[] {
  if (!storageKey.includes("/pieces/")) return [packKey(storageKey)];
  const count = Math.ceil(sizeBytes / SPOOL_PART_BYTES);
  return Array.from({ length: count }, (_, piece) => pieceKey(storageKey, piece));
}

export function indexKey(storageKey: string): string {
  return `${storageKey}.idx`;
}

export function graphKey(storageKey: string): string {
  return `${storageKey}.graph`;
}

/** A graph made anew, in the format of today, of a pack that was stored with one of an older format. */
export function rebuiltGraphKey(storageKey: string): string {
  return `${storageKey}.v${GRAPH_VERSION}.graph`;
}

/** What a pack's objects reference beyond it, as it was read from them (housekeeping/pack-needs.ts). */
export function needsKey(storageKey: string): string {
  return `${storageKey}.needs`;
}

/** The refs that a pack is offered with as a bundle, where it is. */
export function bundleHeadKey(storageKey: string): string {
  return `${storageKey}.bundle`;
}

/** A part of an import, as it was uploaded. */
export function importPartKey(repositoryId: number, importId: number, part: number): string {
  return `${importPrefix(repositoryId, importId)}${part}`;
}

/** What an attempt at an import has put aside for the next one. */
export function importStateKey(repositoryId: number, importId: number, attempt: number): string {
  return `${importPrefix(repositoryId, importId)}state-${attempt}`;
}

/** What the keys of all parts of an import begin with. */
export function importPrefix(repositoryId: number, importId: number): string {
  return `repos/${repositoryId}/imports/${importId}/`;
}

/** The id of the import that an object belongs to; null for a key that is no import's. */
export function parseImportKey(key: string): number | null {
  const id = /^repos\/\d{1,15}\/imports\/(\d{1,15})\/./.exec(key)?.[1];
  return id === undefined ? null : Number(id);
}

/** All that R2 holds of every pack. */
export function listPackKeys({ storageKey, sizeBytes }: { storageKey: string; sizeBytes: number }): string[] {
  const keys = packKeys(storageKey, sizeBytes);
  return isJoined(storageKey) ? keys : [...keys, indexKey(storageKey), graphKey(storageKey)];
}

/** All that R2 may hold of a pack: what was made of it later, too. */
export function listRemovedKeys(pack: { storageKey: string; sizeBytes: number }): string[] {
  const { storageKey } = pack;
  const made = [rebuiltGraphKey(storageKey), needsKey(storageKey), bundleHeadKey(storageKey)];
  return [...listPackKeys(pack), ...made];
}

/** Before every key of this module. */
export const REPOSITORIES_PREFIX = "repos/";

/** Before every key of a repository. */
export function repositoryPrefix(repositoryId: number): string {
  return `${REPOSITORIES_PREFIX}${repositoryId}/`;
}

/** The storage key of the pack that an object belongs to; null for a key that is no pack's. */
export function parseStorageKey(key: string): string | null {
  // Packs used to be named by their hash, and to be under `staging/` before that was known.
  const match =
    /^(repos\/\d{1,15}\/(?:packs|joined|pieces|staging)\/[0-9a-f-]{36,40})\.(?:(?:\d{1,6}\.)?pack|idx|(?:v\d{1,6}\.)?graph|needs|bundle)$/.exec(
      key,
    );
  return match?.[1] ?? null;
}
