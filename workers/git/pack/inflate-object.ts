// Inflates one object from bytes that arrive in windows: whole into memory, or in pieces that are seen and forgotten.
import { GitError } from "../object/git-error.ts";
import { type Inflater, OUTPUT_SLACK_BYTES } from "./inflate.ts";
import type { RangeSource } from "./range-source.ts";

/** Bytes that can be consumed: bytes[pos, end) are at hand, `refill` gets more behind them. */
interface ByteWindow {
  readonly bytes: Uint8Array;
  pos: number;
  readonly end: number;
  /** False when there are no more. May move what is left, and `pos` with it. */
  refill(): Promise<boolean>;
}

const HISTORY_BYTES = 32 * 1024;
const PIECE_BYTES = 128 * 1024;

function wrongSize(): GitError {
  return new GitError("bad_pack", "an object isn't of the size its header says");
}

/**
 * One step of inflating an object of `size` bytes to out[outStart, …), which needs the inflater's slack after it.
 * `at` is where the output has come to. True when the object is whole; false when more input is needed.
 */
export function stepInflate(
  inflater: Inflater,
  window: ByteWindow,
  out: Uint8Array,
  at: number,
  outStart: number,
  size: number,
): boolean {
  const outEnd = outStart + size;
  const status = inflater.run(window.bytes, window.pos, window.end, out, at, outStart, outEnd);
  window.pos = inflater.inPos;
  if (inflater.outPos > outEnd || status === "need_output") throw wrongSize();
  if (status === "need_input") return false;
  if (inflater.outPos !== outEnd) throw wrongSize();
  return true;
}

async function refillOrThrow(window: ByteWindow): Promise<void> {
  if (!(await window.refill())) throw new GitError("truncated_pack", "the pack ends within an object");
}

/** Goes on with an object that `stepInflate` couldn't finish. */
export async function finishInflate(
  inflater: Inflater,
  window: ByteWindow,
  out: Uint8Array,
  outStart: number,
  size: number,
): Promise<void> {
  do await refillOrThrow(window);
  while (!stepInflate(inflater, window, out, inflater.outPos, outStart, size));
}

/** Inflates an object of `size` bytes to out[outStart, …). Throws GitError when it is of another size, corrupt or cut short. */
export async function inflateObject(
  inflater: Inflater,
  window: ByteWindow,
  out: Uint8Array,
  outStart: number,
  size: number,
): Promise<void> {
  inflater.start();
  if (!stepInflate(inflater, window, out, outStart, outStart, size)) {
    await finishInflate(inflater, window, out, outStart, size);
  }
}

/**
 * Inflates an object of any size, showing `visit` its bytes in order; they are overwritten after each call, which is
 * awaited. Where `visit` gives false, it wants no more.
 */
export async function inflateInPieces(
  inflater: Inflater,
  window: ByteWindow,
  size: number,
  visit: (piece: Uint8Array) => unknown,
): Promise<void> {
  const buffer = new Uint8Array(HISTORY_BYTES + PIECE_BYTES + OUTPUT_SLACK_BYTES);
  const outEnd = HISTORY_BYTES + PIECE_BYTES;
  let at = 0;
  let total = 0;
  inflater.start();
  for (;;) {
    const status = inflater.run(window.bytes, window.pos, window.end, buffer, at, 0, outEnd);
    window.pos = inflater.inPos;
    total += inflater.outPos - at;
    if (total > size) throw wrongSize();
    if (inflater.outPos > at && (await visit(buffer.subarray(at, inflater.outPos))) === false) return;
    at = inflater.outPos;
    if (status === "done") break;
    if (at > outEnd) {
      buffer.copyWithin(0, at - HISTORY_BYTES, at);
      at = HISTORY_BYTES;
    }
    if (status === "need_input") await refillOrThrow(window);
  }
  if (total !== size) throw wrongSize();
}

/** The bytes [start, end) of a source as a window that is read on as it is consumed. */
export class SourceWindow implements ByteWindow {
  bytes: Uint8Array = new Uint8Array(0);
  pos = 0;
  end = 0;
  private readonly source: RangeSource;
  private at: number;
  private readonly stop: number;
  private readonly stepBytes: number;

  constructor(source: RangeSource, start: number, end: number, stepBytes: number) {
    this.source = source;
    this.at = start;
    this.stop = end;
    this.stepBytes = stepBytes;
  }

  async refill(): Promise<boolean> {
    const length = Math.min(this.stepBytes, this.stop - this.at);
    if (length <= 0) return false;
    const read = await this.source.read(this.at, length);
    this.at += length;
    const left = this.end - this.pos;
    if (left === 0) {
      this.bytes = read;
    } else {
      const joined = new Uint8Array(left + length);
      joined.set(this.bytes.subarray(this.pos, this.end));
      joined.set(read, left);
      this.bytes = joined;
    }
    this.pos = 0;
    this.end = left + length;
    return true;
  }
}
