// The .graph sidecar of a pack: for each object, in the order of the idx, its type, size, delta base and what it
// references, so that closures and reuse of stored deltas need no object reads. Parsing checks the layout and each
// record is checked as it is read: a damaged file throws GitError `bad_graph` and never reads astray.
//
// Layout, numbers little-endian:
//   "PLGR" | u32 version = 2 | u32 objects | u32 externals | u32 ids | u32 bytes of records | 20 bytes pack sha
//   u32 × (objects + 1): where each record begins among the records, and where the last ends
//   u32 × ids: what each id, numbered as first met in the pack, is: a position, or objects + its place among externals
//   20 bytes × externals: ids that are referenced but aren't in the pack, ascending
//   1 byte × externals: the type code its references expect
//   records: type code + 8 if stored as a delta | size | position of the delta's base, if so |
//            a commit's time, or one more than the position of a tree's anchor, or 0 without one |
//            references up to the record's end, as reference-log.ts writes them; all in LEB128
import { GitError } from "../object/git-error.ts";
import { COMMIT, type ObjectType, objectTypeName, TAG, TREE } from "../object/object-type.ts";
import { compareOidBytes, formatOid, OID_BYTES, type Oid } from "../object/oid.ts";
import { ListDecoder } from "./graph-lists.ts";
import type { PackIndex } from "./pack-index.ts";

export const GRAPH_MAGIC = 0x52474c50;
/**
 * The format that is written and read. Version 1 has the same layout, but those who wrote it recorded wrong ids in some
 * trees of more than 64 entries: such a graph is made anew from its pack (store/current-graph.ts), never read.
 */
export const GRAPH_VERSION = 2;
export const GRAPH_HEADER_BYTES = 44;
export const DELTA_FLAG = 8;

export interface PackGraph {
  readonly count: number;
  /** Distinct ids that objects of this pack reference and that aren't in it, in ascending order. */
  readonly externalCount: number;
  externalOid(external: number): Oid;
  /** Copies the 20 bytes of an external id. */
  copyExternalOid(external: number, into: Uint8Array, at: number): void;
  /** What the references to an external expect it to be. */
  externalKind(external: number): ObjectType;
  /** The numeric type 1–4 (object-type.ts). */
  typeCodeAt(position: number): number;
  typeAt(position: number): ObjectType;
  /** Inflated size of the object itself (not of its delta). */
  sizeAt(position: number): number;
  /** The position of the object this one is stored as a delta against, or -1 when it is stored whole. */
  baseAt(position: number): number;
  /** A commit's committer time in seconds since 1970; 0 for everything else. */
  commitTimeAt(position: number): number;
  /**
   * Visits what an object references: a commit its tree first and then its parents in order, a tree its entries
   * in order (no gitlinks), a tag its target, a blob nothing. A reference below `count` is a position in this
   * pack, one at or above it is external number `reference - count`.
   */
  forEachReference(position: number, visit: (reference: number) => void): void;
}

/** Whether a sidecar is of a format that was written before this one: its pack is to be read again. */
export function isOldGraph(bytes: Uint8Array): boolean {
  if (bytes.length < GRAPH_HEADER_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(0, true) === GRAPH_MAGIC && view.getUint32(4, true) < GRAPH_VERSION;
}

function badGraph(why: string): GitError {
  return new GitError("bad_graph", `bad pack graph: ${why}`);
}

interface Layout {
  readonly count: number;
  readonly externalCount: number;
  readonly offsets: Uint32Array;
  readonly numbers: Uint32Array;
  readonly externalsAt: number;
  readonly kindsAt: number;
  readonly recordsAt: number;
}

function readLayout(bytes: Uint8Array, index: PackIndex): Layout {
  if (bytes.length < GRAPH_HEADER_BYTES) throw badGraph("it is too short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== GRAPH_MAGIC) throw badGraph("it isn't one");
  if (view.getUint32(4, true) !== GRAPH_VERSION) throw badGraph("it is of an unknown version");
  const count = view.getUint32(8, true);
  const externalCount = view.getUint32(12, true);
  const idCount = view.getUint32(16, true);
  const recordBytes = view.getUint32(20, true);
  if (formatOid(bytes, 24) !== index.packSha || count !== index.count)
    throw badGraph("it is of another pack");
  const externalsAt = GRAPH_HEADER_BYTES + 4 * (count + 1 + idCount);
  const kindsAt = externalsAt + externalCount * OID_BYTES;
  const recordsAt = kindsAt + externalCount;
  if (bytes.length !== recordsAt + recordBytes) throw badGraph("its size is wrong");
  const from = bytes.byteOffset + GRAPH_HEADER_BYTES;
  const tables =
    from % 4 === 0
      ? new Uint32Array(bytes.buffer, from, count + 1 + idCount)
      : new Uint32Array(new Uint8Array(bytes.subarray(GRAPH_HEADER_BYTES, externalsAt)).buffer);
  return {
    count,
    externalCount,
    offsets: tables.subarray(0, count + 1),
    numbers: tables.subarray(count + 1),
    externalsAt,
    kindsAt,
    recordsAt,
  };
}

function checkLayout(bytes: Uint8Array, layout: Layout): void {
  const { count, externalCount, offsets, externalsAt, kindsAt, recordsAt } = layout;
  if (offsets[0] !== 0 || recordsAt + offsets[count]! !== bytes.length)
    throw badGraph("its records have gaps");
  for (let i = 0; i < count; i++) {
    if (offsets[i + 1]! <= offsets[i]! || recordsAt + offsets[i + 1]! > bytes.length) {
      throw badGraph("its records are out of order");
    }
    const type = bytes[recordsAt + offsets[i]!]! & ~DELTA_FLAG;
    if (type < COMMIT || type > TAG) throw badGraph("an object has an unknown type");
  }
  for (let i = 0; i < externalCount; i++) {
    const at = externalsAt + i * OID_BYTES;
    if (i > 0 && compareOidBytes(bytes, at - OID_BYTES, bytes, at) >= 0) {
      throw badGraph("its external ids are out of order");
    }
    const kind = bytes[kindsAt + i]!;
    if (kind < COMMIT || kind > TAG) throw badGraph("an external id has an unknown type");
  }
}

/** Goes to records and reads the LEB128 numbers in them. */
class RecordReader {
  at = 0;
  end = 0;
  private readonly bytes: Uint8Array;
  private readonly layout: Layout;

  constructor(bytes: Uint8Array, layout: Layout) {
    this.bytes = bytes;
    this.layout = layout;
  }

  typeCodeAt(position: number): number {
    return this.bytes[this.layout.recordsAt + this.layout.offsets[position]!]! & ~DELTA_FLAG;
  }

  /** Goes to a record, behind its first byte, which it returns. */
  open(position: number): number {
    const { offsets, recordsAt } = this.layout;
    this.at = recordsAt + offsets[position]! + 1;
    this.end = recordsAt + offsets[position + 1]!;
    return this.bytes[this.at - 1]!;
  }

  /** Goes to what comes after size and base in a record; returns the object's type. */
  openList(position: number): number {
    const first = this.open(position);
    this.read();
    if ((first & DELTA_FLAG) !== 0) this.read();
    return first & ~DELTA_FLAG;
  }

  /** Goes to the whole list of a tree that another's is made from. */
  openAnchor(position: number): void {
    if (position >= this.layout.count || this.openList(position) !== TREE) {
      throw badGraph("a tree's anchor isn't a tree");
    }
    if (this.read() !== 0) throw badGraph("a tree's anchor isn't whole");
  }

  read(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (this.at >= this.end || scale > 2 ** 49) throw badGraph("a record is cut short");
      const byte = this.bytes[this.at++]!;
      if (byte < 128) return value + byte * scale;
      value += (byte & 0x7f) * scale;
    }
  }
}

function createReferenceWalk(
  bytes: Uint8Array,
  layout: Layout,
  reader: RecordReader,
): PackGraph["forEachReference"] {
  const lists = new ListDecoder(bytes);
  const { numbers } = layout;
  const limit = layout.count + layout.externalCount;
  return (position, visit) => {
    const bottom = lists.top;
    const type = reader.openList(position);
    const head = type === COMMIT || type === TREE ? reader.read() : 0;
    const { at, end } = reader;
    try {
      let from = bottom;
      if (type === TREE && head !== 0) {
        reader.openAnchor(head - 1);
        from = lists.pushWhole(reader.at, reader.end);
        lists.pushSteps(at, end, bottom, from);
      } else {
        lists.pushWhole(at, end);
      }
      // The visitor may ask about other objects, whose lists come and go on top of this one.
      for (let i = from, to = lists.top; i < to; i++) {
        const reference = numbers[lists.ids[i]!] ?? limit;
        if (reference >= limit) throw badGraph("a reference is out of range");
        visit(reference);
      }
    } finally {
      lists.top = bottom;
    }
  };
}

/**
 * Reads the sidecar of the pack that `index` is of. The bytes are kept, not copied.
 * Throws GitError `bad_graph` when it is damaged or of another pack.
 */
export function parsePackGraph(bytes: Uint8Array, index: PackIndex): PackGraph {
  const layout = readLayout(bytes, index);
  checkLayout(bytes, layout);
  const { count, externalCount, externalsAt, kindsAt } = layout;
  const reader = new RecordReader(bytes, layout);
  return {
    count,
    externalCount,
    externalOid: (external) => formatOid(bytes, externalsAt + external * OID_BYTES),
    copyExternalOid(external, into, at) {
      const from = externalsAt + external * OID_BYTES;
      for (let i = 0; i < OID_BYTES; i++) into[at + i] = bytes[from + i]!;
    },
    externalKind: (external) => objectTypeName(bytes[kindsAt + external]!),
    typeCodeAt: (position) => reader.typeCodeAt(position),
    typeAt: (position) => objectTypeName(reader.typeCodeAt(position)),
    sizeAt(position) {
      reader.open(position);
      return reader.read();
    },
    baseAt(position) {
      if ((reader.open(position) & DELTA_FLAG) === 0) return -1;
      reader.read();
      const base = reader.read();
      if (base >= count) throw badGraph("a delta's base is out of range");
      return base;
    },
    commitTimeAt: (position) => (reader.openList(position) === COMMIT ? reader.read() : 0),
    forEachReference: createReferenceWalk(bytes, layout, reader),
  };
}
