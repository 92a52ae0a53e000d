// The one module that makes R2 keys of the git engine. Invariant: every pack has a storage key of its own, which is made
// once and never used again, so that what is stored under it never changes; the catalog's row says which pack it is.

/** A storage key that nothing else has or will have, of a pack with its index and graph beside it. */
export function createStorageKey(repositoryId: number): string {
  return `${repositoryPrefix(repositoryId)}packs/${crypto.randomUUID()}`;
}

/** Likewise, of a pack in one object with its index and graph (joined-pack.ts). */
export function createJoinedKey(repositoryId: number): string {
  return `${repositoryPrefix(repositoryId)}joined/${crypto.randomUUID()}`;
}

/** Whether a pack's index and graph are in one object with it. */
export function isJoined(storageKey: string): boolean {
  return storageKey.includes("/joined/");
}

export function packKey(storageKey: string): string {
  return `${storageKey}.pack`;
}

export function indexKey(storageKey: string): string {
  return `${storageKey}.idx`;
}

export function graphKey(storageKey: string): string {
  return `${storageKey}.graph`;
}

/** The refs that a pack is offered with as a bundle, where it is. */
export function bundleHeadKey(storageKey: string): string {
  return `${storageKey}.bundle`;
}

/** Says which multipart upload a pack arrives by, for whoever finds that nobody goes on with it. */
export function uploadNoteKey(storageKey: string): string {
  return `${storageKey}.upload`;
}

/** The storage key that an upload's note is for; null for a key that is no such note's. */
export function parseUploadNoteKey(key: string): string | null {
  return /^(repos\/\d{1,15}\/packs\/[0-9a-f-]{36})\.upload$/.exec(key)?.[1] ?? null;
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

/** All that R2 holds of a pack. */
export function listPackKeys(storageKey: string): string[] {
  if (isJoined(storageKey)) return [packKey(storageKey)];
  return [packKey(storageKey), indexKey(storageKey), graphKey(storageKey)];
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
    /^(repos\/\d{1,15}\/(?:packs|joined|staging)\/[0-9a-f-]{36,40})\.(?:pack|idx|graph|bundle)$/.exec(key);
  return match?.[1] ?? null;
}
