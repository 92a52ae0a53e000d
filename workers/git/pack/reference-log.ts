// What the objects of a pack being received reference, as differences of id numbers in LEB128: neighbours in a tree
// were mostly first met together, so most references take a byte. The graph sidecar holds the lists as they are.

const CHUNK_BITS = 18;
const CHUNK_BYTES = 1 << CHUNK_BITS;

export class ReferenceLog {
  // Position 0 stands for no list; an empty one is somewhere else.
  private chunks: Uint8Array[] = [new Uint8Array(CHUNK_BYTES)];
  private chunk: Uint8Array = this.chunks[0]!;
  private length = 1;
  private previous = 0;

  /** Begins a list and returns its position, to be read from later. A commit's list begins with its `time`. */
  begin(time: number | null): number {
    const at = this.length;
    this.previous = 0;
    if (time !== null) this.write(time);
    return at;
  }

  /** Adds an id to the list begun last. */
  add(id: number): void {
    const difference = id - this.previous;
    this.previous = id;
    // Zigzag, and one more: 0 ends the list.
    this.write((difference < 0 ? -2 * difference - 1 : 2 * difference) + 1);
  }

  end(): void {
    this.write(0);
  }

  /** The bytes of a list, without its end; `into` null only counts them. Returns where they end. */
  copy(from: number, hasTime: boolean, into: Uint8Array | null, at: number): number {
    let position = from;
    let to = at;
    let isFirst = true;
    for (let isInTime = hasTime; ; ) {
      const byte = this.chunks[position >>> CHUNK_BITS]![position & (CHUNK_BYTES - 1)]!;
      if (byte === 0 && isFirst && !isInTime) return to;
      if (into !== null) into[to] = byte;
      to++;
      position++;
      // A number ends with its first byte below 128; only a number's first byte may end the list.
      isFirst = byte < 128;
      if (isFirst) isInTime = false;
    }
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
}
