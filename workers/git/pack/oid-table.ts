// Numbers object ids in the order they are first met, so that 300,000 objects and millions of references cost
// small integers. The hash is keyed at random: ids in a tree are whatever a pusher writes.
import { formatOid, OID_BYTES, type Oid } from "../object/oid.ts";
import type { PackedColumn } from "./entry-table.ts";

const WORDS = 5;
const FIRST_CAPACITY = 1024;

/** A set of ids, each with a number from 0 on, the kinds it is referenced as and the entry that holds it. */
export class OidTable {
  count = 0;
  /** Bit `typeCode` is set when some object references the id as that type. */
  kinds: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_CAPACITY);
  /** The pack entry that is the object, or -1. */
  entries: Int32Array<ArrayBuffer> = new Int32Array(FIRST_CAPACITY).fill(-1);
  private words = new Int32Array(FIRST_CAPACITY * WORDS);
  private slots = new Int32Array(FIRST_CAPACITY * 2);
  private readonly key = crypto.getRandomValues(new Int32Array(WORDS));
  private readonly wanted = new Int32Array(WORDS);

  /** The number of the 20 bytes at `at`; they get the next one when they are new. */
  intern(bytes: Uint8Array, at: number): number {
    const slot = this.findSlot(bytes, at);
    const found = this.slots[slot]!;
    if (found !== 0) return found - 1;
    const id = this.count++;
    this.words.set(this.wanted, id * WORDS);
    this.slots[slot] = id + 1;
    if (this.count === this.kinds.length) this.grow();
    return id;
  }

  /** The number of an id, or -1 when it was never met. */
  find(bytes: Uint8Array, at: number): number {
    return this.slots[this.findSlot(bytes, at)]! - 1;
  }

  /** The first 32 bits of an id. */
  firstWord(id: number): number {
    return this.words[id * WORDS]! >>> 0;
  }

  compare(a: number, b: number): number {
    for (let i = 0; i < WORDS; i++) {
      const difference = (this.words[a * WORDS + i]! >>> 0) - (this.words[b * WORDS + i]! >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Writes the 20 bytes of an id. */
  copyOid(id: number, into: Uint8Array, at: number): void {
    for (let i = 0; i < WORDS; i++) {
      const word = this.words[id * WORDS + i]!;
      into[at + 4 * i] = word >>> 24;
      into[at + 4 * i + 1] = word >>> 16;
      into[at + 4 * i + 2] = word >>> 8;
      into[at + 4 * i + 3] = word;
    }
  }

  oid(id: number): Oid {
    const bytes = new Uint8Array(OID_BYTES);
    this.copyOid(id, bytes, 0);
    return formatOid(bytes);
  }

  /** All that is known, as columns to be put aside. */
  columns(): PackedColumn[] {
    const { kinds, entries, words, count } = this;
    return [kinds.subarray(0, count), entries.subarray(0, count), words.subarray(0, count * WORDS)];
  }

  /** Makes room for ids that were put aside; once their columns are filled in, `reindex` makes them be found. */
  restore(count: number): void {
    let capacity = FIRST_CAPACITY;
    while (capacity <= count) capacity *= 2;
    this.release();
    this.count = count;
    this.kinds = new Uint8Array(capacity);
    this.entries = new Int32Array(capacity).fill(-1);
    this.words = new Int32Array(capacity * WORDS);
  }

  reindex(): void {
    this.slots = this.fillSlots(this.kinds.length * 2);
  }

  /** Gives the memory back at once; nothing may be asked any more. */
  release(): void {
    for (const column of [this.kinds, this.entries, this.words, this.slots]) column.buffer.transfer(0);
    this.count = 0;
  }

  /** The slot that holds the id, or the free one where it belongs; `wanted` then has its words. */
  private findSlot(bytes: Uint8Array, at: number): number {
    const { wanted, slots, words, key } = this;
    let hash = 0;
    for (let i = 0, p = at; i < WORDS; i++, p += 4) {
      const word = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
      wanted[i] = word;
      hash = Math.imul(hash ^ word ^ key[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = slots[slot]! - 1;
      if (id < 0) return slot;
      const from = id * WORDS;
      if (
        words[from] === wanted[0] &&
        words[from + 1] === wanted[1] &&
        words[from + 2] === wanted[2] &&
        words[from + 3] === wanted[3] &&
        words[from + 4] === wanted[4]
      ) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const capacity = this.kinds.length * 2;
    const kinds = new Uint8Array(capacity);
    kinds.set(this.kinds);
    this.kinds.buffer.transfer(0);
    this.kinds = kinds;
    const entries = new Int32Array(capacity).fill(-1);
    entries.set(this.entries);
    this.entries.buffer.transfer(0);
    this.entries = entries;
    const words = new Int32Array(capacity * WORDS);
    words.set(this.words);
    this.words.buffer.transfer(0);
    this.words = words;
    this.slots.buffer.transfer(0);
    this.slots = this.fillSlots(capacity * 2);
  }

  private fillSlots(length: number): Int32Array<ArrayBuffer> {
    const { key, words } = this;
    const slots = new Int32Array(length);
    const mask = slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let hash = 0;
      for (let i = 0; i < WORDS; i++) {
        hash = Math.imul(hash ^ words[id * WORDS + i]! ^ key[i]!, 0x9e3779b1);
        hash ^= hash >>> 15;
      }
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    return slots;
  }
}
