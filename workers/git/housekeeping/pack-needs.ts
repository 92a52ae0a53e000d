// What a stored pack needs of others, found out once by reading all its commits, trees and tags (verify/find-needs.ts) and
// kept beside it. Invariant: a record is made only of a pack whose every byte in R2 is as it was received, by the SHA-1 that is
// its name; it is used only if its own SHA-256 is right, else the pack is read again.
//
// Layout: "PLND" | u32 version, little-endian | 20 bytes pack sha | 20 bytes × ids | 32 bytes SHA-256 of all before it
import { createHash } from "node:crypto";
import { GitError } from "../object/git-error.ts";
import { formatOid, OID_BYTES, parseOid } from "../object/oid.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import { needsKey } from "../store/keys.ts";
import type { UploadedFile } from "../store/uploaded-file.ts";
import { findNeeds } from "../verify/find-needs.ts";

const MAGIC = 0x444e4c50;
const VERSION = 1;
const HEAD_BYTES = 8 + OID_BYTES;
const DIGEST_BYTES = 32;
/** What is read at once. */
const RANGE_BYTES = 4 * 1024 * 1024;

/** The ids, 20 bytes each, that were found before; null where the pack is still to be read. */
export async function readNeeds(
  bucket: R2Bucket,
  storageKey: string,
  { packSha }: PackIndex,
): Promise<Uint8Array | null> {
  const object = await bucket.get(needsKey(storageKey));
  return object === null ? null : parseRecord(new Uint8Array(await object.arrayBuffer()), packSha);
}

/** Reads a pack, whatever its size, and keeps what it needs. Throws GitError when it or its index is damaged. */
export async function recordNeeds(
  bucket: R2Bucket,
  storageKey: string,
  index: PackIndex,
  file: UploadedFile,
): Promise<Uint8Array> {
  await requireReceived(file, index.packSha);
  const ids = await findNeeds(file, index);
  await bucket.put(needsKey(storageKey), formatRecord(ids, index.packSha));
  return ids;
}

/** Throws GitError `bad_checksum` unless the pack in R2 is, to the last byte, the one of that name. */
async function requireReceived(file: UploadedFile, packSha: string): Promise<void> {
  const hash = createHash("sha1");
  const end = file.sizeBytes - OID_BYTES;
  for (let at = 0; at < end; at += RANGE_BYTES) {
    const bytes = await file.read(at, Math.min(RANGE_BYTES, end - at));
    hash.update(bytes);
    if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  }
  const trailer = formatOid(await file.read(Math.max(0, end), Math.min(OID_BYTES, file.sizeBytes)));
  const digest = hash.digest("hex");
  if (digest === packSha && trailer === packSha) return;
  throw new GitError("bad_checksum", `the bytes in R2 aren't those of pack ${packSha}`);
}

const digestOf = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

function formatRecord(ids: Uint8Array, packSha: string): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  head.set(parseOid(packSha), 8);
  const said = Buffer.concat([head, ids]);
  return Buffer.concat([said, digestOf(said)]);
}

function parseRecord(bytes: Uint8Array, packSha: string): Uint8Array | null {
  const end = bytes.length - DIGEST_BYTES;
  if (end < HEAD_BYTES || (end - HEAD_BYTES) % OID_BYTES !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION) return null;
  if (formatOid(bytes, 8) !== packSha) return null;
  if (digestOf(bytes.subarray(0, end)).compare(bytes, end) !== 0) return null;
  return bytes.subarray(HEAD_BYTES, end);
}
