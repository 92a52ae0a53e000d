// A file that was uploaded in parts, each an object of R2, read as one. Invariant: a part that isn't the very one that
// was there when the upload was complete is never read: every read names its etag.
import { ForgeError } from "../../core/errors.ts";
import { assertRange, type RangeSource } from "../pack/range-source.ts";

export interface UploadedPart {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

interface Stretch {
  readonly part: UploadedPart;
  readonly offset: number;
  readonly length: number;
}

/** A stream of a stretch of the file. */
export interface UploadedStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Lets go of what is still being read. */
  cancel(): Promise<void>;
}

export class UploadedFile implements RangeSource {
  readonly sizeBytes: number;
  private readonly bucket: R2Bucket;
  private readonly parts: readonly UploadedPart[];

  constructor(bucket: R2Bucket, parts: readonly UploadedPart[]) {
    this.bucket = bucket;
    this.parts = parts;
    this.sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    assertRange(this, offset, length);
    const stretches = this.split(offset, length);
    const [only] = stretches;
    if (stretches.length === 1 && only !== undefined) return this.readStretch(only);
    const joined = new Uint8Array(length);
    let at = 0;
    for (const stretch of stretches) {
      joined.set(await this.readStretch(stretch), at);
      at += stretch.length;
    }
    return joined;
  }

  /** What lies from `offset` to the end; its bytes don't pass through the Worker's code. */
  stream(offset: number, onRead: (readBytes: number) => void = () => undefined): UploadedStream {
    const length = this.sizeBytes - offset;
    assertRange(this, offset, length);
    const { readable, writable } = new FixedLengthStream(length);
    const stop = new AbortController();
    const pump = async () => {
      let readBytes = 0;
      for (const stretch of this.split(offset, length)) {
        const { body } = await this.open(stretch);
        await body.pipeTo(writable, { preventClose: true, signal: stop.signal });
        readBytes += stretch.length;
        onRead(readBytes);
        // Where R2 is in the same process nothing else would run until the last byte.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await writable.close();
    };
    // A failure reaches whoever reads the stream.
    const pumping = pump().catch((error: unknown) => writable.abort(error).catch(() => undefined));
    return {
      body: readable,
      async cancel() {
        stop.abort();
        await pumping;
      },
    };
  }

  private async readStretch(stretch: Stretch): Promise<Uint8Array> {
    const bytes = new Uint8Array(await (await this.open(stretch)).arrayBuffer());
    if (bytes.length === stretch.length) return bytes;
    throw unreadable(`${stretch.part.key} gave ${bytes.length} bytes of ${stretch.length}`);
  }

  private async open({ part, offset, length }: Stretch): Promise<R2ObjectBody> {
    const object = await this.bucket.get(part.key, {
      range: { offset, length },
      onlyIf: { etagMatches: part.etag },
    });
    if (object === null) throw unreadable(`${part.key} is not in R2`);
    if (!("body" in object)) throw unreadable(`${part.key} is another than it was`);
    return object;
  }

  private split(offset: number, length: number): Stretch[] {
    const stretches: Stretch[] = [];
    let partStart = 0;
    for (const part of this.parts) {
      const from = Math.max(offset, partStart);
      const to = Math.min(offset + length, partStart + part.sizeBytes);
      if (from < to) stretches.push({ part, offset: from - partStart, length: to - from });
      partStart += part.sizeBytes;
    }
    return stretches;
  }
}

function unreadable(details: string): ForgeError {
  return new ForgeError("internal", "An uploaded part can't be read.", { cause: new Error(details) });
}
