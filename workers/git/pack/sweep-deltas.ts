// Resolves what the first pass left over by going through the spool once more from front to back. By then every base
// is known, and so when an object is wanted for the last time: a small memory is enough, and reads are large and few.
import { GitError } from "../object/git-error.ts";
import { applyDeltaInstructions, parseDeltaHeader } from "./delta.ts";
import { EntryHeader } from "./entry-header.ts";
import { type EntryTable, NO_BASE } from "./entry-table.ts";
import { Inflater, OUTPUT_SLACK_BYTES } from "./inflate.ts";
import { stepInflate } from "./inflate-object.ts";
import { baseEntryOf, depthExceeded, type IngestState } from "./ingest-state.ts";
import { LiveArena } from "./live-arena.ts";
import { freeBytes, type RangeSource } from "./range-source.ts";

const RANGE_BYTES = 1024 * 1024;
// Reading on costs less than another read.
const GAP_BYTES = 128 * 1024;

const NO_BYTES: Uint8Array = new Uint8Array(0);

interface Range {
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
}

/** One pass over the spool. */
export class DeltaSweep {
  private readonly state: IngestState;
  private readonly entries: EntryTable;
  private readonly source: RangeSource;
  private readonly packEnd: number;
  private readonly count: number;
  /** 1 for the entries to be read: what isn't resolved, and the bases it hangs on. */
  private readonly isNeeded: Uint8Array;
  /** How many needed entries have this one as their base. */
  private readonly uses: Int32Array;
  private readonly arena: LiveArena;
  private readonly objectLimitBytes: number;
  private readonly inflater = new Inflater();
  private readonly header = new EntryHeader();
  private readonly window = {
    bytes: NO_BYTES,
    pos: 0,
    end: 0,
    refill: () => Promise.resolve(false),
  };
  private delta = new Uint8Array(64 * 1024 + OUTPUT_SLACK_BYTES);

  /** Of the first `count` entries, which end at `packEnd`, those still to be resolved are meant. */
  constructor(state: IngestState, source: RangeSource, count: number, packEnd: number) {
    this.state = state;
    this.entries = state.entries;
    this.source = source;
    this.count = count;
    this.packEnd = packEnd;
    this.isNeeded = new Uint8Array(count);
    this.uses = new Int32Array(count);
    this.objectLimitBytes = state.cache.objectLimitBytes;
    this.arena = new LiveArena(
      state.limits.baseCacheBytes,
      state.cache.takeBytes(),
      state.entries.cachedAt,
      state.entries.sizes,
    );
  }

  /** Resolves what it can; returns how many that were. What is left has bases behind it, elsewhere, or too large. */
  async run(): Promise<number> {
    this.markNeeded();
    let resolved = 0;
    const ranges = this.planRanges();
    let next = ranges.next();
    let reading = next.done ? null : this.read(next.value);
    while (reading !== null && !next.done) {
      const range = next.value;
      const bytes = await reading;
      next = ranges.next();
      // The next range comes while this one is worked on.
      reading = next.done ? null : this.read(next.value);
      for (let entry = range.first; entry <= range.last; entry++) {
        if (this.isNeeded[entry] === 1 && this.visit(entry, bytes, range.start)) resolved++;
      }
      freeBytes(this.source, bytes);
      // What was resolved stays so; another sweep goes on with the rest.
      if (resolved > 0 && this.state.isOver()) break;
    }
    await reading?.then((bytes) => freeBytes(this.source, bytes));
    this.arena.release();
    return resolved;
  }

  private read(range: Range): Promise<Uint8Array> {
    const reading = this.source.read(range.start, range.end - range.start);
    // When this pass fails before it comes to these bytes, their own failure isn't left unheard.
    reading.catch(() => undefined);
    return reading;
  }

  private endOf(entry: number): number {
    return entry + 1 < this.count ? this.entries.offsets[entry + 1]! : this.packEnd;
  }

  private markNeeded(): void {
    const { entries, isNeeded, uses, count, state } = this;
    for (let entry = 0; entry < count; entry++) {
      if (entries.types[entry] !== 0) continue;
      const base = baseEntryOf(state, entry);
      const isReachable = base >= 0 && base < entry && (entries.types[base] !== 0 || isNeeded[base] === 1);
      if (!isReachable) continue;
      isNeeded[entry] = 1;
      uses[base]!++;
    }
    for (let entry = count - 1; entry >= 0; entry--) {
      if (uses[entry] === 0 || entries.types[entry] === 0) continue;
      isNeeded[entry] = 1;
      const base = baseEntryOf(state, entry);
      if (base >= 0 && base < entry) uses[base]!++;
    }
  }

  /** The needed entries in stretches that are read at once. */
  private *planRanges(): Generator<Range, undefined> {
    const { isNeeded, entries, count } = this;
    let first = -1;
    let last = -1;
    let start = 0;
    let end = 0;
    for (let entry = 0; entry < count; entry++) {
      if (isNeeded[entry] === 0) continue;
      const entryStart = entries.offsets[entry]!;
      const entryEnd = this.endOf(entry);
      if (first < 0 || entryStart - end > GAP_BYTES || entryEnd - start > RANGE_BYTES) {
        if (first >= 0) yield { first, last, start, end };
        first = entry;
        start = entryStart;
      }
      last = entry;
      end = entryEnd;
    }
    if (first >= 0) yield { first, last, start, end };
    return undefined;
  }

  /** Makes the object of an entry as far as it is wanted; true when it was resolved by that. */
  private visit(entry: number, bytes: Uint8Array, rangeStart: number): boolean {
    const { entries, header, window } = this;
    const start = entries.offsets[entry]! - rangeStart;
    const end = this.endOf(entry) - rangeStart;
    header.parse(bytes, start, end);
    window.bytes = bytes;
    window.pos = header.bodyAt;
    window.end = end;
    if (entries.bases[entry] !== NO_BASE) return this.visitDelta(entry);
    if (header.sizeBytes > this.objectLimitBytes) return false;
    const at = this.arena.reserve(header.sizeBytes);
    if (at < 0) return false;
    this.inflate(this.arena.bytes, at, header.sizeBytes);
    this.state.recorder.charge(header.sizeBytes);
    this.arena.put(entry);
    return false;
  }

  private inflate(out: Uint8Array, at: number, size: number): void {
    this.inflater.start();
    if (!stepInflate(this.inflater, this.window, out, at, at, size)) {
      throw new GitError("truncated_pack", "the spooled pack ends within an object");
    }
  }

  /** One of the uses that the base was kept for. */
  private visitDelta(entry: number): boolean {
    const { uses, arena } = this;
    const base = baseEntryOf(this.state, entry);
    if (base < 0 || arena.find(base) < 0) return false;
    const isNew = this.header.sizeBytes <= this.objectLimitBytes && this.resolve(entry, base);
    uses[base]!--;
    if (uses[base] === 0) arena.drop(base);
    return isNew;
  }

  private resolve(entry: number, base: number): boolean {
    const { entries, arena, header, state, uses } = this;
    const deltaBytes = header.sizeBytes;
    if (deltaBytes + OUTPUT_SLACK_BYTES > this.delta.length) {
      this.delta = new Uint8Array(Math.max(deltaBytes, 2 * this.delta.length) + OUTPUT_SLACK_BYTES);
    }
    this.inflate(this.delta, 0, deltaBytes);
    const { baseSizeBytes, resultSizeBytes, instructionsAt } = parseDeltaHeader(this.delta, 0, deltaBytes);
    if (baseSizeBytes !== entries.sizes[base]) {
      throw new GitError("bad_pack", "a delta was made for a base of another size");
    }
    if (resultSizeBytes > this.objectLimitBytes) return false;
    const at = arena.reserve(resultSizeBytes);
    if (at < 0) return false;
    const from = arena.find(base);
    const out = arena.bytes;
    applyDeltaInstructions(
      this.delta,
      instructionsAt,
      deltaBytes,
      out,
      from,
      from + baseSizeBytes,
      out,
      at,
      at + resultSizeBytes,
    );
    const isNew = entries.types[entry] === 0;
    if (isNew) this.record(entry, base, from, at, resultSizeBytes);
    else state.recorder.charge(resultSizeBytes);
    if (uses[entry]! > 0) arena.put(entry);
    return isNew;
  }

  private record(entry: number, base: number, baseAt: number, at: number, size: number): void {
    const { entries, state, arena } = this;
    const depth = entries.depths[base]! + 1;
    if (depth > state.limits.deltaDepth) throw depthExceeded(state.limits.deltaDepth);
    entries.depths[entry] = depth;
    const baseBytes = { start: baseAt, end: baseAt + entries.sizes[base]! };
    state.recorder.record(entry, entries.types[base]!, arena.bytes, at, at + size, baseBytes);
  }
}
