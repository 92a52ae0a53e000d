// Keeps a pack while it is received: in memory while it is small, else in R2 under a staging key, by multipart in
// equal parts. Invariant: at most two parts are held, and `discard` leaves nothing behind.

import type { PackSpool } from "../pack/ingest-types.ts";
import { createMemorySource } from "../pack/range-source.ts";
import { stagingKey } from "./keys.ts";
import { createR2Pack } from "./r2-pack.ts";

/** A pack up to this size is kept in memory; it is also the size of a part, of which R2 wants 5 MiB or more. */
export const SPOOL_PART_BYTES = 8 * 1024 * 1024;
const INITIAL_BYTES = 64 * 1024;

export interface DiscardableSpool extends PackSpool {
  /** Removes what was put aside. May be called at any time, and again. */
  discard(): Promise<void>;
}

/** A spool for one push. */
export function createPackSpool(bucket: R2Bucket, repositoryId: number): DiscardableSpool {
  let part = new Uint8Array(INITIAL_BYTES);
  let used = 0;
  let staged: StagedPack | null = null;
  const growTo = (sizeBytes: number) => {
    if (sizeBytes <= part.length) return;
    const grown = new Uint8Array(Math.min(SPOOL_PART_BYTES, Math.max(sizeBytes, 4 * part.length)));
    grown.set(part.subarray(0, used));
    part = grown;
  };
  return {
    async append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (used === SPOOL_PART_BYTES) {
          staged ??= await StagedPack.start(bucket, stagingKey(repositoryId, crypto.randomUUID()));
          await staged.uploadPart(part);
          part = new Uint8Array(SPOOL_PART_BYTES);
          used = 0;
        }
        const taken = Math.min(bytes.length - at, SPOOL_PART_BYTES - used);
        growTo(used + taken);
        part.set(bytes.subarray(at, at + taken), used);
        used += taken;
        at += taken;
      }
    },
    async source() {
      if (staged === null) return createMemorySource(part.subarray(0, used));
      await staged.uploadPart(part.subarray(0, used));
      return staged.complete();
    },
    async discard() {
      await staged?.remove();
    },
  };
}

class StagedPack {
  private readonly bucket: R2Bucket;
  private readonly upload: R2MultipartUpload;
  private readonly parts: R2UploadedPart[] = [];
  private uploading: Promise<void> = Promise.resolve();
  private sizeBytes = 0;
  private state: "open" | "complete" | "removed" = "open";

  private constructor(bucket: R2Bucket, upload: R2MultipartUpload) {
    this.bucket = bucket;
    this.upload = upload;
  }

  static async start(bucket: R2Bucket, key: string): Promise<StagedPack> {
    return new StagedPack(bucket, await bucket.createMultipartUpload(key));
  }

  /** Begins to upload a part, once the one before is there. The bytes are the part's from now on. */
  async uploadPart(bytes: Uint8Array): Promise<void> {
    await this.uploading;
    this.sizeBytes += bytes.length;
    const number = this.parts.length + 1;
    this.uploading = this.upload.uploadPart(number, bytes).then((part) => {
      this.parts.push(part);
    });
    // Thrown where the next part or the end waits for it.
    this.uploading.catch(() => undefined);
  }

  async complete() {
    await this.uploading;
    await this.upload.complete(this.parts);
    this.state = "complete";
    return createR2Pack(this.bucket, this.upload.key, this.sizeBytes);
  }

  async remove(): Promise<void> {
    const { state } = this;
    if (state === "removed") return;
    this.state = "removed";
    await this.uploading.catch(() => undefined);
    if (state === "complete") await this.bucket.delete(this.upload.key);
    else await this.upload.abort();
  }
}
