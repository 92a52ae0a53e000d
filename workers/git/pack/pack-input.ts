// The bytes of a pack as they arrive: read in large pieces, passed on to the spool, hashed, and offered to the scanner in
// a window that is refilled in place. Never more than a piece and its neighbour's remainder is held.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { readOrFail } from "../body-failure.ts";
import { GitError } from "../object/git-error.ts";
import { type RequestTimes, TimeLimit } from "../time-limit.ts";
import type { IngestLimits, PackSpool } from "./ingest-types.ts";
import { createPieceReader, PIECE_BYTES, type PieceReader } from "./piece-reader.ts";

const REMAINDER_BYTES = 64 * 1024;

/** Throws GitError `bad_checksum` unless the trailer is the hash of what came before it. */
export function requireChecksum(digest: Buffer, trailer: Uint8Array): void {
  if (digest.compare(trailer) !== 0)
    throw new GitError("bad_checksum", "the pack's checksum doesn't match its content");
}

/** A scanner's view of arriving bytes: bytes[pos, end) are at hand; `refill` drops what lies before `pos`. */
export class PackInput {
  readonly bytes: Uint8Array = new Uint8Array(PIECE_BYTES + REMAINDER_BYTES);
  pos = 0;
  end = 0;
  /** Bytes received so far. */
  receivedBytes = 0;
  private readonly reader: PieceReader;
  private readonly spool: PackSpool;
  private readonly limits: IngestLimits;
  private readonly time: TimeLimit;
  private readonly hash = createHash("sha1");
  private initial: Uint8Array;
  private startsAt = 0;
  private hashedTo = 0;
  private crc = 0;
  private crcFrom = 0;
  private append: Promise<{ error: unknown } | null> = Promise.resolve(null);

  constructor(
    body: ReadableStream<Uint8Array>,
    initial: Uint8Array,
    spool: PackSpool,
    limits: IngestLimits,
    times: RequestTimes | undefined,
  ) {
    this.reader = createPieceReader(body);
    this.initial = initial;
    this.spool = spool;
    this.limits = limits;
    this.time = new TimeLimit(times);
  }

  /** Says that the body begins at `offset` of the pack. Its checksum is then the caller's matter. */
  startAt(offset: number): void {
    this.startsAt = offset;
    this.receivedBytes = offset;
  }

  /** Where in the pack `pos` is. */
  get offset(): number {
    return this.receivedBytes - (this.end - this.pos);
  }

  /** Reads more; false when there is no more. Throws GitError `limit_exceeded` when the pack is too large or too slow. */
  async refill(): Promise<boolean> {
    this.account();
    this.bytes.copyWithin(0, this.pos, this.end);
    this.end -= this.pos;
    this.pos = 0;
    this.hashedTo = 0;
    this.crcFrom = 0;
    await this.settle();
    const piece = await this.readPiece();
    if (piece === null) return false;
    this.receivedBytes += piece.length;
    if (this.receivedBytes > this.limits.packBytes) {
      throw new GitError("limit_exceeded", `the pack is larger than ${this.limits.packBytes} bytes`);
    }
    this.bytes.set(piece, this.end);
    this.end += piece.length;
    // The spool writes while the scanner works; its failure is thrown by the next refill or by finish.
    this.append = this.spool.append(piece).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    return true;
  }

  /** Makes at least `count` ≤ 64 KiB bytes be at hand; false when the input ends before. */
  async need(count: number): Promise<boolean> {
    while (this.end - this.pos < count) {
      if (!(await this.refill())) return false;
    }
    return true;
  }

  beginEntry(): void {
    this.crc = 0;
    this.crcFrom = this.pos;
  }

  /** The CRC-32 of everything consumed since beginEntry. */
  endEntry(): number {
    return crc32(this.bytes.subarray(this.crcFrom, this.pos), this.crc);
  }

  /** Reads the trailer, which must be the hash of all before it and the last of the input; returns it. */
  async finish(): Promise<Uint8Array> {
    this.account();
    const digest = this.hash.digest();
    if (!(await this.need(20))) throw new GitError("truncated_pack", "the pack ends before its checksum");
    const trailer = this.bytes.slice(this.pos, this.pos + 20);
    if (this.startsAt === 0) requireChecksum(digest, trailer);
    if (await this.need(21)) throw new GitError("bad_pack", "there is garbage after the end of the pack");
    await this.settle();
    return trailer;
  }

  /** Lets go of the body and waits for the spool, whatever happened. */
  async release(): Promise<void> {
    await this.append;
    this.reader.release();
  }

  private async readPiece(): Promise<Uint8Array | null> {
    if (this.initial.length === 0) return this.readBody();
    const piece = this.initial.subarray(0, PIECE_BYTES);
    this.initial = this.initial.subarray(piece.length);
    return piece;
  }

  private async readBody(): Promise<Uint8Array | null> {
    try {
      return await this.time.wait(readOrFail(this.reader.read()));
    } catch (error) {
      // Nothing more is expected of a body that stalls; what is still being read of it must end.
      if (error instanceof GitError) await this.reader.cancel(error);
      throw error;
    }
  }

  private async settle(): Promise<void> {
    const failure = await this.append;
    if (failure !== null) throw failure.error;
  }

  private account(): void {
    if (this.pos > this.hashedTo) this.hash.update(this.bytes.subarray(this.hashedTo, this.pos));
    this.crc = crc32(this.bytes.subarray(this.crcFrom, this.pos), this.crc);
    this.hashedTo = this.pos;
    this.crcFrom = this.pos;
  }
}
