// Memory for objects of which it is known when they are done with: one buffer, in which what is left is moved together
// when it is full. Nothing is allocated for an object, and nothing outgrows the buffer.
import { OUTPUT_SLACK_BYTES } from "./inflate.ts";

// Moving everything for less room than this would be done over and over.
const WORTHWHILE_SHARE = 1 / 8;

export class LiveArena {
  /** The buffer. Changes as it grows: read it anew after every `reserve`. */
  bytes: Uint8Array<ArrayBuffer>;
  private readonly limitBytes: number;
  /** Where each object begins, or -1: a column of the entries' table, lent for as long as this is in use. */
  private readonly places: Float64Array;
  private readonly sizes: Uint32Array;
  /** Objects in the order of their places; dropped ones stay until things are moved. */
  private order = new Int32Array(1024);
  private orderLength = 0;
  private head = 0;
  private liveBytes = 0;

  /** `bytes`: memory that becomes the arena's, and may be all it needs. */
  constructor(limitBytes: number, bytes: Uint8Array<ArrayBuffer>, places: Float64Array, sizes: Uint32Array) {
    this.limitBytes = limitBytes;
    this.bytes = bytes;
    this.places = places.fill(-1);
    this.sizes = sizes;
  }

  /** Where an object begins in `bytes`, or -1 when it isn't there. Valid until the next `reserve`. */
  find(entry: number): number {
    return this.places[entry]!;
  }

  /** Forgets an object that is there. */
  drop(entry: number): void {
    this.liveBytes -= this.sizes[entry]!;
    this.places[entry] = -1;
  }

  /** Makes room for `size` bytes and the inflater's slack and returns where; -1 when there is too little. */
  reserve(size: number): number {
    const needed = size + OUTPUT_SLACK_BYTES;
    while (this.head + needed > this.bytes.length) {
      if (this.head - this.liveBytes >= this.bytes.length * WORTHWHILE_SHARE) this.compact();
      else if (this.bytes.length < this.limitBytes) this.grow();
      else return -1;
    }
    return this.head;
  }

  /** Keeps an object that was put at the place reserved last. */
  put(entry: number): void {
    if (this.orderLength === this.order.length) {
      const longer = new Int32Array(2 * this.orderLength);
      longer.set(this.order);
      this.order = longer;
    }
    this.order[this.orderLength++] = entry;
    this.places[entry] = this.head;
    this.head += this.sizes[entry]!;
    this.liveBytes += this.sizes[entry]!;
  }

  /** Gives the memory back at once. */
  release(): void {
    this.places.fill(-1);
    this.bytes.buffer.transfer(0);
  }

  private compact(): void {
    let to = 0;
    let kept = 0;
    for (let i = 0; i < this.orderLength; i++) {
      const entry = this.order[i]!;
      const at = this.places[entry]!;
      if (at < 0) continue;
      const size = this.sizes[entry]!;
      this.bytes.copyWithin(to, at, at + size);
      this.places[entry] = to;
      this.order[kept++] = entry;
      to += size;
    }
    this.orderLength = kept;
    this.head = to;
  }

  private grow(): void {
    const larger = new Uint8Array(Math.min(this.bytes.length * 2, this.limitBytes));
    larger.set(this.bytes.subarray(0, this.head));
    this.bytes.buffer.transfer(0);
    this.bytes = larger;
  }
}
