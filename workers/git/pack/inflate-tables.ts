// Decoding tables of DEFLATE (RFC 1951, 3.2): canonical Huffman codes turned into arrays that are indexed by the
// next bits of the stream, with second-level tables for long codes. A code is accepted exactly when zlib accepts it.
//
// An entry: bits 0–3 how many bits to take, 4–7 the kind, 8–11 extra bits (or a subtable's width), 16–31 the payload.

const LITERAL = 0x00;
export const MATCH = 0x10;
export const END_OF_BLOCK = 0x20;
export const SUBTABLE = 0x40;
const INVALID = 0x80;
export const KIND_MASK = 0xf0;

export const LITERAL_ROOT_BITS = 10;
export const DISTANCE_ROOT_BITS = 8;
export const LENGTHS_ROOT_BITS = 7;
export const LITERAL_TABLE_SIZE = 2048;
export const DISTANCE_TABLE_SIZE = 1024;

const LENGTH_BASES = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const LENGTH_EXTRAS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/** What each literal/length symbol decodes to, without its code's length. */
export const LITERAL_SYMBOLS = Int32Array.from({ length: 288 }, (_, symbol) => {
  if (symbol < 256) return (symbol << 16) | LITERAL;
  if (symbol === 256) return END_OF_BLOCK;
  const base = LENGTH_BASES[symbol - 257];
  return base === undefined ? INVALID : (base << 16) | (LENGTH_EXTRAS[symbol - 257]! << 8) | MATCH;
});

/** What each distance symbol decodes to: base distances 1, 2, 3, 4, 5, 7, 9, 13, … with 0, 0, 0, 0, 1, 1, 2, 2, … extra bits. */
export const DISTANCE_SYMBOLS = Int32Array.from({ length: 32 }, (_, symbol) => {
  if (symbol >= 30) return INVALID;
  const extra = symbol < 4 ? 0 : (symbol >> 1) - 1;
  const base = symbol < 4 ? symbol + 1 : 1 + ((2 + (symbol & 1)) << extra);
  return (base << 16) | (extra << 8) | MATCH;
});

/** Symbols that stand for themselves: the code of code lengths. */
export const LENGTHS_SYMBOLS = Int32Array.from({ length: 19 }, (_, symbol) => (symbol << 16) | LITERAL);

const counts = new Int32Array(16);
const starts = new Int32Array(17);
const sorted = new Uint16Array(320);

/** The next codeword of `length` bits, in the bit-reversed order in which the stream shows them. */
function nextCodeword(codeword: number, length: number): number {
  const bit = 1 << (31 - Math.clz32(codeword ^ ((1 << length) - 1)));
  return (codeword & (bit - 1)) | bit;
}

/** Sorts symbols by code length; returns what of the code space is left over (0 = complete, below 0 = too much). */
function sortByLength(lengths: Uint8Array, from: number, symbolCount: number): number {
  counts.fill(0);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    const length = lengths[from + symbol]!;
    counts[length] = counts[length]! + 1;
  }
  let left = 1;
  starts[1] = 0;
  for (let length = 1; length <= 15; length++) {
    left = left * 2 - counts[length]!;
    if (left < 0) return left;
    starts[length + 1] = starts[length]! + counts[length]!;
  }
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    const length = lengths[from + symbol]!;
    if (length === 0) continue;
    sorted[starts[length]!] = symbol;
    starts[length] = starts[length]! + 1;
  }
  return left;
}

/** Fills the subtables for codes longer than `rootBits`, from the first such codeword on. */
function fillSubtables(
  symbols: Int32Array,
  table: Int32Array,
  rootBits: number,
  firstLength: number,
  firstCodeword: number,
  firstSorted: number,
): void {
  const rootMask = (1 << rootBits) - 1;
  let length = firstLength;
  let codeword = firstCodeword;
  let next = firstSorted;
  let remaining = counts[length]!;
  let prefix = -1;
  let tableStart = 0;
  let tableEnd = 1 << rootBits;
  for (;;) {
    if ((codeword & rootMask) !== prefix) {
      prefix = codeword & rootMask;
      tableStart = tableEnd;
      let width = length - rootBits;
      let used = remaining;
      while (used < 1 << width) {
        width++;
        used = used * 2 + counts[rootBits + width]!;
      }
      tableEnd = tableStart + (1 << width);
      table[prefix] = (tableStart << 16) | (width << 8) | SUBTABLE | rootBits;
    }
    const entry = symbols[sorted[next++]!]! | (length - rootBits);
    const stride = 1 << (length - rootBits);
    for (let i = tableStart + (codeword >> rootBits); i < tableEnd; i += stride) table[i] = entry;
    if (codeword === (1 << length) - 1) return;
    codeword = nextCodeword(codeword, length);
    remaining--;
    while (remaining === 0) remaining = counts[++length]!;
  }
}

/**
 * Builds `table` for the code given by lengths[from, from + symbolCount). False when the code is over-subscribed,
 * or incomplete (but for what zlib allows: a code of one symbol of one bit, and none at all, unless `mustBeComplete`).
 */
export function buildTable(
  lengths: Uint8Array,
  from: number,
  symbolCount: number,
  symbols: Int32Array,
  table: Int32Array,
  rootBits: number,
  mustBeComplete: boolean,
): boolean {
  const left = sortByLength(lengths, from, symbolCount);
  if (left < 0) return false;
  if (left > 0) {
    const used = symbolCount - counts[0]!;
    if (used !== 0 && (mustBeComplete || used !== 1 || counts[1] !== 1)) return false;
    if (used === 0 && mustBeComplete) return false;
    table.fill(INVALID | 1, 0, 1 << rootBits);
    if (used === 1) {
      const entry = symbols[sorted[0]!]! | 1;
      for (let i = 0; i < 1 << rootBits; i += 2) table[i] = entry;
    }
    return true;
  }
  let length = 1;
  while (counts[length] === 0) length++;
  let codeword = 0;
  let next = 0;
  // The filled part of the table doubles with each further bit of length.
  while (length <= rootBits) {
    const size = 1 << length;
    for (let remaining = counts[length]!; remaining > 0; remaining--) {
      table[codeword] = symbols[sorted[next++]!]! | length;
      if (codeword === size - 1) {
        for (let filled = size; filled < 1 << rootBits; filled *= 2) table.copyWithin(filled, 0, filled);
        return true;
      }
      codeword = nextCodeword(codeword, length);
    }
    length++;
    if (length <= rootBits) table.copyWithin(size, 0, size);
  }
  while (counts[length] === 0) length++;
  fillSubtables(symbols, table, rootBits, length, codeword, next);
  return true;
}

/** The fixed literal/length code (RFC 1951, 3.2.6). */
export function buildFixedLiteralTable(): Int32Array {
  const lengths = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
  const table = new Int32Array(1 << LITERAL_ROOT_BITS);
  buildTable(lengths, 0, 288, LITERAL_SYMBOLS, table, LITERAL_ROOT_BITS, true);
  return table;
}

/** The fixed distance code: five bits each. */
export function buildFixedDistanceTable(): Int32Array {
  const lengths = new Uint8Array(32).fill(5);
  const table = new Int32Array(1 << DISTANCE_ROOT_BITS);
  buildTable(lengths, 0, 32, DISTANCE_SYMBOLS, table, DISTANCE_ROOT_BITS, true);
  return table;
}
