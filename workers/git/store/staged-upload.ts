// A pack on its way into R2 by multipart. Invariant: one part is under way at a time, and `remove` leaves neither an
// object nor an open upload, unless the complete pack was kept. As a Worker can't list uploads, a note beside an open
// one names it for the sweep (sweep-orphans.ts), should this be cut off.
import type { StreamableSource } from "../pack/pack-stream.ts";
import { packKey, uploadNoteKey } from "./keys.ts";
import { createR2Pack } from "./r2-pack.ts";

export class StagedUpload {
  private readonly bucket: R2Bucket;
  private readonly storageKey: string;
  private readonly upload: R2MultipartUpload;
  private readonly parts: R2UploadedPart[] = [];
  private uploading: Promise<void> = Promise.resolve();
  private sizeBytes = 0;
  /** Of the part that was uploaded last, or is being uploaded. */
  private buffer: Uint8Array | null = null;
  private state: "open" | "complete" | "kept" | "removed" = "open";

  private constructor(bucket: R2Bucket, storageKey: string, upload: R2MultipartUpload) {
    this.bucket = bucket;
    this.storageKey = storageKey;
    this.upload = upload;
  }

  static async start(bucket: R2Bucket, storageKey: string): Promise<StagedUpload> {
    const upload = await bucket.createMultipartUpload(packKey(storageKey));
    const staged = new StagedUpload(bucket, storageKey, upload);
    staged.uploading = staged.writeNote();
    staged.uploading.catch(thrownToNext);
    return staged;
  }

  /**
   * Begins to upload a part, once the one before is there. The bytes are the part's from now on.
   * @returns the bytes of the part before, which are free again; null of the first
   */
  async uploadPart(bytes: Uint8Array): Promise<Uint8Array | null> {
    await this.uploading;
    const free = this.buffer;
    this.buffer = bytes;
    this.sizeBytes += bytes.length;
    this.uploading = this.upload.uploadPart(this.parts.length + 1, bytes).then((part) => {
      this.parts.push(part);
    });
    this.uploading.catch(thrownToNext);
    return free;
  }

  /** Ends the upload; what was uploaded can then be read. */
  async complete(): Promise<StreamableSource> {
    await this.uploading;
    this.buffer = null;
    await this.upload.complete(this.parts);
    this.state = "complete";
    await this.bucket.delete(uploadNoteKey(this.storageKey));
    return createR2Pack(this.bucket, this.upload.key, this.sizeBytes);
  }

  /** Leaves the complete upload where it is, for the caller to use. @returns its storage key */
  keep(): string {
    if (this.state !== "complete") throw new Error(`an upload that is ${this.state} can't be kept`);
    this.state = "kept";
    return this.storageKey;
  }

  async remove(): Promise<void> {
    const { state } = this;
    if (state === "removed" || state === "kept") return;
    this.state = "removed";
    await this.uploading.catch(thrownToNext);
    if (state === "open") await this.abort();
    await this.bucket.delete([this.upload.key, uploadNoteKey(this.storageKey)]);
  }

  private async abort(): Promise<void> {
    try {
      await this.upload.abort();
    } catch (error) {
      // The note may be what failed at first.
      await this.writeNote();
      throw error;
    }
  }

  private async writeNote(): Promise<void> {
    await this.bucket.put(uploadNoteKey(this.storageKey), this.upload.uploadId);
  }
}

// A part's failure is thrown to whoever uploads the next part or ends the upload.
const thrownToNext = (): undefined => undefined;
