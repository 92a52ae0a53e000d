// Brings objects of a received pack to hand again: from the base cache, or by reading entries back from the spool and
// going up their chain of deltas. One large object at most is held beside the cache.
import { GitError } from "../object/git-error.ts";
import type { BaseCache } from "./base-cache.ts";
import { applyDeltaInstructions, type DeltaHeader, parseDeltaHeader } from "./delta.ts";
import { EntryHeader } from "./entry-header.ts";
import { type EntryTable, NO_BASE } from "./entry-table.ts";
import { Inflater, OUTPUT_SLACK_BYTES } from "./inflate.ts";
import { inflateObject, SourceWindow } from "./inflate-object.ts";
import { baseEntryOf, deltaTooLarge, type IngestState } from "./ingest-state.ts";
import type { RangeSource } from "./range-source.ts";
import type { ThinBases } from "./thin-bases.ts";

const STEP_BYTES = 256 * 1024;

/** Bytes [start, end) of an object; valid until the next call that loads or applies. */
interface LoadedObject {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export class ObjectLoader {
  private readonly state: IngestState;
  private readonly entries: EntryTable;
  private readonly cache: BaseCache;
  private readonly source: RangeSource;
  private readonly packEnd: number;
  private readonly receivedCount: number;
  private readonly thin: ThinBases;
  private readonly inflater = new Inflater();
  private readonly header = new EntryHeader();
  private delta: Uint8Array<ArrayBuffer> = new Uint8Array(64 * 1024);
  private deltaBytes = 0;
  private large: { entry: number; bytes: Uint8Array<ArrayBuffer> } | null = null;

  /** `packEnd`: where the entries end and the trailer begins. */
  constructor(state: IngestState, source: RangeSource, packEnd: number, thin: ThinBases) {
    this.state = state;
    this.entries = state.entries;
    this.cache = state.cache;
    this.source = source;
    this.packEnd = packEnd;
    this.receivedCount = state.entries.count;
    this.thin = thin;
  }

  /** The object of a resolved entry. */
  async load(entry: number): Promise<LoadedObject> {
    const chain: number[] = [];
    let at = entry;
    while (!this.isAtHand(at)) {
      chain.push(at);
      const base = baseEntryOf(this.state, at);
      if (base < 0) break;
      at = base;
    }
    for (let i = chain.length - 1; i >= 0; i--) {
      const next = chain[i]!;
      if (this.entries.bases[next] === NO_BASE) await this.readWhole(next);
      else await this.applyTo(baseEntryOf(this.state, next), next);
      this.state.recorder.charge(this.entries.sizes[next]!);
    }
    return this.atHand(entry);
  }

  /** Resolves one delta against the object of `base`, which was loaded just now. */
  async applyTo(base: number, child: number): Promise<LoadedObject> {
    const header = await this.readDelta(child);
    const { entries, cache } = this;
    const size = header.resultSizeBytes;
    if (header.baseSizeBytes !== entries.sizes[base]) {
      throw new GitError("bad_pack", "a delta was made for a base of another size");
    }
    if (size <= cache.objectLimitBytes) {
      const basePlace = entries.cachedAt[base]!;
      if (this.large?.entry !== base && cache.isOld(basePlace, size)) {
        entries.cachedAt[base] = cache.refresh(basePlace, entries.sizes[base]!);
      }
      const place = cache.reserve(size);
      const start = cache.physical(place);
      this.apply(header, this.atHand(base), cache.bytes, start, size);
      entries.cachedAt[child] = place;
      return { bytes: cache.bytes, start, end: start + size };
    }
    if (this.large?.entry === base) cache.release();
    const bytes = new Uint8Array(size);
    this.apply(header, this.atHand(base), bytes, 0, size);
    this.replaceLarge(child, bytes);
    return { bytes, start: 0, end: size };
  }

  /** Puts the object of a thin base, just read, where its deltas find it. */
  place(entry: number, object: Uint8Array): void {
    const { cache } = this;
    if (object.length <= cache.objectLimitBytes) {
      const place = cache.reserve(object.length);
      cache.bytes.set(object, cache.physical(place));
      this.entries.cachedAt[entry] = place;
    } else {
      // Not slice(): of a Buffer, that is no copy.
      this.replaceLarge(entry, new Uint8Array(object));
    }
  }

  private isAtHand(entry: number): boolean {
    return this.large?.entry === entry || this.cache.holds(this.entries.cachedAt[entry]!);
  }

  private atHand(entry: number): LoadedObject {
    const size = this.entries.sizes[entry]!;
    if (this.large?.entry === entry) return { bytes: this.large.bytes, start: 0, end: size };
    const start = this.cache.physical(this.entries.cachedAt[entry]!);
    return { bytes: this.cache.bytes, start, end: start + size };
  }

  private apply(header: DeltaHeader, base: LoadedObject, out: Uint8Array, at: number, size: number): void {
    const { bytes, start, end } = base;
    applyDeltaInstructions(
      this.delta,
      header.instructionsAt,
      this.deltaBytes,
      bytes,
      start,
      end,
      out,
      at,
      at + size,
    );
  }

  private replaceLarge(entry: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.large?.bytes.buffer.transfer(0);
    this.large = { entry, bytes };
  }

  /** A window on an entry's bytes, its header parsed. */
  private async openEntry(entry: number): Promise<SourceWindow> {
    const { entries } = this;
    const start = entries.offsets[entry]!;
    const end = entry + 1 < this.receivedCount ? entries.offsets[entry + 1]! : this.packEnd;
    const window = new SourceWindow(this.source, start, end, STEP_BYTES);
    await window.refill();
    this.header.parse(window.bytes, 0, window.end);
    window.pos = this.header.bodyAt;
    return window;
  }

  private async readDelta(entry: number): Promise<DeltaHeader> {
    const window = await this.openEntry(entry);
    const { sizeBytes } = this.header;
    if (sizeBytes + OUTPUT_SLACK_BYTES > this.delta.length) {
      this.delta.buffer.transfer(0);
      this.delta = new Uint8Array(sizeBytes + OUTPUT_SLACK_BYTES);
    }
    await inflateObject(this.inflater, window, this.delta, 0, sizeBytes);
    this.deltaBytes = sizeBytes;
    const header = parseDeltaHeader(this.delta, 0, sizeBytes);
    const limit = this.state.limits.deltaObjectBytes;
    if (header.resultSizeBytes > limit) throw deltaTooLarge(header.resultSizeBytes, limit);
    return header;
  }

  /** Loads an object that is stored whole, or a thin base. */
  private async readWhole(entry: number): Promise<void> {
    if (this.thin.has(entry)) {
      this.place(entry, (await this.thin.readAgain(entry)).bytes);
      return;
    }
    const { cache, inflater } = this;
    const size = this.entries.sizes[entry]!;
    const limit = this.state.limits.deltaObjectBytes;
    if (size > limit) throw deltaTooLarge(size, limit);
    const window = await this.openEntry(entry);
    if (size <= cache.objectLimitBytes) {
      const place = cache.reserve(size);
      await inflateObject(inflater, window, cache.bytes, cache.physical(place), size);
      this.entries.cachedAt[entry] = place;
    } else {
      cache.release();
      const bytes = new Uint8Array(size + OUTPUT_SLACK_BYTES);
      await inflateObject(inflater, window, bytes, 0, size);
      this.replaceLarge(entry, bytes);
    }
  }
}
