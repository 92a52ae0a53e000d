// Reads a pack's index (gitformat-pack, "Version 2 pack-*.idx files"): which objects it has and where.
// Parsing checks every size once, so no later read can leave the buffer; nothing is copied.
import { GitError } from "../object/git-error.ts";
import { compareOidBytes, formatOid, OID_BYTES, type Oid, parseOid } from "../object/oid.ts";
import { PACK_HEADER_BYTES, PACK_TRAILER_BYTES } from "./write-entry.ts";

export const IDX_SIGNATURE = 0xff744f63;
export const IDX_HEADER_BYTES = 8;
export const FANOUT_BYTES = 256 * 4;

export interface PackIndex {
  readonly count: number;
  readonly packSha: Oid;
  /** Bytes of the pack this indexes. */
  readonly packSizeBytes: number;
  /** The position of an object (by id, or its 20 bytes), or -1 when the pack doesn't have it. */
  find(oid: Oid | Uint8Array, at?: number): number;
  oidAt(position: number): Oid;
  /** Copies the 20 bytes of an id into `into` at `at`. */
  copyOid(position: number, into: Uint8Array, at: number): void;
  /** Where the object's entry begins in the pack. */
  offsetAt(position: number): number;
  /** Where the object's entry ends in the pack. The first call sorts all offsets. */
  endOffsetAt(position: number): number;
  /** The CRC-32 of the entry's stored bytes. */
  crcAt(position: number): number;
  /** The position of the object whose entry begins at `offset`, or -1. */
  findByOffset(offset: number): number;
  /** All positions in the order of the pack. Shared: not to be changed. */
  positionsByOffset(): Uint32Array;
}

/** The size of the index of a pack below 2 GiB. */
export function measureIndex(objectCount: number): number {
  return IDX_HEADER_BYTES + FANOUT_BYTES + objectCount * (OID_BYTES + 8) + 2 * OID_BYTES;
}

function badIndex(why: string): GitError {
  return new GitError("bad_index", `bad pack index: ${why}`);
}

interface Layout {
  readonly count: number;
  readonly largeCount: number;
  readonly oidsAt: number;
  readonly crcsAt: number;
  readonly offsetsAt: number;
  readonly largeOffsetsAt: number;
  readonly packShaAt: number;
}

function readLayout(bytes: Uint8Array, view: DataView): Layout {
  if (bytes.length < IDX_HEADER_BYTES + FANOUT_BYTES + 40) throw badIndex("it is too short");
  if (view.getUint32(0) !== IDX_SIGNATURE || view.getUint32(4) !== 2)
    throw badIndex("it is not of version 2");
  let previous = 0;
  for (let i = 0; i < 256; i++) {
    const next = view.getUint32(IDX_HEADER_BYTES + 4 * i);
    if (next < previous) throw badIndex("its fan-out table goes backwards");
    previous = next;
  }
  const count = previous;
  const oidsAt = IDX_HEADER_BYTES + FANOUT_BYTES;
  const crcsAt = oidsAt + count * OID_BYTES;
  const offsetsAt = crcsAt + count * 4;
  const largeOffsetsAt = offsetsAt + count * 4;
  const packShaAt = bytes.length - 40;
  const largeBytes = packShaAt - largeOffsetsAt;
  if (largeBytes < 0 || largeBytes % 8 !== 0 || largeBytes / 8 > count) throw badIndex("its size is wrong");
  return { count, largeCount: largeBytes / 8, oidsAt, crcsAt, offsetsAt, largeOffsetsAt, packShaAt };
}

function readOffset(view: DataView, layout: Layout, position: number): number {
  const offset = view.getUint32(layout.offsetsAt + 4 * position);
  if (offset < 0x80000000) return offset;
  const at = layout.largeOffsetsAt + 8 * (offset - 0x80000000);
  return view.getUint32(at) * 0x100000000 + view.getUint32(at + 4);
}

function checkEntries(bytes: Uint8Array, view: DataView, layout: Layout, packSizeBytes: number): void {
  const { count, oidsAt } = layout;
  for (let position = 0; position < count; position++) {
    const at = oidsAt + position * OID_BYTES;
    const first = bytes[at]!;
    const from = first === 0 ? 0 : view.getUint32(IDX_HEADER_BYTES + 4 * (first - 1));
    if (position < from || position >= view.getUint32(IDX_HEADER_BYTES + 4 * first)) {
      throw badIndex("its fan-out table is wrong");
    }
    if (position > 0 && compareOidBytes(bytes, at - OID_BYTES, bytes, at) >= 0)
      throw badIndex("its ids are out of order");
    const offset = view.getUint32(layout.offsetsAt + 4 * position);
    if (offset >= 0x80000000 && offset - 0x80000000 >= layout.largeCount)
      throw badIndex("an offset is missing");
    const whole = readOffset(view, layout, position);
    if (whole < PACK_HEADER_BYTES || whole >= packSizeBytes - PACK_TRAILER_BYTES) {
      throw badIndex("an offset lies outside the pack");
    }
  }
}

function sortByOffset(view: DataView, layout: Layout): { offsets: Float64Array; positions: Uint32Array } {
  const { count } = layout;
  const offsets = new Float64Array(count);
  const byPosition = new Float64Array(count);
  for (let i = 0; i < count; i++) byPosition[i] = readOffset(view, layout, i);
  offsets.set(byPosition);
  offsets.sort();
  const positions = new Uint32Array(count);
  for (let position = 0; position < count; position++) {
    positions[findOffset(offsets, byPosition[position]!)] = position;
  }
  return { offsets, positions };
}

function findOffset(offsets: Float64Array, offset: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = offsets[middle]!;
    if (found === offset) return middle;
    if (found < offset) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * Reads an index of version 2 for a pack of `packSizeBytes`. The bytes are kept, not copied.
 * Throws GitError `bad_index` when anything in it contradicts the format or the pack's size.
 */
export function parsePackIndex(bytes: Uint8Array, packSizeBytes: number): PackIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = readLayout(bytes, view);
  checkEntries(bytes, view, layout, packSizeBytes);
  const { count, oidsAt } = layout;
  let sorted: { offsets: Float64Array; positions: Uint32Array } | null = null;
  const sort = () => {
    sorted ??= sortByOffset(view, layout);
    return sorted;
  };
  return {
    count,
    packSha: formatOid(bytes, layout.packShaAt),
    packSizeBytes,
    find(oid, at = 0) {
      const wanted = typeof oid === "string" ? parseOid(oid) : oid;
      const first = wanted[at]!;
      let low = first === 0 ? 0 : view.getUint32(IDX_HEADER_BYTES + 4 * (first - 1));
      let high = view.getUint32(IDX_HEADER_BYTES + 4 * first) - 1;
      while (low <= high) {
        const middle = (low + high) >>> 1;
        const order = compareOidBytes(bytes, oidsAt + middle * OID_BYTES, wanted, at);
        if (order === 0) return middle;
        if (order < 0) low = middle + 1;
        else high = middle - 1;
      }
      return -1;
    },
    oidAt: (position) => formatOid(bytes, oidsAt + position * OID_BYTES),
    copyOid(position, into, at) {
      const from = oidsAt + position * OID_BYTES;
      for (let i = 0; i < OID_BYTES; i++) into[at + i] = bytes[from + i]!;
    },
    offsetAt: (position) => readOffset(view, layout, position),
    endOffsetAt(position) {
      const { offsets } = sort();
      return (
        offsets[findOffset(offsets, readOffset(view, layout, position)) + 1] ??
        packSizeBytes - PACK_TRAILER_BYTES
      );
    },
    crcAt: (position) => view.getUint32(layout.crcsAt + 4 * position),
    findByOffset(offset) {
      const { offsets, positions } = sort();
      return positions[findOffset(offsets, offset)] ?? -1;
    },
    positionsByOffset: () => sort().positions,
  };
}
