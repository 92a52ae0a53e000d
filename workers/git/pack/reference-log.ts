// What the objects of a pack being received reference, in few bytes: the graph sidecar holds these lists as they are.
// Ids are numbers, differences are taken between neighbours, and a tree is written as what it changes of another tree.
//
// All numbers are LEB128. A list of a commit: its time, then ids. Of a tag: one id. Of a tree: 0 and ids, or one more than
// the entry of its anchor, a tree whose list is whole, and steps over the anchor's list. Ids: one more than the zigzag of the
// difference to the id before. A step: its operand times 4 plus COPY, SKIP, INSERT or REPLACE. 0 ends every list.

import type { PackedColumn } from "./entry-table.ts";

const CHUNK_BITS = 18;
const CHUNK_BYTES = 1 << CHUNK_BITS;

/** The operand is how many ids of the anchor follow. */
export const COPY = 0;
/** The operand is how many ids of the anchor are left out. */
const SKIP = 1;
/** The operand is the zigzag of the difference to the id before. */
export const INSERT = 2;
/** The same, in place of the anchor's next id. */
export const REPLACE = 3;

// How far ahead a list is searched for where it meets its anchor again.
const LOOKAHEAD = 8;
// A list with more changes than this share of its length is written whole, to be the anchor of those after it.
const CHANGED_SHARE = 1 / 8;
const CHANGES_FREE = 2;

export class ReferenceLog {
  // Position 0 stands for no list; an empty one is somewhere else.
  private chunks: Uint8Array<ArrayBuffer>[] = [new Uint8Array(CHUNK_BYTES)];
  private chunk: Uint8Array<ArrayBuffer> = this.chunks[0]!;
  private length = 1;
  private previous = 0;
  private readAt = 0;
  private anchorIds = new Int32Array(64);
  private treeIds = new Int32Array(64);
  private readonly steps: number[] = [];

  /** Begins a list and returns its position, to be read from later. A commit's list begins with its `time`. */
  begin(time: number | null): number {
    const at = this.length;
    this.previous = 0;
    if (time !== null) this.write(time);
    return at;
  }

  /** Adds an id to the list begun last. */
  add(id: number): void {
    this.write(this.difference(id) + 1);
  }

  end(): void {
    this.write(0);
  }

  /**
   * Writes the list of a tree, ids[0, count). `anchor` is an entry whose tree is like it and whose list is at
   * `anchorAt`, or -1; if that list isn't whole, its own anchor serves, which `listOf` finds.
   */
  addTree(ids: Int32Array, count: number, anchor: number, listOf: (entry: number) => number): number {
    const at = this.length;
    let whole = anchor;
    if (anchor >= 0) {
      this.readAt = listOf(anchor);
      const header = this.read();
      if (header !== 0) whole = header - 1;
    }
    this.previous = 0;
    if (whole >= 0 && this.planSteps(ids, count, listOf(whole))) {
      this.write(whole + 1);
      for (const step of this.steps) this.write(step);
    } else {
      this.write(0);
      this.previous = 0;
      for (let i = 0; i < count; i++) this.add(ids[i]!);
    }
    this.end();
    return at;
  }

  /** The ids in the list of a tree; valid until the next call. `listOf` finds the list of an entry, its anchor. */
  readTree(at: number, listOf: (entry: number) => number): Int32Array {
    this.readAt = at;
    const header = this.read();
    if (header === 0) {
      // Not in one expression: reading may replace `anchorIds` by a larger array, and only that one holds the list.
      const count = this.readWhole(at);
      return this.anchorIds.subarray(0, count);
    }
    const stepsAt = this.readAt;
    const anchorCount = this.readWhole(listOf(header - 1));
    this.readAt = stepsAt;
    return this.readSteps(anchorCount);
  }

  /** A number at the head of a list, and where what follows it begins. */
  readHead(at: number): { value: number; next: number } {
    this.readAt = at;
    return { value: this.read(), next: this.readAt };
  }

  /** The bytes from `from` to the end of a list; `into` null only counts them. Returns where they end. */
  copy(from: number, into: Uint8Array | null, at: number): number {
    let position = from;
    let to = at;
    // A number ends with its first byte below 128; only a number's first byte may end the list.
    for (let isFirst = true; ; ) {
      const byte = this.chunks[position >>> CHUNK_BITS]![position & (CHUNK_BYTES - 1)]!;
      if (byte === 0 && isFirst) return to;
      if (into !== null) into[to] = byte;
      to++;
      position++;
      isFirst = byte < 128;
    }
  }

  /** Bytes of all lists. */
  get sizeBytes(): number {
    return this.length;
  }

  /** All lists, as columns to be put aside. */
  columns(): PackedColumn[] {
    return this.chunks.map((chunk, at) =>
      chunk.subarray(0, Math.min(CHUNK_BYTES, this.length - at * CHUNK_BYTES)),
    );
  }

  /** Makes room for lists that were put aside, whose columns are to be filled in next. */
  restore(sizeBytes: number): void {
    this.length = sizeBytes;
    this.chunks = Array.from(
      { length: Math.ceil(sizeBytes / CHUNK_BYTES) },
      () => new Uint8Array(CHUNK_BYTES),
    );
    this.chunk = this.chunks.at(-1)!;
  }

  /** Gives the memory back at once; nothing may be read any more. */
  release(): void {
    for (const chunk of this.chunks) chunk.buffer.transfer(0);
  }

  /** Works out the steps from a whole list to ids[0, count); false when they would be too many. */
  private planSteps(ids: Int32Array, count: number, anchorAt: number): boolean {
    const anchorCount = this.readWhole(anchorAt);
    const { anchorIds, steps } = this;
    steps.length = 0;
    const limit = CHANGES_FREE + count * CHANGED_SHARE;
    let changes = 0;
    let copied = 0;
    let from = 0;
    for (let i = 0; i < count; ) {
      const id = ids[i]!;
      if (from < anchorCount && anchorIds[from] === id) {
        copied++;
        from++;
        i++;
        this.previous = id;
        continue;
      }
      if (++changes > limit) return false;
      if (copied > 0) steps.push(copied * 4 + COPY);
      copied = 0;
      const skipped = distanceTo(anchorIds, from, anchorCount, id);
      if (skipped > 0) {
        steps.push(skipped * 4 + SKIP);
        from += skipped;
        continue;
      }
      const isInserted = from >= anchorCount || distanceTo(ids, i, count, anchorIds[from]!) > 0;
      steps.push(this.difference(id) * 4 + (isInserted ? INSERT : REPLACE));
      if (!isInserted) from++;
      i++;
    }
    if (copied > 0) steps.push(copied * 4 + COPY);
    return true;
  }

  /** Reads a tree's whole list into `anchorIds`; returns its length. */
  private readWhole(at: number): number {
    this.readAt = at;
    this.read();
    let count = 0;
    let id = 0;
    for (let code = this.read(); code !== 0; code = this.read()) {
      id += unzigzag(code - 1);
      if (count === this.anchorIds.length) {
        const larger = new Int32Array(2 * count);
        larger.set(this.anchorIds);
        this.anchorIds = larger;
      }
      this.anchorIds[count++] = id;
    }
    return count;
  }

  /** Reads a tree's steps over `anchorIds`; returns the ids they make of these. */
  private readSteps(anchorCount: number): Int32Array {
    const { anchorIds } = this;
    let from = 0;
    let count = 0;
    let id = 0;
    for (let step = this.read(); step !== 0; step = this.read()) {
      const operand = Math.floor(step / 4);
      const kind = step % 4;
      const added = kind === COPY ? operand : 1;
      if (count + added > this.treeIds.length) this.growTree(count + added + anchorCount);
      const { treeIds } = this;
      if (kind === COPY) {
        for (const stop = from + operand; from < stop; from++) treeIds[count++] = anchorIds[from]!;
        id = treeIds[count - 1]!;
      } else if (kind === SKIP) {
        from += operand;
      } else {
        id += unzigzag(operand);
        treeIds[count++] = id;
        if (kind === REPLACE) from++;
      }
    }
    return this.treeIds.subarray(0, count);
  }

  private growTree(capacity: number): void {
    const larger = new Int32Array(capacity);
    larger.set(this.treeIds);
    this.treeIds = larger;
  }

  /** The zigzag of the difference to the id before. */
  private difference(id: number): number {
    const difference = id - this.previous;
    this.previous = id;
    return difference < 0 ? -2 * difference - 1 : 2 * difference;
  }

  private write(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.writeByte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.writeByte(rest);
  }

  private writeByte(byte: number): void {
    const at = this.length & (CHUNK_BYTES - 1);
    if (at === 0) {
      this.chunk = new Uint8Array(CHUNK_BYTES);
      this.chunks.push(this.chunk);
    }
    this.chunk[at] = byte;
    this.length++;
  }

  private read(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.chunks[this.readAt >>> CHUNK_BITS]![this.readAt & (CHUNK_BYTES - 1)]!;
      this.readAt++;
      if (byte < 128) return value + byte * scale;
      value += (byte & 0x7f) * scale;
    }
  }
}

/** How far behind `from` an id is, within the lookahead; 0 when it isn't. */
function distanceTo(ids: Int32Array, from: number, count: number, id: number): number {
  const end = Math.min(count, from + LOOKAHEAD);
  for (let at = from + 1; at < end; at++) if (ids[at] === id) return at - from;
  return 0;
}

function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}
