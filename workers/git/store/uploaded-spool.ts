// The spool of a pack that lies in an uploaded file already: nothing is put aside a second time.

import { assertRange, type RangeSource } from "../pack/range-source.ts";
import type { BodyRest } from "../wire/body-reader.ts";
import { packKey } from "./keys.ts";
import type { StorableSpool } from "./pack-spool.ts";
import type { UploadedFile, UploadedStream } from "./uploaded-file.ts";

const NOTHING = new Uint8Array(0);
/** Whoever waits besides gets a turn at least this often. */
const TURN_MS = 20;

export class UploadedSpool implements StorableSpool {
  private readonly bucket: R2Bucket;
  private readonly file: UploadedFile;
  private readonly packOffset: number;
  private readonly onStoring: (storedBytes: number, totalBytes: number) => void;
  private readonly streams: UploadedStream[] = [];
  private turnAtMs = Date.now();

  /**
   * @param packOffset where in the file the pack begins; it ends with the file
   * @param onStoring told how many bytes were stored as a pack
   */
  constructor(
    bucket: R2Bucket,
    file: UploadedFile,
    packOffset: number,
    onStoring: (storedBytes: number, totalBytes: number) => void,
  ) {
    this.bucket = bucket;
    this.file = file;
    this.packOffset = packOffset;
    this.onStoring = onStoring;
  }

  get packBytes(): number {
    return this.file.sizeBytes - this.packOffset;
  }

  /** The pack from `startsAt` on, as the body of a push. */
  openBody(startsAt: number): BodyRest {
    return { initial: NOTHING, body: this.open(startsAt).body };
  }

  /** What is received is what the file holds already. */
  append(): Promise<void> {
    return this.giveTurn();
  }

  async source(): Promise<RangeSource> {
    const { file, packOffset } = this;
    const giveTurn = () => this.giveTurn();
    const source: RangeSource = {
      sizeBytes: this.packBytes,
      async read(offset, length) {
        assertRange(source, offset, length);
        await giveTurn();
        return file.read(packOffset + offset, length);
      },
    };
    return source;
  }

  /** The parts are several objects, and the import's. */
  async keep(): Promise<null> {
    return null;
  }

  async storeAs(storageKey: string): Promise<void> {
    const total = this.packBytes;
    this.onStoring(0, total);
    const { body } = this.open(0, (readBytes) => this.onStoring(readBytes, total));
    await this.bucket.put(packKey(storageKey), body);
  }

  /** Ends the streams that were not read to their end. The parts are not this spool's to remove. */
  async discard(): Promise<void> {
    for (const stream of this.streams.splice(0)) await stream.cancel();
  }

  // Where R2 is in the same process, as on a developer's machine, its bytes are always there at once: without a wait
  // nothing else would run in this isolate until the end, the beat that holds on to the import included.
  private async giveTurn(): Promise<void> {
    if (Date.now() - this.turnAtMs < TURN_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.turnAtMs = Date.now();
  }

  private open(startsAt: number, onRead?: (readBytes: number) => void): UploadedStream {
    const stream = this.file.stream(this.packOffset + startsAt, onRead);
    this.streams.push(stream);
    return stream;
  }
}
