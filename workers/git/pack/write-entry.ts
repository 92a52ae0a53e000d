// Pack entries as they are written (gitformat-pack): the type-and-size header, the offset of an OFS_DELTA's
// base, the pack's own header, and deflated bodies.
import { deflateSync } from "node:zlib";

/** Bytes of a pack's header and of its trailer. */
export const PACK_HEADER_BYTES = 12;
export const PACK_TRAILER_BYTES = 20;

/** The pack header: "PACK", version 2, the number of objects. */
export function encodePackHeader(objectCount: number): Uint8Array {
  const header = new Uint8Array(PACK_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x5041434b);
  view.setUint32(4, 2);
  view.setUint32(8, objectCount);
  return header;
}

/** Writes an entry's type code and inflated size at `at`; returns where it ends (at most 8 bytes on). */
export function writeEntryHeader(into: Uint8Array, at: number, typeCode: number, sizeBytes: number): number {
  let rest = Math.floor(sizeBytes / 16);
  let byte = (typeCode << 4) | (sizeBytes & 15);
  let position = at;
  while (rest > 0) {
    into[position++] = byte | 0x80;
    byte = rest & 0x7f;
    rest = Math.floor(rest / 128);
  }
  into[position++] = byte;
  return position;
}

/** Writes how far back an OFS_DELTA's base lies, in bytes; returns where it ends (at most 8 bytes on). */
export function writeBaseDistance(into: Uint8Array, at: number, distanceBytes: number): number {
  let length = 1;
  for (let rest = Math.floor(distanceBytes / 128); rest > 0; rest = Math.floor((rest - 1) / 128)) length++;
  let rest = distanceBytes;
  let more = 0;
  for (let position = at + length - 1; position >= at; position--) {
    into[position] = (rest % 128) | more;
    rest = Math.floor(rest / 128) - 1;
    more = 0x80;
  }
  return at + length;
}

/** A whole non-delta entry: header and deflated bytes. */
export function encodeEntry(typeCode: number, bytes: Uint8Array): Uint8Array {
  const body = deflateSync(bytes);
  const header = new Uint8Array(10);
  const headerBytes = writeEntryHeader(header, 0, typeCode, bytes.length);
  const entry = new Uint8Array(headerBytes + body.length);
  entry.set(header.subarray(0, headerBytes));
  entry.set(body, headerBytes);
  return entry;
}
