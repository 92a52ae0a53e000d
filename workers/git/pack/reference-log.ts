// What the objects of a pack being received reference, as differences of id numbers in variable length: neighbours
// in a tree were mostly first met together, so most references take a byte.

const CHUNK_BITS = 18;
const CHUNK_BYTES = 1 << CHUNK_BITS;

export class ReferenceLog {
  // Position 0 is an empty list: objects without references share it.
  private chunks: Uint8Array[] = [new Uint8Array(CHUNK_BYTES)];
  private chunk: Uint8Array = this.chunks[0]!;
  private length = 1;
  private previous = 0;
  private readAt = 0;

  /** Begins a list and returns its position, to be read from later. `time` is a commit's, 0 for others. */
  begin(time: number): number {
    const at = this.length;
    this.previous = 0;
    this.write(time);
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

  /** Goes to a list; returns its time. */
  open(at: number): number {
    this.previous = 0;
    if (at === 0) {
      this.readAt = 1;
      return 0;
    }
    this.readAt = at;
    return this.read();
  }

  /** The next id of the list opened last, or -1 at its end. Not to be called on the empty list at 0. */
  next(): number {
    const code = this.read();
    if (code === 0) return -1;
    const zigzag = code - 1;
    this.previous += zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
    return this.previous;
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
    let scale = 1;
    for (;;) {
      const byte = this.chunks[this.readAt >>> CHUNK_BITS]![this.readAt & (CHUNK_BYTES - 1)]!;
      this.readAt++;
      if (byte < 128) return value + byte * scale;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
  }
}
