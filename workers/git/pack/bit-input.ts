// Input read bit by bit, low bits first (RFC 1951, 3.1.1). Between steps fewer than eight bits are held back, so that
// what isn't consumed can be told in bytes.

export const NO_BYTES = new Uint8Array(0);

export class BitInput {
  input: Uint8Array = NO_BYTES;
  /** The first byte not taken. */
  inPos = 0;
  inEnd = 0;
  /** Bits taken from the input and not yet consumed: the lowest is the next. */
  hold = 0;
  bits = 0;

  /** Makes `count` ≤ 24 bits ready in `hold`; false when the input has too few. */
  fill(count: number): boolean {
    while (this.bits < count) {
      if (this.inPos >= this.inEnd) return false;
      this.hold |= this.input[this.inPos++]! << this.bits;
      this.bits += 8;
    }
    return true;
  }

  drop(count: number): void {
    this.hold >>>= count;
    this.bits -= count;
  }

  /** Gives whole bytes in `hold` back to the input. */
  giveBack(): void {
    this.settle(this.inPos, this.hold, this.bits);
  }

  /** Takes over where a loop with variables of its own has come to; bits of whole bytes go back to the input. */
  settle(inPos: number, hold: number, bits: number): void {
    this.inPos = inPos - (bits >>> 3);
    this.bits = bits & 7;
    this.hold = hold & ((1 << this.bits) - 1);
  }
}
