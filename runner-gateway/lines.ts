// Splits a stream of bytes into lines. Invariant: nothing beyond the longest allowed line is ever held.

export class LineSplitter {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #heldBytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /**
   * The lines that end in `chunk`, without their newline.
   * @returns null once a line is longer than allowed; the stream is of no use then.
   */
  push(chunk: Buffer): Buffer[] | null {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      if (!this.#hold(chunk.subarray(start, end))) return null;
      lines.push(this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts));
      this.#parts = [];
      this.#heldBytes = 0;
      start = end + 1;
    }
    return this.#hold(chunk.subarray(start)) ? lines : null;
  }

  #hold(part: Buffer): boolean {
    this.#heldBytes += part.length;
    if (this.#heldBytes > this.#lineBytesMax) return false;
    if (part.length > 0) this.#parts.push(part);
    return true;
  }
}
