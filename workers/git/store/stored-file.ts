// The bytes of a stored pack as R2 holds them, in one object or in pieces, for who reads all of it. Invariant: what is read
// is what was there when this was opened.
import { SPOOL_PART_BYTES } from "../limits.ts";
import type { StoredPack } from "./catalog.ts";
import { isJoined, packKeys } from "./keys.ts";
import { UploadedFile, type UploadedPart } from "./uploaded-file.ts";

/** `file`: null where an object is missing. `problems`: what R2 has otherwise than the catalog says. */
interface StoredFile {
  readonly file: UploadedFile | null;
  readonly problems: readonly string[];
}

/** Opens a pack's objects as they are, whatever their sizes. */
export async function openStoredFile(
  bucket: R2Bucket,
  { storageKey, sizeBytes }: StoredPack,
): Promise<StoredFile> {
  const keys = packKeys(storageKey, sizeBytes);
  const heads = await Promise.all(keys.map((key) => bucket.head(key)));
  const parts: UploadedPart[] = [];
  const problems: string[] = [];
  for (const [piece, head] of heads.entries()) {
    if (head === null) return { file: null, problems: [...problems, `${keys[piece]} is not in R2`] };
    const { key, etag, size } = head;
    // What comes behind the pack, of one that is joined, isn't the pack.
    parts.push({ key, etag, sizeBytes: isJoined(storageKey) ? Math.min(size, sizeBytes) : size });
    const expectedBytes =
      keys.length === 1 ? sizeBytes : Math.min(SPOOL_PART_BYTES, sizeBytes - piece * SPOOL_PART_BYTES);
    if (isJoined(storageKey) ? size < expectedBytes : size !== expectedBytes) {
      problems.push(`${key} has ${size} bytes, the catalog says ${expectedBytes}`);
    }
  }
  return { file: new UploadedFile(bucket, parts), problems };
}
