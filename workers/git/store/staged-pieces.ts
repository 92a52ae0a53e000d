// A pack on its way into R2, in pieces that are objects of their own. Invariant: one piece is under way at a time, and
// `remove` leaves none, unless the complete pack was kept. Pieces of a push that was cut off are found by the sweep
// (sweep-orphans.ts): no row names their storage key.
import type { StreamableSource } from "../pack/pack-stream.ts";
import { packKeys, pieceKey } from "./keys.ts";
import { createR2Pack } from "./r2-pack.ts";

export class StagedPieces {
  private readonly bucket: R2Bucket;
  private readonly storageKey: string;
  /** Keys of the pieces, stored or not. */
  private readonly keys: string[] = [];
  private putting: Promise<unknown> = Promise.resolve();
  private sizeBytes = 0;
  /** Of the piece that was put last, or is being put. */
  private buffer: Uint8Array | null = null;
  private state: "open" | "complete" | "kept" | "removed" = "open";

  /** @param storageKey of a pack in pieces (keys.ts), which nothing was stored under */
  constructor(bucket: R2Bucket, storageKey: string) {
    this.bucket = bucket;
    this.storageKey = storageKey;
  }

  /**
   * Begins to put a piece, once the one before is there: SPOOL_PART_BYTES, but for the last. The bytes are the piece's
   * from now on.
   * @returns the bytes of the piece before, which are free again; null of the first
   */
  async putPiece(bytes: Uint8Array): Promise<Uint8Array | null> {
    await this.putting;
    const free = this.buffer;
    this.buffer = bytes;
    this.sizeBytes += bytes.length;
    const key = pieceKey(this.storageKey, this.keys.length);
    this.keys.push(key);
    this.putting = this.bucket.put(key, bytes);
    this.putting.catch(thrownToNext);
    return free;
  }

  /** Ends the pack, which can then be read. */
  async complete(): Promise<StreamableSource> {
    await this.putting;
    this.buffer = null;
    this.state = "complete";
    return createR2Pack(this.bucket, packKeys(this.storageKey, this.sizeBytes), this.sizeBytes);
  }

  /** Leaves the complete pack where it is, for the caller to use. @returns its storage key */
  keep(): string {
    if (this.state !== "complete") throw new Error(`a pack that is ${this.state} can't be kept`);
    this.state = "kept";
    return this.storageKey;
  }

  async remove(): Promise<void> {
    if (this.state === "removed" || this.state === "kept") return;
    this.state = "removed";
    await this.putting.catch(thrownToNext);
    if (this.keys.length > 0) await this.bucket.delete(this.keys);
  }
}

// A piece's failure is thrown to whoever puts the next one or ends the pack.
const thrownToNext = (): undefined => undefined;
