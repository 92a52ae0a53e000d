// The one pass over an arriving pack: every entry is inflated, checked and noted; deltas whose base is at hand are
// resolved at once, the others are left to resolve-deltas.ts.
import { GitError } from "../object/git-error.ts";
import { startObjectHash } from "../object/hash-object.ts";
import { BLOB, OFS_DELTA, objectTypeName, REF_DELTA } from "../object/object-type.ts";
import type { BaseCache } from "./base-cache.ts";
import { applyDeltaInstructions, parseDeltaHeader } from "./delta.ts";
import { ENTRY_HEADER_LIMIT_BYTES, EntryHeader } from "./entry-header.ts";
import { type EntryTable, NO_BASE, REF_BASE } from "./entry-table.ts";
import { Inflater, OUTPUT_SLACK_BYTES } from "./inflate.ts";
import { finishInflate, inflateInPieces, stepInflate } from "./inflate-object.ts";
import { deltaTooLarge, depthExceeded, type IngestState, objectTooLarge } from "./ingest-state.ts";
import type { BaseBytes } from "./object-recorder.ts";
import type { PackInput } from "./pack-input.ts";
import { PACK_HEADER_BYTES } from "./write-entry.ts";

/** Reads and checks the pack's header; returns the number of objects it promises. */
async function readPackHeader(input: PackInput, objectLimit: number): Promise<number> {
  if (!(await input.need(PACK_HEADER_BYTES)))
    throw new GitError("truncated_pack", "the pack ends within its header");
  const view = new DataView(input.bytes.buffer, input.bytes.byteOffset + input.pos, PACK_HEADER_BYTES);
  if (view.getUint32(0) !== 0x5041434b) throw new GitError("bad_pack", "this isn't a pack");
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3)
    throw new GitError("bad_pack", `the pack is of the unknown version ${version}`);
  const count = view.getUint32(8);
  if (count > objectLimit) {
    throw new GitError("limit_exceeded", `the pack holds ${count} objects; the limit is ${objectLimit}`);
  }
  input.pos += PACK_HEADER_BYTES;
  return count;
}

/** Scans a pack to the end of its last entry. */
export class PackScanner {
  private readonly state: IngestState;
  private readonly input: PackInput;
  private readonly entries: EntryTable;
  private readonly cache: BaseCache;
  private readonly header = new EntryHeader();
  private readonly inflater = new Inflater();
  private delta: Uint8Array = new Uint8Array(64 * 1024 + OUTPUT_SLACK_BYTES);

  constructor(state: IngestState, input: PackInput) {
    this.state = state;
    this.input = input;
    this.entries = state.entries;
    this.cache = state.cache;
  }

  /**
   * Scans all entries, or as many as this go is for; whoever goes on has the entries so far and the body from there.
   * Returns whether that was all. Throws GitError at the first fault.
   */
  async scan(): Promise<boolean> {
    const { input, entries, header, state } = this;
    if (input.offset === 0) entries.expected = await readPackHeader(input, state.limits.objects);
    const count = entries.expected;
    let reportedBytes = 0;
    for (let i = entries.count; i < count; i++) {
      if (state.isOver()) return false;
      if (input.end - input.pos < ENTRY_HEADER_LIMIT_BYTES) await input.need(ENTRY_HEADER_LIMIT_BYTES);
      const offset = input.offset;
      input.beginEntry();
      header.parse(input.bytes, input.pos, input.end);
      const entry = entries.add(offset, this.findBase(offset));
      input.pos = header.bodyAt;
      const isDelta = header.typeCode === OFS_DELTA || header.typeCode === REF_DELTA;
      const finished = isDelta ? this.scanDelta(entry) : this.scanObject(entry);
      if (typeof finished !== "boolean") await finished;
      entries.crcs[entry] = input.endEntry();
      if (offset >= reportedBytes) {
        state.onProgress?.({ phase: "receiving", done: i, total: count });
        reportedBytes = offset + 1024 * 1024;
      }
    }
    return true;
  }

  /** What the header says the entry's base is, as a value of EntryTable.bases. */
  private findBase(offset: number): number {
    const { header, entries, input, state } = this;
    if (header.typeCode === OFS_DELTA) {
      const base =
        header.baseDistanceBytes === 0 ? -1 : entries.findByOffset(offset - header.baseDistanceBytes);
      if (base < 0) throw new GitError("bad_pack", "the base of a delta isn't an object of the pack");
      return base;
    }
    if (header.typeCode !== REF_DELTA) return NO_BASE;
    const id = state.oids.intern(input.bytes, header.baseOidAt);
    const entry = state.oids.entries[id]!;
    return entry >= 0 ? entry : REF_BASE - id;
  }

  /** A whole object. Resolves or returns true. */
  private scanObject(entry: number): true | Promise<true> {
    const { header, cache, input, inflater, state } = this;
    const { typeCode, sizeBytes } = header;
    const { limits } = state;
    if (sizeBytes > limits.objectBytes) throw objectTooLarge(typeCode, sizeBytes, limits.objectBytes);
    if (typeCode !== BLOB && sizeBytes > limits.structuredObjectBytes) {
      throw objectTooLarge(typeCode, sizeBytes, limits.structuredObjectBytes);
    }
    if (typeCode === BLOB && sizeBytes > Math.min(limits.blobStreamBytes, cache.objectLimitBytes)) {
      return this.streamBlob(entry, sizeBytes);
    }
    if (sizeBytes > cache.objectLimitBytes) return this.scanLarge(entry, typeCode, sizeBytes);
    const place = cache.reserve(sizeBytes);
    const start = cache.physical(place);
    inflater.start();
    if (!stepInflate(inflater, input, cache.bytes, start, start, sizeBytes)) {
      return finishInflate(inflater, input, cache.bytes, start, sizeBytes).then(() =>
        this.keep(entry, typeCode, place, sizeBytes, null),
      );
    }
    return this.keep(entry, typeCode, place, sizeBytes, null);
  }

  private keep(
    entry: number,
    typeCode: number,
    place: number,
    sizeBytes: number,
    base: BaseBytes | null,
  ): true {
    const { cache } = this;
    const start = cache.physical(place);
    this.entries.cachedAt[entry] = place;
    this.state.recorder.record(entry, typeCode, cache.bytes, start, start + sizeBytes, base);
    return true;
  }

  private async streamBlob(entry: number, sizeBytes: number): Promise<true> {
    const hash = startObjectHash(objectTypeName(BLOB), sizeBytes);
    await inflateInPieces(this.inflater, this.input, sizeBytes, (piece) => {
      hash.update(piece);
    });
    this.state.recorder.recordHashed(entry, BLOB, sizeBytes, hash.digest());
    return true;
  }

  /** A commit, tree or tag too large for the cache. */
  private async scanLarge(entry: number, typeCode: number, sizeBytes: number): Promise<true> {
    const bytes = new Uint8Array(sizeBytes + OUTPUT_SLACK_BYTES);
    this.inflater.start();
    if (!stepInflate(this.inflater, this.input, bytes, 0, 0, sizeBytes)) {
      await finishInflate(this.inflater, this.input, bytes, 0, sizeBytes);
    }
    this.state.recorder.record(entry, typeCode, bytes, 0, sizeBytes, null);
    bytes.buffer.transfer(0);
    return true;
  }

  /** A delta; resolves or returns false when its base isn't at hand. */
  private scanDelta(entry: number): boolean | Promise<boolean> {
    const { header, input, inflater, state } = this;
    const { sizeBytes } = header;
    if (sizeBytes > state.limits.deltaObjectBytes)
      throw deltaTooLarge(sizeBytes, state.limits.deltaObjectBytes);
    if (sizeBytes > this.cache.objectLimitBytes) return this.skipDelta(sizeBytes);
    if (sizeBytes + OUTPUT_SLACK_BYTES > this.delta.length) {
      this.delta = new Uint8Array(Math.max(sizeBytes, 2 * this.delta.length) + OUTPUT_SLACK_BYTES);
    }
    inflater.start();
    if (!stepInflate(inflater, input, this.delta, 0, 0, sizeBytes)) {
      return finishInflate(inflater, input, this.delta, 0, sizeBytes).then(() =>
        this.resolve(entry, sizeBytes),
      );
    }
    return this.resolve(entry, sizeBytes);
  }

  private async skipDelta(sizeBytes: number): Promise<false> {
    await inflateInPieces(this.inflater, this.input, sizeBytes, () => undefined);
    return false;
  }

  /** Applies the delta at hand when its base is in the cache. */
  private resolve(entry: number, deltaBytes: number): boolean {
    const { entries, cache, state } = this;
    const base = entries.bases[entry]!;
    const { baseSizeBytes, resultSizeBytes, instructionsAt } = parseDeltaHeader(this.delta, 0, deltaBytes);
    if (resultSizeBytes > state.limits.deltaObjectBytes) {
      throw deltaTooLarge(resultSizeBytes, state.limits.deltaObjectBytes);
    }
    if (base < 0 || entries.types[base] === 0 || resultSizeBytes > cache.objectLimitBytes) return false;
    let basePlace = entries.cachedAt[base]!;
    if (!cache.holds(basePlace)) return false;
    if (baseSizeBytes !== entries.sizes[base])
      throw new GitError("bad_pack", "a delta was made for a base of another size");
    const depth = entries.depths[base]! + 1;
    if (depth > state.limits.deltaDepth) throw depthExceeded(state.limits.deltaDepth);
    entries.depths[entry] = depth;
    if (cache.isOld(basePlace, resultSizeBytes)) {
      basePlace = cache.refresh(basePlace, baseSizeBytes);
      entries.cachedAt[base] = basePlace;
    }
    const place = cache.reserve(resultSizeBytes);
    const start = cache.physical(place);
    const baseStart = cache.physical(basePlace);
    applyDeltaInstructions(
      this.delta,
      instructionsAt,
      deltaBytes,
      cache.bytes,
      baseStart,
      baseStart + baseSizeBytes,
      cache.bytes,
      start,
      start + resultSizeBytes,
    );
    return this.keep(entry, entries.types[base]!, place, resultSizeBytes, {
      start: baseStart,
      end: baseStart + baseSizeBytes,
    });
  }
}
