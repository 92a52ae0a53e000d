// Reads single objects of a stored pack: through a chain of deltas of any depth without recursion, or, for a large blob
// that is stored whole, in a stream.

import { DELTA_DEPTH_LIMIT, DELTA_OBJECT_LIMIT_BYTES } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { BLOB, OFS_DELTA, objectTypeName, REF_DELTA } from "../object/object-type.ts";
import { formatOid, type Oid } from "../object/oid.ts";
import { applyDelta } from "./delta.ts";
import { EntryHeader } from "./entry-header.ts";
import { Inflater, OUTPUT_SLACK_BYTES } from "./inflate.ts";
import { inflateInPieces, inflateObject, SourceWindow } from "./inflate-object.ts";
import type { ExternalObject } from "./ingest-types.ts";
import type { PackIndex } from "./pack-index.ts";
import type { RangeSource } from "./range-source.ts";

const STEP_BYTES = 256 * 1024;
// Each step is a request of R2, and one invocation may make a thousand.
const STREAM_STEP_BYTES = 4 * 1024 * 1024;
const SPARE_INFLATERS: Inflater[] = [];

interface OpenEntry {
  /** 1–4, OFS_DELTA or REF_DELTA. */
  readonly typeCode: number;
  /** Inflated size of the entry's body: of the delta, where it is one. */
  readonly sizeBytes: number;
  /** For OFS_DELTA: the offset of its base. */
  readonly baseOffset: number;
  /** For REF_DELTA: its base. */
  readonly baseOid: Oid | null;
  /** At the entry's body. */
  readonly window: SourceWindow;
}

async function openEntry(
  source: RangeSource,
  index: PackIndex,
  position: number,
  stepBytes = STEP_BYTES,
): Promise<OpenEntry> {
  const offset = index.offsetAt(position);
  const window = new SourceWindow(source, offset, index.endOffsetAt(position), stepBytes);
  await window.refill();
  const header = new EntryHeader();
  header.parse(window.bytes, 0, window.end);
  window.pos = header.bodyAt;
  return {
    typeCode: header.typeCode,
    sizeBytes: header.sizeBytes,
    baseOffset: header.typeCode === OFS_DELTA ? offset - header.baseDistanceBytes : -1,
    baseOid: header.typeCode === REF_DELTA ? formatOid(window.bytes, header.baseOidAt) : null,
    window,
  };
}

async function inflateBody({ window, sizeBytes }: OpenEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes + OUTPUT_SLACK_BYTES);
  // An inflater is busy while it waits for bytes, so concurrent reads have one each; they are kept for the next read.
  const inflater = SPARE_INFLATERS.pop() ?? new Inflater();
  await inflateObject(inflater, window, bytes, 0, sizeBytes);
  SPARE_INFLATERS.push(inflater);
  return bytes.subarray(0, sizeBytes);
}

/**
 * Reads the object at an index position. `resolveExternal` is asked for bases that aren't in the pack (which the packs
 * that ingestPack makes never need). Throws GitError: `bad_pack` when the pack is corrupt, `missing_object` without a
 * base, `limit_exceeded` when it is larger than may be held in memory (stream such blobs).
 */
export async function readPackedObject(
  source: RangeSource,
  index: PackIndex,
  position: number,
  resolveExternal: (oid: Oid) => Promise<ExternalObject | null>,
  limitBytes = DELTA_OBJECT_LIMIT_BYTES,
): Promise<ExternalObject> {
  const deltas: OpenEntry[] = [];
  let object: ExternalObject | null = null;
  for (let at = position; object === null; ) {
    const entry = await openEntry(source, index, at);
    if (entry.sizeBytes > limitBytes) {
      throw new GitError(
        "limit_exceeded",
        `an object of ${entry.sizeBytes} bytes is too large to be read whole`,
      );
    }
    if (entry.typeCode !== OFS_DELTA && entry.typeCode !== REF_DELTA) {
      object = { type: objectTypeName(entry.typeCode), bytes: await inflateBody(entry) };
      break;
    }
    // A chain longer than any that was accepted is a cycle.
    if (deltas.push(entry) > DELTA_DEPTH_LIMIT)
      throw new GitError("bad_pack", "a chain of deltas has no end");
    at = entry.baseOid === null ? index.findByOffset(entry.baseOffset) : index.find(entry.baseOid);
    if (at < 0 && entry.baseOid !== null) object = await resolveExternal(entry.baseOid);
    if (at < 0 && object === null) {
      throw new GitError("missing_object", `the base ${entry.baseOid ?? "of a delta"} is missing`);
    }
  }
  const { type } = object;
  let { bytes } = object;
  for (let delta = deltas.pop(); delta !== undefined; delta = deltas.pop()) {
    bytes = applyDelta(bytes, await inflateBody(delta), limitBytes);
  }
  return { type, bytes };
}

/**
 * Shows `visit` the bytes of a blob in order, in pieces that are overwritten after each call, until it gives false; false,
 * and nothing is read, when the object is stored as a delta and has to be read whole. Throws GitError when it is no blob, or corrupt.
 */
export async function streamBlob(
  source: RangeSource,
  index: PackIndex,
  position: number,
  visit: (piece: Uint8Array) => unknown,
): Promise<boolean> {
  const entry = await openEntry(source, index, position, STREAM_STEP_BYTES);
  if (entry.typeCode === OFS_DELTA || entry.typeCode === REF_DELTA) return false;
  if (entry.typeCode !== BLOB)
    throw new GitError("bad_object", `a ${objectTypeName(entry.typeCode)} isn't a blob`);
  await inflateInPieces(new Inflater(), entry.window, entry.sizeBytes, visit);
  return true;
}
