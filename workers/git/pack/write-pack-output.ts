// The pack that goes out: its position, its running SHA-1, and small pieces gathered into larger ones.
import { createHash } from "node:crypto";
import type { ByteSink } from "../wire/byte-sink.ts";

const GATHER_BYTES = 64 * 1024;
const SMALL_BYTES = 8 * 1024;

export class PackOutput {
  /** Bytes of the pack so far. */
  position = 0;
  private readonly sink: ByteSink;
  private readonly hash = createHash("sha1");
  private readonly gathered = new Uint8Array(GATHER_BYTES);
  private gatheredBytes = 0;

  constructor(sink: ByteSink) {
    this.sink = sink;
  }

  /** Takes bytes; they may be reused once this is settled. */
  async write(bytes: Uint8Array): Promise<void> {
    this.position += bytes.length;
    if (bytes.length <= SMALL_BYTES) {
      if (this.gatheredBytes + bytes.length > GATHER_BYTES) await this.send();
      this.gathered.set(bytes, this.gatheredBytes);
      this.gatheredBytes += bytes.length;
      return;
    }
    await this.send();
    this.hash.update(bytes);
    await this.sink.write(bytes);
  }

  /** Writes the trailer: the SHA-1 of everything before it. */
  async end(): Promise<void> {
    await this.send();
    await this.sink.write(this.hash.digest());
  }

  private async send(): Promise<void> {
    const bytes = this.gathered.subarray(0, this.gatheredBytes);
    this.gatheredBytes = 0;
    if (bytes.length === 0) return;
    this.hash.update(bytes);
    await this.sink.write(bytes);
  }
}
