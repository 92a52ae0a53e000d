// The spool of a pack that lies in an uploaded file already: nothing is put aside a second time.

import { assertRange, type RangeSource } from "../pack/range-source.ts";
import type { BodyRest } from "../wire/body-reader.ts";
import type { StorableSpool } from "./pack-spool.ts";
import type { UploadedFile, UploadedStream } from "./uploaded-file.ts";

const NOTHING = new Uint8Array(0);

export class UploadedSpool implements StorableSpool {
  private readonly bucket: R2Bucket;
  private readonly file: UploadedFile;
  private readonly packOffset: number;
  private readonly onStoring: (storedBytes: number, totalBytes: number) => void;
  private readonly streams: UploadedStream[] = [];

  /**
   * @param packOffset where in the file the pack begins; it ends with the file
   * @param onStoring told how many bytes were stored under the pack's own name
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

  /** The pack as the body of a push. */
  openBody(): BodyRest {
    return { initial: NOTHING, body: this.open().body };
  }

  async append(): Promise<void> {
    // What is received is what the file holds.
  }

  async source(): Promise<RangeSource> {
    const { file, packOffset } = this;
    const source: RangeSource = {
      sizeBytes: this.packBytes,
      async read(offset, length) {
        assertRange(source, offset, length);
        return file.read(packOffset + offset, length);
      },
    };
    return source;
  }

  async storeAs(key: string): Promise<void> {
    const total = this.packBytes;
    this.onStoring(0, total);
    const { body } = this.open((readBytes) => this.onStoring(readBytes, total));
    await this.bucket.put(key, body);
  }

  /** Ends the streams that were not read to their end. The parts are not this spool's to remove. */
  async discard(): Promise<void> {
    for (const stream of this.streams.splice(0)) await stream.cancel();
  }

  private open(onRead?: (readBytes: number) => void): UploadedStream {
    const stream = this.file.stream(this.packOffset, onRead);
    this.streams.push(stream);
    return stream;
  }
}
