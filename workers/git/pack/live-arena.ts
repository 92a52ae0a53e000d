// Memory for objects of which it is known when they are done with: one buffer, in which what is left is moved together
// when it is full. Nothing is allocated for an object, and nothing outgrows the buffer.
import { OUTPUT_SLACK_BYTES } from "./inflate.ts";

const FIRST_CAPACITY_BYTES = 1024 * 1024;
// Moving everything for less room than this would be done over and over.
const WORTHWHILE_SHARE = 1 / 8;

export class LiveArena {
  /** The buffer. Changes as it grows: read it anew after every `reserve`. */
  bytes: Uint8Array<ArrayBuffer>;
  private readonly limitBytes: number;
  private readonly objects = new Map<number, { at: number; size: number }>();
  private head = 0;
  private liveBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
    this.bytes = new Uint8Array(Math.min(limitBytes, FIRST_CAPACITY_BYTES));
  }

  /** Where an object begins in `bytes`, or -1 when it isn't there. Valid until the next `reserve`. */
  find(entry: number): number {
    return this.objects.get(entry)?.at ?? -1;
  }

  /** Forgets an object. */
  drop(entry: number): void {
    this.liveBytes -= this.objects.get(entry)?.size ?? 0;
    this.objects.delete(entry);
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

  /** Keeps what was put at the place reserved last. */
  put(entry: number, size: number): void {
    this.objects.set(entry, { at: this.head, size });
    this.head += size;
    this.liveBytes += size;
  }

  /** Gives the memory back at once. */
  release(): void {
    this.objects.clear();
    this.bytes.buffer.transfer(0);
  }

  private compact(): void {
    let to = 0;
    // A Map's order is that of insertion, which is that of the places.
    for (const object of this.objects.values()) {
      this.bytes.copyWithin(to, object.at, object.at + object.size);
      object.at = to;
      to += object.size;
    }
    this.head = to;
  }

  private grow(): void {
    const larger = new Uint8Array(Math.min(this.bytes.length * 2, this.limitBytes));
    larger.set(this.bytes.subarray(0, this.head));
    this.bytes.buffer.transfer(0);
    this.bytes = larger;
  }
}
