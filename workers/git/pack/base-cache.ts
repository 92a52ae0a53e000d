// Resolved objects kept at hand as delta bases: a ring over one buffer, so keeping one costs no allocation and the
// memory never passes the ring's size. Places are virtual offsets that only grow; a place is gone once overwritten.
import { OUTPUT_SLACK_BYTES } from "./inflate.ts";

const FIRST_CAPACITY_BYTES = 256 * 1024;

export class BaseCache {
  /** The ring. Changes when it grows or is released: read it anew after every `reserve`. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The largest object that is kept. */
  readonly objectLimitBytes: number;
  private readonly limitBytes: number;
  private capacity: number;
  // Where the ring begins in virtual offsets; until it has its full size, nothing wraps around.
  private origin = 0;
  private head = 0;
  private tail = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
    this.objectLimitBytes = Math.floor(limitBytes / 8);
    this.capacity = Math.min(FIRST_CAPACITY_BYTES, limitBytes);
    this.bytes = new Uint8Array(this.capacity);
  }

  /** Where in `bytes` a place is. */
  physical(place: number): number {
    return (place - this.origin) % this.capacity;
  }

  holds(place: number): boolean {
    return place >= this.tail;
  }

  /** Makes room for `size` ≤ objectLimitBytes bytes and the inflater's slack, overwriting the oldest; returns the place. */
  reserve(size: number): number {
    const needed = size + OUTPUT_SLACK_BYTES;
    while (this.capacity < this.limitBytes && this.head - this.origin + needed > this.capacity) this.grow();
    const left = this.capacity - this.physical(this.head);
    const place = left < needed ? this.head + left : this.head;
    this.head = place + size;
    this.tail = Math.max(this.tail, place + needed - this.capacity);
    return place;
  }

  /** Takes back the place reserved last. */
  unreserve(place: number): void {
    this.head = place;
  }

  /** True when reserving `size` more bytes could overwrite `place`, or soon will. */
  isOld(place: number, size: number): boolean {
    return (
      place < this.head + 2 * (size + OUTPUT_SLACK_BYTES) - this.capacity ||
      place < this.head - this.capacity * 0.75
    );
  }

  /** Copies an object to the newest end; returns its new place. */
  refresh(place: number, size: number): number {
    const from = this.physical(place);
    const to = this.reserve(size);
    this.bytes.copyWithin(this.physical(to), from, from + size);
    return to;
  }

  /** Gives the memory back at once; whatever was kept is gone. */
  release(): void {
    this.takeBytes().buffer.transfer(0);
  }

  /** Hands the memory over; whatever was kept is gone. */
  takeBytes(): Uint8Array<ArrayBuffer> {
    const { bytes } = this;
    this.capacity = Math.min(FIRST_CAPACITY_BYTES, this.limitBytes);
    this.bytes = new Uint8Array(this.capacity);
    this.head++;
    this.origin = this.head;
    this.tail = this.head;
    return bytes;
  }

  private grow(): void {
    const larger = Math.min(this.capacity * 2, this.limitBytes);
    const bytes = new Uint8Array(larger);
    bytes.set(this.bytes);
    this.bytes.buffer.transfer(0);
    this.bytes = bytes;
    this.capacity = larger;
  }
}
