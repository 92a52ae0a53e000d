// The codes of a DEFLATE block (RFC 1951, 3.2.6 and 3.2.7): fixed ones, or those that a block brings with it.
import { GitError } from "../object/git-error.ts";
import type { BitInput } from "./bit-input.ts";
import {
  buildFixedDistanceTable,
  buildFixedLiteralTable,
  buildTable,
  DISTANCE_ROOT_BITS,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLE_SIZE,
  LENGTHS_ROOT_BITS,
  LENGTHS_SYMBOLS,
  LITERAL_ROOT_BITS,
  LITERAL_SYMBOLS,
  LITERAL_TABLE_SIZE,
} from "./inflate-tables.ts";

const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIXED_LITERALS = buildFixedLiteralTable();
const FIXED_DISTANCES = buildFixedDistanceTable();

export function corrupt(why: string): GitError {
  return new GitError("bad_pack", `corrupt compressed data: ${why}`);
}

export class BlockCodes {
  /** The tables of the block at hand. */
  literals = FIXED_LITERALS;
  distances = FIXED_DISTANCES;
  private readonly ownLiterals = new Int32Array(LITERAL_TABLE_SIZE);
  private readonly ownDistances = new Int32Array(DISTANCE_TABLE_SIZE);
  private readonly codeLengths = new Uint8Array(320);

  useFixed(): void {
    this.literals = FIXED_LITERALS;
    this.distances = FIXED_DISTANCES;
  }

  /** Reads the codes that a block begins with; false when the input ends before they do. */
  readDynamic(source: BitInput): boolean {
    if (!source.fill(14)) return false;
    const literalCount = (source.hold & 31) + 257;
    const distanceCount = ((source.hold >> 5) & 31) + 1;
    const lengthsCount = ((source.hold >> 10) & 15) + 4;
    source.drop(14);
    if (literalCount > 286 || distanceCount > 30) throw corrupt("a block has too many symbols");
    const { codeLengths, ownLiterals, ownDistances } = this;
    codeLengths.fill(0, 0, 19);
    for (let i = 0; i < lengthsCount; i++) {
      if (!source.fill(3)) return false;
      codeLengths[LENGTHS_ORDER[i]!] = source.hold & 7;
      source.drop(3);
    }
    // The table of code lengths is done with before the distances' table is built in its place.
    if (!buildTable(codeLengths, 0, 19, LENGTHS_SYMBOLS, ownDistances, LENGTHS_ROOT_BITS, true)) {
      throw corrupt("the lengths of a block's codes are wrong");
    }
    if (!this.readCodeLengths(source, literalCount + distanceCount)) return false;
    if (codeLengths[256] === 0) throw corrupt("a block has no end");
    if (!buildTable(codeLengths, 0, literalCount, LITERAL_SYMBOLS, ownLiterals, LITERAL_ROOT_BITS, false)) {
      throw corrupt("a block's literal codes are wrong");
    }
    const at = literalCount;
    if (
      !buildTable(codeLengths, at, distanceCount, DISTANCE_SYMBOLS, ownDistances, DISTANCE_ROOT_BITS, false)
    ) {
      throw corrupt("a block's distance codes are wrong");
    }
    this.literals = ownLiterals;
    this.distances = ownDistances;
    return true;
  }

  private readCodeLengths(source: BitInput, total: number): boolean {
    const { codeLengths, ownDistances: table } = this;
    const { input, inEnd } = source;
    let { hold, bits, inPos: ip } = source;
    let at = 0;
    while (at < total) {
      // Bytes past the end count as 0; whether any was used is seen by where the reading ends.
      while (bits < 14) {
        hold |= (ip < inEnd ? input[ip]! : 0) << bits;
        ip++;
        bits += 8;
      }
      const entry = table[hold & 127]!;
      const symbol = entry >>> 16;
      hold >>>= entry & 15;
      bits -= entry & 15;
      if (symbol < 16) {
        codeLengths[at++] = symbol;
        continue;
      }
      const extra = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
      const repeat = (hold & ((1 << extra) - 1)) + (symbol === 18 ? 11 : 3);
      hold >>>= extra;
      bits -= extra;
      if (ip - (bits >>> 3) > inEnd) return false;
      if ((symbol === 16 && at === 0) || at + repeat > total)
        throw corrupt("a code’s length is repeated wrongly");
      const value = symbol === 16 ? codeLengths[at - 1]! : 0;
      for (const stop = at + repeat; at < stop; at++) codeLengths[at] = value;
    }
    if (ip - (bits >>> 3) > inEnd) return false;
    source.settle(ip, hold, bits);
    return true;
  }
}
