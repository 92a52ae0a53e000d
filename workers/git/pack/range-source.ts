// Bytes that can be read by range: a stored pack, a spooled push, memory. A read returns exactly
// the bytes asked for or throws; it never returns fewer.
import { GitError } from "../object/git-error.ts";

export interface RangeSource {
  readonly sizeBytes: number;
  /** Whether each read gives bytes of its own, alone in their buffer, so that the reader may give that memory back. */
  readonly givesFreshBytes?: boolean;
  /** Exactly `length` bytes from `offset`. The caller doesn't change them and the source doesn't either. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Throws GitError `truncated_pack` unless [offset, offset + length) lies within the source. */
export function assertRange(source: RangeSource, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > source.sizeBytes) {
    throw new GitError(
      "truncated_pack",
      `bytes ${offset} to ${offset + length} were asked for, but the pack has ${source.sizeBytes}`,
    );
  }
}

/** Gives the memory of bytes that were read back at once, where the source allows it. They are empty afterwards. */
export function freeBytes(source: RangeSource, bytes: Uint8Array): void {
  if (source.givesFreshBytes === true && bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}

/** A source over bytes in memory; reads are views and cost nothing. */
export function createMemorySource(bytes: Uint8Array): RangeSource {
  const source: RangeSource = {
    sizeBytes: bytes.length,
    async read(offset, length) {
      assertRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
  return source;
}
