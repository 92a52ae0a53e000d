// Inflates zlib streams (RFC 1950, RFC 1951) into memory the caller owns, allocating nothing: made for packs' many
// small objects. It can stop for want of input or output and go on later; accepts exactly what zlib accepts.
import { GitError } from "../object/git-error.ts";
import { updateAdler32 } from "./adler32.ts";
import {
  buildFixedDistanceTable,
  buildFixedLiteralTable,
  buildTable,
  DISTANCE_ROOT_BITS,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLE_SIZE,
  END_OF_BLOCK,
  KIND_MASK,
  LENGTHS_ROOT_BITS,
  LENGTHS_SYMBOLS,
  LITERAL_ROOT_BITS,
  LITERAL_SYMBOLS,
  LITERAL_TABLE_SIZE,
  MATCH,
  SUBTABLE,
} from "./inflate-tables.ts";

/** What a run of the inflater ended for. */
export type InflateStatus = "done" | "need_input" | "need_output";

/** Bytes after `outEnd` that must be writable: the last match may run over before the overrun is seen. */
export const OUTPUT_SLACK_BYTES = 320;

const HEADER = 0;
const BLOCK = 1;
const STORED = 2;
const CODES = 3;
const TRAILER = 4;
const DONE = 5;

// Input bytes that the fast loop may look at for one symbol pair.
const INPUT_MARGIN_BYTES = 12;
const LITERAL_MASK = (1 << LITERAL_ROOT_BITS) - 1;
const DISTANCE_MASK = (1 << DISTANCE_ROOT_BITS) - 1;
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const NO_BYTES = new Uint8Array(0);
const FIXED_LITERALS = buildFixedLiteralTable();
const FIXED_DISTANCES = buildFixedDistanceTable();

function corrupt(why: string): GitError {
  return new GitError("bad_pack", `corrupt compressed data: ${why}`);
}

/** One zlib stream at a time: `start()`, then `run()` until it says done. */
export class Inflater {
  /** After a run: the first input byte not consumed. */
  inPos = 0;
  /** After a run: where the output ends. */
  outPos = 0;

  private stage = HEADER;
  private hold = 0;
  private bits = 0;
  private isLastBlock = false;
  private storedLeft = 0;
  private adler = 1;
  private input: Uint8Array = NO_BYTES;
  private inEnd = 0;
  private output: Uint8Array = NO_BYTES;
  private historyStart = 0;
  private outEnd = 0;
  private literals = FIXED_LITERALS;
  private distances = FIXED_DISTANCES;
  private readonly ownLiterals = new Int32Array(LITERAL_TABLE_SIZE);
  private readonly ownDistances = new Int32Array(DISTANCE_TABLE_SIZE);
  private readonly codeLengths = new Uint8Array(320);

  /** Forgets the stream at hand and begins another. */
  start(): void {
    this.stage = HEADER;
    this.hold = 0;
    this.bits = 0;
    this.isLastBlock = false;
    this.adler = 1;
  }

  /**
   * Inflates input[inStart, inEnd) to output from `outStart` on. `historyStart` is where the output that matches may
   * reach back to begins. Stops with `need_output` once at least `outEnd` is reached and the stream isn't over: for an object
   * of known size that means it is larger than it says. After `need_input` the bytes from `inPos` on must be given again, with more.
   * Throws GitError `bad_pack` when the stream is corrupt.
   */
  run(
    input: Uint8Array,
    inStart: number,
    inEnd: number,
    output: Uint8Array,
    outStart: number,
    historyStart: number,
    outEnd: number,
  ): InflateStatus {
    this.input = input;
    this.inPos = inStart;
    this.inEnd = inEnd;
    this.output = output;
    this.outPos = outStart;
    this.historyStart = historyStart;
    this.outEnd = outEnd;
    const status = this.advance();
    this.adler = updateAdler32(this.adler, output, outStart, this.outPos);
    if (status === "done") this.checkTrailer();
    // Nothing of the caller's is held on to between runs.
    this.input = NO_BYTES;
    this.output = NO_BYTES;
    return status;
  }

  private advance(): InflateStatus {
    for (;;) {
      switch (this.stage) {
        case HEADER:
          if (this.inEnd - this.inPos < 2) return "need_input";
          this.readZlibHeader();
          break;
        case BLOCK:
          if (!this.readBlockHead()) return "need_input";
          break;
        case STORED:
          if (this.outPos > this.outEnd) return "need_output";
          if (this.storedLeft > 0 && this.inPos >= this.inEnd) return "need_input";
          this.copyStored();
          break;
        case CODES:
          this.decodeFast();
          if (this.stage !== CODES) break;
          if (this.outPos > this.outEnd) return "need_output";
          if (this.inPos > this.inEnd - INPUT_MARGIN_BYTES && !this.decodeOne()) return "need_input";
          break;
        case TRAILER:
          if (this.outPos > this.outEnd) return "need_output";
          if (this.inEnd - this.inPos < 4) return "need_input";
          this.inPos += 4;
          this.stage = DONE;
          break;
        default:
          return "done";
      }
    }
  }

  private readZlibHeader(): void {
    const method = this.input[this.inPos]!;
    const flags = this.input[this.inPos + 1]!;
    if (((method << 8) | flags) % 31 !== 0) throw corrupt("its header is wrong");
    if ((method & 15) !== 8 || method >> 4 > 7) throw corrupt("its method is unknown");
    if ((flags & 0x20) !== 0) throw corrupt("it needs a dictionary");
    this.inPos += 2;
    this.stage = BLOCK;
  }

  /** The trailer's four bytes were counted as read by `advance`; the checksum is complete only now. */
  private checkTrailer(): void {
    const { input, inPos } = this;
    const said =
      (input[inPos - 4]! << 24) | (input[inPos - 3]! << 16) | (input[inPos - 2]! << 8) | input[inPos - 1]!;
    if (said !== this.adler) throw corrupt("its checksum is wrong");
  }

  private copyStored(): void {
    const { input, inPos, output, outPos } = this;
    const length = Math.min(this.storedLeft, this.inEnd - inPos, this.outEnd + OUTPUT_SLACK_BYTES - outPos);
    output.set(input.subarray(inPos, inPos + length), outPos);
    this.inPos += length;
    this.outPos += length;
    this.storedLeft -= length;
    if (this.storedLeft === 0) this.stage = this.isLastBlock ? TRAILER : BLOCK;
  }

  /** Makes `count` ≤ 24 bits ready in `hold`; false when the input has too few. */
  private fill(count: number): boolean {
    while (this.bits < count) {
      if (this.inPos >= this.inEnd) return false;
      this.hold |= this.input[this.inPos++]! << this.bits;
      this.bits += 8;
    }
    return true;
  }

  private drop(count: number): void {
    this.hold >>>= count;
    this.bits -= count;
  }

  /** Reads a block's header with its tables; false, and nothing read, when the input has too little. */
  private readBlockHead(): boolean {
    const { hold, bits, inPos } = this;
    if (this.fill(3)) {
      const type = (this.hold >> 1) & 3;
      this.isLastBlock = (this.hold & 1) === 1;
      this.drop(3);
      if (type === 3) throw corrupt("a block has no type");
      if (type === 1) {
        this.literals = FIXED_LITERALS;
        this.distances = FIXED_DISTANCES;
        this.stage = CODES;
        return this.endBlockHead();
      }
      if (type === 0 ? this.readStoredHead() : this.readDynamicHead()) return this.endBlockHead();
    }
    this.hold = hold;
    this.bits = bits;
    this.inPos = inPos;
    return false;
  }

  /** Gives whole bytes in `hold` back to the input, so that a stop leaves fewer than eight bits. */
  private endBlockHead(): true {
    this.inPos -= this.bits >>> 3;
    this.bits &= 7;
    this.hold &= (1 << this.bits) - 1;
    return true;
  }

  private readStoredHead(): boolean {
    this.inPos -= this.bits >>> 3;
    this.bits = 0;
    this.hold = 0;
    const { input, inPos } = this;
    if (this.inEnd - inPos < 4) return false;
    const length = input[inPos]! | (input[inPos + 1]! << 8);
    const complement = input[inPos + 2]! | (input[inPos + 3]! << 8);
    if ((length ^ complement) !== 0xffff) throw corrupt("a stored block has no length");
    this.inPos += 4;
    this.storedLeft = length;
    this.stage = STORED;
    return true;
  }

  private readDynamicHead(): boolean {
    if (!this.fill(14)) return false;
    const literalCount = (this.hold & 31) + 257;
    const distanceCount = ((this.hold >> 5) & 31) + 1;
    const lengthsCount = ((this.hold >> 10) & 15) + 4;
    this.drop(14);
    if (literalCount > 286 || distanceCount > 30) throw corrupt("a block has too many symbols");
    const { codeLengths, ownLiterals, ownDistances } = this;
    codeLengths.fill(0, 0, 19);
    for (let i = 0; i < lengthsCount; i++) {
      if (!this.fill(3)) return false;
      codeLengths[LENGTHS_ORDER[i]!] = this.hold & 7;
      this.drop(3);
    }
    // The table of code lengths is done with before the distances' table is built in its place.
    if (!buildTable(codeLengths, 0, 19, LENGTHS_SYMBOLS, ownDistances, LENGTHS_ROOT_BITS, true)) {
      throw corrupt("the lengths of a block’s codes are wrong");
    }
    if (!this.readCodeLengths(literalCount + distanceCount)) return false;
    if (codeLengths[256] === 0) throw corrupt("a block has no end");
    const literalsBuilt = buildTable(
      codeLengths,
      0,
      literalCount,
      LITERAL_SYMBOLS,
      ownLiterals,
      LITERAL_ROOT_BITS,
      false,
    );
    if (!literalsBuilt) throw corrupt("a block’s literal codes are wrong");
    const distancesBuilt = buildTable(
      codeLengths,
      literalCount,
      distanceCount,
      DISTANCE_SYMBOLS,
      ownDistances,
      DISTANCE_ROOT_BITS,
      false,
    );
    if (!distancesBuilt) throw corrupt("a block’s distance codes are wrong");
    this.literals = ownLiterals;
    this.distances = ownDistances;
    this.stage = CODES;
    return true;
  }

  private readCodeLengths(total: number): boolean {
    const { input, inEnd, codeLengths, ownDistances: table } = this;
    let { hold, bits, inPos: ip } = this;
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
    this.inPos = ip - (bits >>> 3);
    this.bits = bits & 7;
    this.hold = hold & ((1 << this.bits) - 1);
    return true;
  }

  /** Decodes while there is input and output to spare, so that neither need be checked within a symbol. */
  private decodeFast(): void {
    const { input, output, literals, distances, historyStart, outEnd } = this;
    const inSafe = this.inEnd - INPUT_MARGIN_BYTES;
    let { hold, bits, inPos: ip, outPos: op } = this;
    while (ip <= inSafe && op <= outEnd) {
      hold |= (input[ip]! | (input[ip + 1]! << 8) | (input[ip + 2]! << 16) | (input[ip + 3]! << 24)) << bits;
      ip += (31 - bits) >> 3;
      bits |= 24;
      let entry = literals[hold & LITERAL_MASK]!;
      if ((entry & KIND_MASK) === 0) {
        hold >>>= entry & 15;
        bits -= entry & 15;
        output[op++] = entry >>> 16;
        entry = literals[hold & LITERAL_MASK]!;
        if ((entry & KIND_MASK) === 0) {
          hold >>>= entry & 15;
          bits -= entry & 15;
          output[op++] = entry >>> 16;
          continue;
        }
        hold |=
          (input[ip]! | (input[ip + 1]! << 8) | (input[ip + 2]! << 16) | (input[ip + 3]! << 24)) << bits;
        ip += (31 - bits) >> 3;
        bits |= 24;
      }
      hold >>>= entry & 15;
      bits -= entry & 15;
      if ((entry & SUBTABLE) !== 0) {
        entry = literals[(entry >>> 16) + (hold & ((1 << ((entry >>> 8) & 15)) - 1))]!;
        hold >>>= entry & 15;
        bits -= entry & 15;
        if ((entry & KIND_MASK) === 0) {
          output[op++] = entry >>> 16;
          continue;
        }
      }
      if ((entry & MATCH) === 0) {
        if ((entry & END_OF_BLOCK) === 0) throw corrupt("a literal’s code is wrong");
        this.stage = this.isLastBlock ? TRAILER : BLOCK;
        break;
      }
      let extra = (entry >>> 8) & 15;
      const length = (entry >>> 16) + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      bits -= extra;
      hold |= (input[ip]! | (input[ip + 1]! << 8) | (input[ip + 2]! << 16) | (input[ip + 3]! << 24)) << bits;
      ip += (31 - bits) >> 3;
      bits |= 24;
      entry = distances[hold & DISTANCE_MASK]!;
      hold >>>= entry & 15;
      bits -= entry & 15;
      if ((entry & SUBTABLE) !== 0) {
        entry = distances[(entry >>> 16) + (hold & ((1 << ((entry >>> 8) & 15)) - 1))]!;
        hold >>>= entry & 15;
        bits -= entry & 15;
      }
      if ((entry & MATCH) === 0) throw corrupt("a distance’s code is wrong");
      extra = (entry >>> 8) & 15;
      if (bits < extra) {
        hold |= (input[ip]! | (input[ip + 1]! << 8)) << bits;
        ip += 2;
        bits += 16;
      }
      const distance = (entry >>> 16) + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      bits -= extra;
      let from = op - distance;
      if (from < historyStart) throw corrupt("a match reaches back too far");
      if (length > 40 && distance >= length) {
        output.copyWithin(op, from, from + length);
        op += length;
      } else {
        for (const stop = op + length; op < stop; ) output[op++] = output[from++]!;
      }
    }
    this.inPos = ip - (bits >>> 3);
    this.bits = bits & 7;
    this.hold = hold & ((1 << this.bits) - 1);
    this.outPos = op;
  }

  /** Looks up the next code; -1 when the input may be too short for it. The code's bits are dropped. */
  private takeEntry(table: Int32Array, rootBits: number): number {
    const enough = this.fill(15);
    let entry = table[this.hold & ((1 << rootBits) - 1)]!;
    let used = entry & 15;
    if ((entry & SUBTABLE) !== 0) {
      const width = (entry >>> 8) & 15;
      entry = table[(entry >>> 16) + ((this.hold >>> used) & ((1 << width) - 1))]!;
      used += entry & 15;
    }
    // Bits beyond the input read as 0: what they say isn't to be believed.
    if (!enough && (used > this.bits || (entry & KIND_MASK) >= SUBTABLE)) return -1;
    this.drop(used);
    return entry;
  }

  /** Decodes one symbol near the end of the input; false, and nothing read, when the input has too little. */
  private decodeOne(): boolean {
    const { hold, bits, inPos } = this;
    if (this.takeSymbol()) return this.endBlockHead();
    this.hold = hold;
    this.bits = bits;
    this.inPos = inPos;
    return false;
  }

  private takeSymbol(): boolean {
    const { output } = this;
    const entry = this.takeEntry(this.literals, LITERAL_ROOT_BITS);
    if (entry < 0) return false;
    if ((entry & KIND_MASK) === 0) {
      output[this.outPos++] = entry >>> 16;
      return true;
    }
    if ((entry & MATCH) === 0) {
      if ((entry & END_OF_BLOCK) === 0) throw corrupt("a literal’s code is wrong");
      this.stage = this.isLastBlock ? TRAILER : BLOCK;
      return true;
    }
    const lengthExtra = (entry >>> 8) & 15;
    if (!this.fill(lengthExtra)) return false;
    const length = (entry >>> 16) + (this.hold & ((1 << lengthExtra) - 1));
    this.drop(lengthExtra);
    const distanceEntry = this.takeEntry(this.distances, DISTANCE_ROOT_BITS);
    if (distanceEntry < 0) return false;
    if ((distanceEntry & MATCH) === 0) throw corrupt("a distance’s code is wrong");
    const distanceExtra = (distanceEntry >>> 8) & 15;
    if (!this.fill(distanceExtra)) return false;
    const distance = (distanceEntry >>> 16) + (this.hold & ((1 << distanceExtra) - 1));
    this.drop(distanceExtra);
    if (this.outPos - distance < this.historyStart) throw corrupt("a match reaches back too far");
    for (let i = 0; i < length; i++, this.outPos++) output[this.outPos] = output[this.outPos - distance]!;
    return true;
  }
}
