// A set of ids in a few flat arrays: 28 to 40 bytes an id. Kept apart from pack/oid-table.ts, which graphs are written with.
import { OID_BYTES } from "../object/oid.ts";

const FIRST_CAPACITY = 1024;

export class IdSet {
  private ids = new Uint8Array(FIRST_CAPACITY * OID_BYTES);
  /** One more than an id's number; 0 where there is none. Twice as many as ids fit. */
  private slots = new Uint32Array(FIRST_CAPACITY * 2);
  private count = 0;
  // Ids are what pushers make them: where each goes depends on this too.
  private readonly key = crypto.getRandomValues(new Uint32Array(1))[0]!;

  get size(): number {
    return this.count;
  }

  /** Adds the 20 bytes at `at`; false where they were there. */
  add(bytes: Uint8Array, at: number): boolean {
    if (this.count * OID_BYTES === this.ids.length) this.grow();
    const slot = this.findSlot(bytes, at);
    if (this.slots[slot] !== 0) return false;
    const to = this.count * OID_BYTES;
    for (let i = 0; i < OID_BYTES; i++) this.ids[to + i] = bytes[at + i]!;
    this.count++;
    this.slots[slot] = this.count;
    return true;
  }

  /** All ids, 20 bytes each, in the order in which they were added; a copy. */
  toBytes(): Uint8Array {
    return this.ids.slice(0, this.count * OID_BYTES);
  }

  private findSlot(bytes: Uint8Array, at: number): number {
    const { ids, slots } = this;
    const mask = slots.length - 1;
    let slot = this.hash(bytes, at) & mask;
    for (let number = slots[slot]!; number !== 0; number = slots[slot]!) {
      const from = (number - 1) * OID_BYTES;
      let same = 0;
      while (same < OID_BYTES && ids[from + same] === bytes[at + same]) same++;
      if (same === OID_BYTES) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private hash(bytes: Uint8Array, at: number): number {
    let hash = this.key;
    for (let i = at; i < at + OID_BYTES; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    return hash ^ (hash >>> 15);
  }

  private grow(): void {
    const ids = new Uint8Array(2 * this.ids.length);
    ids.set(this.ids);
    this.ids = ids;
    this.slots = new Uint32Array(2 * this.slots.length);
    for (let number = 1; number <= this.count; number++) {
      this.slots[this.findSlot(ids, (number - 1) * OID_BYTES)] = number;
    }
  }
}
