// Marks of objects by number, one bit each, to be kept for long: eight times smaller than what a walk works with.

/** A bit for each mark that has one of the bits of `mask`. */
export function packMarks(marks: Uint8Array, mask: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(marks.length / 8));
  for (let number = 0; number < marks.length; number++) {
    if ((marks[number]! & mask) !== 0) bits[number >>> 3]! |= 1 << (number & 7);
  }
  return bits;
}

export function hasBit(bits: Uint8Array, number: number): boolean {
  return ((bits[number >>> 3] ?? 0) & (1 << (number & 7))) !== 0;
}

/** Sets `mark` where there is a bit. */
export function addMarks(marks: Uint8Array, bits: Uint8Array, mark: number): void {
  for (let at = 0; at < bits.length; at++) {
    let byte = bits[at]!;
    for (let number = at << 3; byte !== 0; number++, byte >>>= 1) {
      if ((byte & 1) !== 0) marks[number]! |= mark;
    }
  }
}
