// A stretch of a stored pack, read once from front to back: how entries are copied without holding their pack.
import { GitError } from "../object/git-error.ts";
import type { RangeSource } from "./range-source.ts";

/** Pieces of a stretch in order. A piece is valid until the next read. */
export interface PackStream {
  /** The next piece, or null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Gives up the rest. To be called exactly when `read` hasn't returned null. */
  cancel(): Promise<void>;
}

/** A pack that can be read by range and in stretches. */
export interface StreamableSource extends RangeSource {
  /** Starts to read `length` bytes from `offset`; reading has begun when this returns. */
  stream(offset: number, length: number): PackStream;
}

const EMPTY = new Uint8Array(0);

/** Cuts a stretch into parts of chosen lengths. */
export class StretchReader {
  private readonly stream: PackStream;
  private held: Uint8Array = EMPTY;

  constructor(stream: PackStream) {
    this.stream = stream;
  }

  /** The next bytes in one piece, without stepping over them. They are valid until the next call. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.held.length < length) {
      // The piece at hand is lost by reading on, so what is left of it is copied.
      const left = this.held.slice();
      const piece = await this.nextPiece();
      if (left.length === 0) this.held = piece;
      else {
        this.held = new Uint8Array(left.length + piece.length);
        this.held.set(left);
        this.held.set(piece, left.length);
      }
    }
    return this.held.subarray(0, length);
  }

  /** Hands on the next `length` bytes, in as many pieces as they come in. */
  async pass(length: number, to: (bytes: Uint8Array) => Promise<void> | void): Promise<void> {
    for (let left = length; left > 0; ) {
      if (this.held.length === 0) this.held = await this.nextPiece();
      const part = this.held.subarray(0, left);
      left -= part.length;
      await to(part);
      this.held = this.held.subarray(part.length);
    }
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      if (this.held.length === 0) this.held = await this.nextPiece();
      const skipped = Math.min(left, this.held.length);
      left -= skipped;
      this.held = this.held.subarray(skipped);
    }
  }

  private async nextPiece(): Promise<Uint8Array> {
    const piece = await this.stream.read();
    if (piece === null) throw new GitError("truncated_pack", "a stored pack is shorter than its index says");
    return piece;
  }
}
