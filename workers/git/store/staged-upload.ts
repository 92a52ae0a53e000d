// A pack on its way into R2 under a staging key, by multipart. Invariant: one part is under way at a time, and
// `remove` leaves neither an object nor an open upload.

import type { StreamableSource } from "../pack/pack-stream.ts";
import { createR2Pack } from "./r2-pack.ts";

export class StagedUpload {
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

  static async start(bucket: R2Bucket, key: string): Promise<StagedUpload> {
    return new StagedUpload(bucket, await bucket.createMultipartUpload(key));
  }

  /** Begins to upload a part, once the one before is there. The bytes are the part's from now on. */
  async uploadPart(bytes: Uint8Array): Promise<void> {
    await this.uploading;
    this.sizeBytes += bytes.length;
    this.uploading = this.upload.uploadPart(this.parts.length + 1, bytes).then((part) => {
      this.parts.push(part);
    });
    this.uploading.catch(thrownToNext);
  }

  /** Ends the upload; what was uploaded can then be read. */
  async complete(): Promise<StreamableSource> {
    await this.uploading;
    await this.upload.complete(this.parts);
    this.state = "complete";
    return createR2Pack(this.bucket, this.upload.key, this.sizeBytes);
  }

  /** Puts the complete upload under another key too; its bytes don't pass through the Worker's code. */
  async copyTo(key: string): Promise<void> {
    const staged = await this.bucket.get(this.upload.key);
    if (staged === null) throw new Error(`${this.upload.key} is not in R2`);
    await this.bucket.put(key, staged.body);
  }

  async remove(): Promise<void> {
    const { state } = this;
    if (state === "removed") return;
    this.state = "removed";
    await this.uploading.catch(thrownToNext);
    if (state === "complete") await this.bucket.delete(this.upload.key);
    else await this.upload.abort();
  }
}

// A part's failure is thrown to whoever uploads the next part or ends the upload.
const thrownToNext = (): undefined => undefined;
