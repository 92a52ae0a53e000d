// Writes the .graph sidecar (layout in pack-graph.ts) from what was noted while a pack was received.
import { GitError } from "../object/git-error.ts";
import { BLOB, COMMIT, objectTypeName, TAG } from "../object/object-type.ts";
import { OID_BYTES } from "../object/oid.ts";
import { type EntryTable, REF_BASE } from "./entry-table.ts";
import type { IngestState } from "./ingest-state.ts";
import type { OidTable } from "./oid-table.ts";
import { DELTA_FLAG, GRAPH_HEADER_BYTES, GRAPH_MAGIC, GRAPH_VERSION } from "./pack-graph.ts";
import { sortIds } from "./sort-oids.ts";

// The number of an id that nothing references and that is no object of the pack: out of every range.
const UNREFERENCED = 0xffffffff;

/** The number of an id among all references: its position in the pack, or count + its place among the externals. */
function numberReferences(oids: OidTable, entryIds: Int32Array, externals: Int32Array): Uint32Array {
  const numbers = new Uint32Array(oids.count).fill(UNREFERENCED);
  for (let i = 0; i < entryIds.length; i++) numbers[entryIds[i]!] = i;
  for (let i = 0; i < externals.length; i++) numbers[externals[i]!] = entryIds.length + i;
  return numbers;
}

/** Ids that are referenced but are no entry, in ascending order. */
function collectExternals(oids: OidTable): Int32Array {
  const found: number[] = [];
  for (let id = 0; id < oids.count; id++) {
    if (oids.kinds[id] !== 0 && oids.entries[id] === -1) found.push(id);
  }
  return sortIds(oids, Int32Array.from(found));
}

/** The one type that all references to an id expect. Throws GitError `bad_object` when they disagree, or the object does. */
function expectedType(oids: OidTable, id: number): number {
  const kinds = oids.kinds[id]!;
  const type = 31 - Math.clz32(kinds);
  if (kinds !== 1 << type) {
    throw new GitError("bad_object", `object ${oids.oid(id)} is referenced as objects of different types`);
  }
  return type;
}

function checkTypes(oids: OidTable, entries: EntryTable, ids: Int32Array): void {
  for (const id of ids) {
    if (oids.kinds[id] === 0) continue;
    const expected = expectedType(oids, id);
    const actual = entries.types[oids.entries[id]!]!;
    if (actual !== expected) {
      const is = objectTypeName(actual);
      throw new GitError(
        "bad_object",
        `object ${oids.oid(id)} is a ${is}, but is referenced as a ${objectTypeName(expected)}`,
      );
    }
  }
}

/** Writes LEB128 numbers; with no bytes to write to, it only counts. */
class RecordWriter {
  at = 0;
  bytes: Uint8Array | null = null;

  write(value: number): void {
    let rest = value;
    while (rest >= 128) {
      if (this.bytes !== null) this.bytes[this.at] = (rest % 128) | 0x80;
      this.at++;
      rest = Math.floor(rest / 128);
    }
    if (this.bytes !== null) this.bytes[this.at] = rest;
    this.at++;
  }
}

function writeRecord(state: IngestState, numbers: Uint32Array, id: number, writer: RecordWriter): void {
  const { entries, oids, log } = state;
  const entry = oids.entries[id]!;
  const type = entries.types[entry]!;
  const base = entries.bases[entry]!;
  const baseId = base <= REF_BASE ? REF_BASE - base : base < 0 ? -1 : entries.ids[base]!;
  writer.write(type | (baseId < 0 ? 0 : DELTA_FLAG));
  writer.write(entries.sizes[entry]!);
  if (baseId >= 0) writer.write(numbers[baseId]!);
  if (type === BLOB) return;
  let at = entries.references[entry]!;
  if (type !== TAG) {
    const { value, next } = log.readHead(at);
    // A commit's time, or one more than a tree's anchor, which is named by its position here.
    writer.write(type === COMMIT || value === 0 ? value : numbers[entries.ids[value - 1]!]! + 1);
    at = next;
  }
  writer.at = log.copy(at, writer.bytes, writer.at);
}

/**
 * Builds the sidecar. `ids`: the ids of all objects of the pack, ascending.
 * Throws GitError `bad_object` when an object isn't of the type it is referenced as.
 */
export function buildPackGraph(state: IngestState, ids: Int32Array, packSha: Uint8Array): Uint8Array {
  const { oids } = state;
  checkTypes(oids, state.entries, ids);
  const externals = collectExternals(oids);
  const numbers = numberReferences(oids, ids, externals);
  const count = ids.length;
  const offsets = new Uint32Array(count + 1);
  const writer = new RecordWriter();
  for (let i = 0; i < count; i++) {
    writeRecord(state, numbers, ids[i]!, writer);
    offsets[i + 1] = writer.at;
  }
  if (writer.at > 0xffffffff) throw new GitError("limit_exceeded", "the pack's objects reference too much");
  const numbersAt = GRAPH_HEADER_BYTES + 4 * (count + 1);
  const externalsAt = numbersAt + 4 * numbers.length;
  const kindsAt = externalsAt + externals.length * OID_BYTES;
  const recordsAt = kindsAt + externals.length;
  const bytes = new Uint8Array(recordsAt + writer.at);
  const view = new DataView(bytes.buffer);
  const header = [GRAPH_MAGIC, GRAPH_VERSION, count, externals.length, numbers.length, writer.at];
  header.forEach((number, i) => {
    view.setUint32(4 * i, number, true);
  });
  bytes.set(packSha, 24);
  // Both tables are as this machine orders bytes, which is little-endian wherever this runs.
  bytes.set(new Uint8Array(offsets.buffer), GRAPH_HEADER_BYTES);
  bytes.set(new Uint8Array(numbers.buffer), numbersAt);
  for (let i = 0; i < externals.length; i++) {
    oids.copyOid(externals[i]!, bytes, externalsAt + i * OID_BYTES);
    bytes[kindsAt + i] = expectedType(oids, externals[i]!);
  }
  writer.bytes = bytes.subarray(recordsAt);
  writer.at = 0;
  for (let i = 0; i < count; i++) writeRecord(state, numbers, ids[i]!, writer);
  return bytes;
}
