// Deltas as packs store them (gitformat-pack, "Deltified representation"): two sizes, then copies from the
// base and literal inserts. Every read and write is checked against its buffer, whatever the delta says.
import { GitError } from "../object/git-error.ts";

export interface DeltaHeader {
  readonly baseSizeBytes: number;
  readonly resultSizeBytes: number;
  /** Where the instructions begin. */
  readonly instructionsAt: number;
}

function badDelta(why: string): GitError {
  return new GitError("bad_pack", `bad delta: ${why}`);
}

/** The two sizes a delta opens with. Throws GitError `bad_pack` when they are cut short or too large. */
export function parseDeltaHeader(delta: Uint8Array, start = 0, end = delta.length): DeltaHeader {
  const sizes = [0, 0];
  let at = start;
  for (let which = 0; which < 2; which++) {
    let scale = 1;
    let size = 0;
    let byte = 0x80;
    while ((byte & 0x80) !== 0) {
      if (at >= end) throw badDelta("it is cut short in its sizes");
      if (scale > 2 ** 42) throw badDelta("a size in it is out of range");
      byte = delta[at++]!;
      size += (byte & 0x7f) * scale;
      scale *= 128;
    }
    sizes[which] = size;
  }
  return { baseSizeBytes: sizes[0]!, resultSizeBytes: sizes[1]!, instructionsAt: at };
}

/**
 * Applies the instructions in delta[at, end) to base[baseStart, baseEnd), filling out[outStart, outEnd) exactly.
 * Regions of base and out must not overlap. Throws GitError `bad_pack` when the instructions don't fit.
 */
export function applyDeltaInstructions(
  delta: Uint8Array,
  at: number,
  end: number,
  base: Uint8Array,
  baseStart: number,
  baseEnd: number,
  out: Uint8Array,
  outStart: number,
  outEnd: number,
): void {
  const baseSize = baseEnd - baseStart;
  let op = outStart;
  let ip = at;
  while (ip < end) {
    const instruction = delta[ip++]!;
    if ((instruction & 0x80) !== 0) {
      let offset = 0;
      let length = 0;
      // Bytes past the end read as undefined, which counts as 0; that the delta was cut short is seen below.
      if ((instruction & 0x01) !== 0) offset = delta[ip++]!;
      if ((instruction & 0x02) !== 0) offset |= delta[ip++]! << 8;
      if ((instruction & 0x04) !== 0) offset |= delta[ip++]! << 16;
      if ((instruction & 0x08) !== 0) offset += delta[ip++]! * 0x1000000;
      if ((instruction & 0x10) !== 0) length = delta[ip++]!;
      if ((instruction & 0x20) !== 0) length |= delta[ip++]! << 8;
      if ((instruction & 0x40) !== 0) length |= delta[ip++]! << 16;
      if (length === 0) length = 0x10000;
      if (ip > end) throw badDelta("it is cut short in a copy");
      if (offset + length > baseSize) throw badDelta("it copies from past the end of its base");
      if (op + length > outEnd) throw badDelta("it makes more than it says");
      const from = baseStart + offset;
      if (base === out) {
        // Views would cost more than the bytes of most copies.
        if (length > 16) out.copyWithin(op, from, from + length);
        else for (let i = 0; i < length; i++) out[op + i] = out[from + i]!;
      } else if (length < 48) {
        for (let i = 0; i < length; i++) out[op + i] = base[from + i]!;
      } else {
        out.set(base.subarray(from, from + length), op);
      }
      op += length;
    } else {
      if (instruction === 0) throw badDelta("it has an instruction that is reserved");
      if (ip + instruction > end) throw badDelta("it is cut short in an insert");
      if (op + instruction > outEnd) throw badDelta("it makes more than it says");
      for (let i = 0; i < instruction; i++) out[op + i] = delta[ip + i]!;
      ip += instruction;
      op += instruction;
    }
  }
  if (op !== outEnd) throw badDelta("it makes less than it says");
}

/** The object a delta makes of its base. Throws GitError `bad_pack` when it doesn't fit its base or its own sizes. */
export function applyDelta(base: Uint8Array, delta: Uint8Array, limitBytes: number): Uint8Array {
  const { baseSizeBytes, resultSizeBytes, instructionsAt } = parseDeltaHeader(delta);
  if (baseSizeBytes !== base.length) throw badDelta("it was made for a base of another size");
  if (resultSizeBytes > limitBytes) {
    throw new GitError(
      "limit_exceeded",
      `a delta makes an object of ${resultSizeBytes} bytes; the limit is ${limitBytes}`,
    );
  }
  const result = new Uint8Array(resultSizeBytes);
  applyDeltaInstructions(
    delta,
    instructionsAt,
    delta.length,
    base,
    0,
    base.length,
    result,
    0,
    resultSizeBytes,
  );
  return result;
}
