// Keeps a pack while it is received: in memory while it is small and the isolate has room, else in R2, where it stays
// if it is stored as it came. Invariant: `discard` gives back and removes all that wasn't stored.
import { SPOOL_PART_BYTES } from "../limits.ts";
import type { PackSpool } from "../pack/ingest-types.ts";
import { assertRange, type RangeSource } from "../pack/range-source.ts";
import { createPiecesKey, packKey } from "./keys.ts";
import type { SpoolMemory } from "./spool-memory.ts";
import { StagedPieces } from "./staged-pieces.ts";

const INITIAL_BYTES = 64 * 1024;

/** A spool that what it was given can be stored from. */
export interface StorableSpool extends PackSpool {
  /** Gives what was spooled to the caller where it lies in R2, under the returned storage key; null when it doesn't. */
  keep(): Promise<string | null>;
  /** Puts what was spooled into R2 as it stands. Nothing may be appended afterwards. */
  storeAs(storageKey: string): Promise<void>;
  /** Lets go of everything that was put aside and not stored. May be called at any time, and again. */
  discard(): Promise<void>;
}

/** A spool for one push. */
export class ReceivingSpool implements StorableSpool {
  private readonly bucket: R2Bucket;
  private readonly repositoryId: number;
  private readonly memory: SpoolMemory;
  /** Full parts that are held. */
  private held: Uint8Array[] = [];
  private part: Uint8Array = new Uint8Array(INITIAL_BYTES);
  private used = 0;
  private staged: StagedPieces | null = null;
  private opened: Promise<RangeSource> | null = null;

  /** @param memory the isolate's, shared by all pushes under way */
  constructor(bucket: R2Bucket, repositoryId: number, memory: SpoolMemory) {
    this.bucket = bucket;
    this.repositoryId = repositoryId;
    this.memory = memory;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.used === SPOOL_PART_BYTES) await this.beginPart();
      const taken = Math.min(bytes.length - at, SPOOL_PART_BYTES - this.used);
      this.growTo(this.used + taken);
      this.part.set(bytes.subarray(at, at + taken), this.used);
      this.used += taken;
      at += taken;
    }
  }

  source(): Promise<RangeSource> {
    this.opened ??= this.open();
    return this.opened;
  }

  async keep(): Promise<string | null> {
    await this.source();
    return this.staged?.keep() ?? null;
  }

  async storeAs(storageKey: string): Promise<void> {
    if (this.staged !== null) throw new Error("a pack that is in R2 isn't stored a second time");
    const key = packKey(storageKey);
    const parts = this.parts();
    const [first] = parts;
    if (parts.length === 1 && first !== undefined) {
      await this.bucket.put(key, first);
      return;
    }
    const { readable, writable } = new FixedLengthStream(parts.reduce((sum, part) => sum + part.length, 0));
    const write = async () => {
      const writer = writable.getWriter();
      for (const part of parts) await writer.write(part);
      await writer.close();
    };
    await Promise.all([this.bucket.put(key, readable), write()]);
  }

  async discard(): Promise<void> {
    this.release();
    await this.staged?.remove();
  }

  private async open(): Promise<RangeSource> {
    if (this.staged === null) return createPartsSource(this.parts());
    giveBack(await this.staged.putPiece(this.part.subarray(0, this.used)));
    const source = await this.staged.complete();
    giveBack(this.part);
    this.part = NO_BYTES;
    this.used = 0;
    return source;
  }

  private parts(): Uint8Array[] {
    return [...this.held, this.part.subarray(0, this.used)];
  }

  /** Puts the full part away, in memory if there is room. */
  private async beginPart(): Promise<void> {
    let free: Uint8Array | null = null;
    if (this.staged === null && this.memory.borrow()) this.held.push(this.part);
    else free = await (this.staged ?? (await this.spill())).putPiece(this.part);
    // Two buffers take turns: new ones would be garbage faster than it is collected.
    this.part = free ?? new Uint8Array(SPOOL_PART_BYTES);
    this.used = 0;
  }

  private async spill(): Promise<StagedPieces> {
    const staged = new StagedPieces(this.bucket, createPiecesKey(this.repositoryId));
    this.staged = staged;
    for (const part of this.held) giveBack(await staged.putPiece(part));
    this.release();
    return staged;
  }

  private release(): void {
    this.memory.giveBack(this.held.length);
    this.held = [];
  }

  private growTo(sizeBytes: number): void {
    if (sizeBytes <= this.part.length) return;
    const grown = new Uint8Array(Math.min(SPOOL_PART_BYTES, Math.max(sizeBytes, 4 * this.part.length)));
    grown.set(this.part.subarray(0, this.used));
    this.part = grown;
  }
}

const NO_BYTES = new Uint8Array(0);

/** Gives memory back at once, rather than when garbage is next collected. */
function giveBack(bytes: Uint8Array | null): void {
  if (bytes !== null && bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
}

/** A source over equal parts in memory, the last of which may be shorter. A read within one is a view of it. */
function createPartsSource(parts: readonly Uint8Array[]): RangeSource {
  const source: RangeSource = {
    sizeBytes: parts.reduce((sum, part) => sum + part.length, 0),
    async read(offset, length) {
      assertRange(source, offset, length);
      const first = Math.floor(offset / SPOOL_PART_BYTES);
      const from = offset - first * SPOOL_PART_BYTES;
      if (from + length <= SPOOL_PART_BYTES) return parts[first]!.subarray(from, from + length);
      const joined = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const part = Math.floor((offset + at) / SPOOL_PART_BYTES);
        const start = offset + at - part * SPOOL_PART_BYTES;
        const piece = parts[part]!.subarray(start, start + length - at);
        joined.set(piece, at);
        at += piece.length;
      }
      return joined;
    },
  };
  return source;
}
