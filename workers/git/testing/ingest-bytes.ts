// Receives a pack from memory, as the routes receive one from a request.
import { ingestPack } from "../pack/ingest-pack.ts";
import type { ExternalObject, IngestedPack, IngestOptions, PackSpool } from "../pack/ingest-types.ts";
import { createMemorySource, type RangeSource } from "../pack/range-source.ts";

/** A spool in memory that, like a real one, may be read only when all has been written. */
export class MemorySpool implements PackSpool {
  readonly parts: Uint8Array[] = [];
  sourceCalls = 0;

  async append(bytes: Uint8Array): Promise<void> {
    if (this.sourceCalls > 0) throw new Error("bytes were appended after the spool was read");
    this.parts.push(new Uint8Array(bytes));
  }

  async source(): Promise<RangeSource> {
    this.sourceCalls++;
    if (this.sourceCalls > 1) throw new Error("the spool was opened twice");
    return createMemorySource(Buffer.concat(this.parts));
  }
}

/** A body that gives `bytes` in chunks. */
export function streamOf(bytes: Uint8Array, chunkBytes = 64 * 1024): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) {
        controller.close();
        return;
      }
      controller.enqueue(new Uint8Array(bytes.subarray(at, at + chunkBytes)));
      at += chunkBytes;
    },
  });
}

interface IngestBytesOptions extends Partial<Omit<IngestOptions, "body" | "spool" | "readExternal">> {
  readonly external?: ReadonlyMap<string, ExternalObject>;
  readonly chunkBytes?: number;
  readonly spool?: PackSpool;
}

export async function ingestBytes(pack: Uint8Array, options: IngestBytesOptions = {}): Promise<IngestedPack> {
  const { external, chunkBytes, spool, ...rest } = options;
  return ingestPack({
    ...rest,
    body: streamOf(pack, chunkBytes),
    spool: spool ?? new MemorySpool(),
    readExternal: async (oid) => external?.get(oid) ?? null,
  });
}

/** The final pack, whole. */
export async function collectPack(ingested: IngestedPack): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await ingested.writePack(async (bytes) => {
    parts.push(new Uint8Array(bytes));
  });
  return Buffer.concat(parts);
}
