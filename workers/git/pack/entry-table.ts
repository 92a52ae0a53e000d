// The entries of a pack being received, in the pack's order, as columns of numbers: 35 bytes an object.

const FIRST_CAPACITY = 1024;

/** `base` values below this are ids: the base of a REF_DELTA is id `REF_BASE - base`. */
export const REF_BASE = -2;
export const NO_BASE = -1;

export class EntryTable {
  count = 0;
  /** How many entries the pack says it has. */
  expected = 0;
  /** Where the entry begins in the pack. */
  offsets: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);
  /** Where the object lies in the base cache (its virtual offset), or -1. */
  cachedAt: Float64Array<ArrayBuffer> = new Float64Array(FIRST_CAPACITY);
  /** Size of the object, inflated and resolved. */
  sizes: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_CAPACITY);
  crcs: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_CAPACITY);
  /** The entry (≥ 0) that this is a delta against, NO_BASE, or an id below REF_BASE + 1. */
  bases: Int32Array<ArrayBuffer> = new Int32Array(FIRST_CAPACITY);
  /** Number of the object's id in the OidTable, or -1 while its delta isn't resolved. */
  ids: Int32Array<ArrayBuffer> = new Int32Array(FIRST_CAPACITY);
  /** Where the object's references are in the ReferenceLog. */
  references: Uint32Array<ArrayBuffer> = new Uint32Array(FIRST_CAPACITY);
  depths: Uint16Array<ArrayBuffer> = new Uint16Array(FIRST_CAPACITY);
  /** 1–4, or 0 while the object's delta isn't resolved. */
  types: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_CAPACITY);

  /** Adds an entry and returns its number. */
  add(offset: number, base: number): number {
    if (this.count === this.types.length) this.grow();
    const entry = this.count++;
    this.offsets[entry] = offset;
    this.bases[entry] = base;
    this.ids[entry] = -1;
    this.cachedAt[entry] = -1;
    return entry;
  }

  /** The entry that begins at `offset`, or -1. */
  findByOffset(offset: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.offsets[middle]!;
      if (found === offset) return middle;
      if (found < offset) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** What is known of the entries, as columns to be put aside. Where objects lie in the cache isn't part of it. */
  columns(): PackedColumn[] {
    const { offsets, sizes, crcs, bases, ids, references, depths, types, count } = this;
    return [offsets, sizes, crcs, bases, ids, references, depths, types].map((column) =>
      column.subarray(0, count),
    );
  }

  /** Makes room for entries that were put aside, whose columns are to be filled in next. */
  restore(count: number, expected: number): void {
    this.count = count;
    this.expected = expected;
    this.resize(Math.max(count, FIRST_CAPACITY));
    this.cachedAt.fill(-1);
  }

  /** Gives the memory back at once; nothing may be read any more. */
  release(): void {
    const { offsets, cachedAt, sizes, crcs, bases, ids, references, depths, types } = this;
    for (const column of [offsets, cachedAt, sizes, crcs, bases, ids, references, depths, types]) {
      column.buffer.transfer(0);
    }
    this.count = 0;
  }

  private grow(): void {
    const doubled = this.types.length * 2;
    // The pack's promise is no reason to take memory, but it is one not to take more.
    this.resize(this.types.length < this.expected ? Math.min(doubled, this.expected) : doubled);
  }

  private resize(capacity: number): void {
    this.offsets = extend(this.offsets, new Float64Array(capacity));
    this.cachedAt = extend(this.cachedAt, new Float64Array(capacity));
    this.sizes = extend(this.sizes, new Uint32Array(capacity));
    this.crcs = extend(this.crcs, new Uint32Array(capacity));
    this.bases = extend(this.bases, new Int32Array(capacity));
    this.ids = extend(this.ids, new Int32Array(capacity));
    this.references = extend(this.references, new Uint32Array(capacity));
    this.depths = extend(this.depths, new Uint16Array(capacity));
    this.types = extend(this.types, new Uint8Array(capacity));
  }
}

/** A column of numbers as it lies in memory. */
export type PackedColumn = Pick<Uint8Array, "buffer" | "byteOffset" | "byteLength">;

interface Column extends ArrayLike<number> {
  readonly buffer: ArrayBuffer;
  set(values: ArrayLike<number>): void;
}

/** Copies a column to a larger one, and gives its memory back at once instead of some time. */
function extend<T extends Column>(column: T, larger: T): T {
  larger.set(column);
  column.buffer.transfer(0);
  return larger;
}
