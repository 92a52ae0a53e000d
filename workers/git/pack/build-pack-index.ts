// Writes a pack's index (gitformat-pack, "Version 2 pack-*.idx files"), byte for byte as `git index-pack` does.
import { createHash } from "node:crypto";
import { OID_BYTES } from "../object/oid.ts";
import { FANOUT_BYTES, IDX_HEADER_BYTES, IDX_SIGNATURE } from "./pack-index.ts";

/** The objects of a pack in the ascending order of their ids. */
interface IndexedObjects {
  readonly count: number;
  copyOid(position: number, into: Uint8Array, at: number): void;
  offsetAt(position: number): number;
  crcAt(position: number): number;
}

/** Offsets above this go to the table of 64-bit offsets. */
const LARGE_OFFSET = 0x7fffffff;

/**
 * Builds an index of version 2. `packSha`: the pack's trailer. `largeOffset` lowers the bound above which an offset
 * takes 64 bits, as git's `--index-version=2,<offset>` does.
 */
export function buildPackIndex(
  objects: IndexedObjects,
  packSha: Uint8Array,
  largeOffset = LARGE_OFFSET,
): Uint8Array {
  const { count } = objects;
  let largeCount = 0;
  for (let i = 0; i < count; i++) if (objects.offsetAt(i) > largeOffset) largeCount++;
  const oidsAt = IDX_HEADER_BYTES + FANOUT_BYTES;
  const crcsAt = oidsAt + count * OID_BYTES;
  const offsetsAt = crcsAt + count * 4;
  const largeAt = offsetsAt + count * 4;
  const packShaAt = largeAt + largeCount * 8;
  const bytes = new Uint8Array(packShaAt + 2 * OID_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, IDX_SIGNATURE);
  view.setUint32(4, 2);
  const perFirstByte = new Uint32Array(256);
  let large = 0;
  for (let i = 0; i < count; i++) {
    const at = oidsAt + i * OID_BYTES;
    objects.copyOid(i, bytes, at);
    perFirstByte[bytes[at]!]!++;
    view.setUint32(crcsAt + 4 * i, objects.crcAt(i));
    const offset = objects.offsetAt(i);
    if (offset > largeOffset) {
      view.setUint32(offsetsAt + 4 * i, 0x80000000 + large);
      view.setUint32(largeAt + 8 * large, Math.floor(offset / 0x100000000));
      view.setUint32(largeAt + 8 * large + 4, offset % 0x100000000);
      large++;
    } else {
      view.setUint32(offsetsAt + 4 * i, offset);
    }
  }
  let total = 0;
  for (let byte = 0; byte < 256; byte++) {
    total += perFirstByte[byte]!;
    view.setUint32(IDX_HEADER_BYTES + 4 * byte, total);
  }
  bytes.set(packSha, packShaAt);
  const sha = createHash("sha1")
    .update(bytes.subarray(0, packShaAt + OID_BYTES))
    .digest();
  bytes.set(sha, packShaAt + OID_BYTES);
  return bytes;
}
