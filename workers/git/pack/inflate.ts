// Inflates zlib streams (RFC 1950, RFC 1951) into memory the caller owns, allocating nothing: made for packs' many
// small objects. It can stop for want of input or output and go on later; accepts exactly what zlib accepts.
import { updateAdler32 } from "./adler32.ts";
import { BitInput, NO_BYTES } from "./bit-input.ts";
import { BlockCodes, corrupt } from "./inflate-codes.ts";
import {
  DISTANCE_ROOT_BITS,
  END_OF_BLOCK,
  KIND_MASK,
  LITERAL_ROOT_BITS,
  MATCH,
  SUBTABLE,
} from "./inflate-tables.ts";

/** What a run of the inflater ended for. */
type InflateStatus = "done" | "need_input" | "need_output";

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

/** One zlib stream at a time: `start()`, then `run()` until it says done. */
export class Inflater extends BitInput {
  /** After a run: where the output ends. */
  outPos = 0;

  private stage = HEADER;
  private isLastBlock = false;
  private storedLeft = 0;
  private adler = 1;
  private output: Uint8Array = NO_BYTES;
  private historyStart = 0;
  private outEnd = 0;
  private readonly codes = new BlockCodes();

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
   * of known size that means it is larger than it says. Afterwards `inPos` is the first byte not consumed; after `need_input` the bytes from there on must be given again, with more.
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

  /** Reads a block's header with its tables; false, and nothing read, when the input has too little. */
  private readBlockHead(): boolean {
    const { hold, bits, inPos } = this;
    if (this.fill(3)) {
      const type = (this.hold >> 1) & 3;
      this.isLastBlock = (this.hold & 1) === 1;
      this.drop(3);
      if (type === 3) throw corrupt("a block has no type");
      if (type === 1) this.codes.useFixed();
      if (type === 1 || (type === 0 ? this.readStoredHead() : this.codes.readDynamic(this))) {
        this.stage = type === 0 ? STORED : CODES;
        this.giveBack();
        return true;
      }
    }
    this.hold = hold;
    this.bits = bits;
    this.inPos = inPos;
    return false;
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
    return true;
  }

  /** Decodes while there is input and output to spare, so that neither need be checked within a symbol. */
  private decodeFast(): void {
    const { input, output, historyStart, outEnd } = this;
    const { literals, distances } = this.codes;
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
        this.endBlock(entry);
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
      extra = (entry >>> 8) & 15;
      hold |= (input[ip]! | (input[ip + 1]! << 8) | (input[ip + 2]! << 16)) << bits;
      ip += (31 - bits) >> 3;
      bits |= 24;
      const distance = (entry >>> 16) + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      bits -= extra;
      this.checkMatch(entry, op - distance, historyStart);
      copyMatch(output, op, distance, length);
      op += length;
    }
    this.settle(ip, hold, bits);
    this.outPos = op;
  }

  private checkMatch(entry: number, from: number, historyStart: number): void {
    if ((entry & MATCH) === 0) throw corrupt("a distance's code is wrong");
    if (from < historyStart) throw corrupt("a match reaches back too far");
  }

  /** What ends a block, unless it is no code at all. */
  private endBlock(entry: number): void {
    if ((entry & END_OF_BLOCK) === 0) throw corrupt("a literal's code is wrong");
    this.stage = this.isLastBlock ? TRAILER : BLOCK;
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
    if (this.takeSymbol()) {
      this.giveBack();
      return true;
    }
    this.hold = hold;
    this.bits = bits;
    this.inPos = inPos;
    return false;
  }

  private takeSymbol(): boolean {
    const { output } = this;
    const entry = this.takeEntry(this.codes.literals, LITERAL_ROOT_BITS);
    if (entry < 0) return false;
    if ((entry & KIND_MASK) === 0) {
      output[this.outPos++] = entry >>> 16;
      return true;
    }
    if ((entry & MATCH) === 0) {
      this.endBlock(entry);
      return true;
    }
    const lengthExtra = (entry >>> 8) & 15;
    if (!this.fill(lengthExtra)) return false;
    const length = (entry >>> 16) + (this.hold & ((1 << lengthExtra) - 1));
    this.drop(lengthExtra);
    const distanceEntry = this.takeEntry(this.codes.distances, DISTANCE_ROOT_BITS);
    if (distanceEntry < 0) return false;
    const distanceExtra = (distanceEntry >>> 8) & 15;
    if (!this.fill(distanceExtra)) return false;
    const distance = (distanceEntry >>> 16) + (this.hold & ((1 << distanceExtra) - 1));
    this.drop(distanceExtra);
    this.checkMatch(distanceEntry, this.outPos - distance, this.historyStart);
    copyMatch(output, this.outPos, distance, length);
    this.outPos += length;
    return true;
  }
}

/** Repeats what lies `distance` back; the two may overlap. */
function copyMatch(output: Uint8Array, at: number, distance: number, length: number): void {
  let from = at - distance;
  if (length > 40 && distance >= length) {
    output.copyWithin(at, from, from + length);
    return;
  }
  for (let to = at, stop = at + length; to < stop; ) output[to++] = output[from++]!;
}
