// Reads a request's body in large pieces: small chunks cost far more than their bytes.

/** Bytes of a piece; only the last is shorter. */
export const PIECE_BYTES = 1024 * 1024;

/** Reads a body in pieces of about PIECE_BYTES; null at its end. */
export interface PieceReader {
  read(): Promise<Uint8Array | null>;
  /** Gives up the body, also in the middle of a read. */
  cancel(reason: unknown): Promise<void>;
  release(): void;
}

function createByobPieceReader(reader: ReadableStreamBYOBReader): PieceReader {
  let buffer: ArrayBufferLike = new ArrayBuffer(PIECE_BYTES);
  let ended = false;
  return {
    async read() {
      if (ended) return null;
      const { value, done } = await reader.readAtLeast(PIECE_BYTES, new Uint8Array(buffer));
      ended = done;
      if (value === undefined || value.byteLength === 0) return null;
      buffer = value.buffer;
      return value;
    },
    cancel: (reason) => reader.cancel(reason),
    release: () => reader.releaseLock(),
  };
}

function createDefaultPieceReader(reader: ReadableStreamDefaultReader<Uint8Array>): PieceReader {
  const piece = new Uint8Array(PIECE_BYTES);
  let rest: Uint8Array = new Uint8Array(0);
  let ended = false;
  return {
    async read() {
      let filled = 0;
      while (filled < PIECE_BYTES) {
        if (rest.length === 0) {
          if (ended) break;
          const { value, done } = await reader.read();
          ended = done;
          rest = value ?? rest;
          continue;
        }
        const taken = Math.min(rest.length, PIECE_BYTES - filled);
        piece.set(rest.subarray(0, taken), filled);
        rest = rest.subarray(taken);
        filled += taken;
      }
      return filled === 0 ? null : piece.subarray(0, filled);
    },
    cancel: (reason) => reader.cancel(reason),
    release: () => reader.releaseLock(),
  };
}

/**
 * A reader of `body`, which it locks. Where the runtime can fill a buffer of ours (workerd's readAtLeast, on byte
 * streams) it does; elsewhere chunks are put together.
 */
export function createPieceReader(body: ReadableStream<Uint8Array>): PieceReader {
  let byob: ReadableStreamBYOBReader;
  try {
    byob = body.getReader({ mode: "byob" });
  } catch (error) {
    // Only byte streams can be read into a buffer of ours; the standard says so by a TypeError.
    if (!(error instanceof TypeError)) throw error;
    return createDefaultPieceReader(body.getReader());
  }
  const offered: { readonly readAtLeast?: unknown } = byob;
  if (typeof offered.readAtLeast === "function") return createByobPieceReader(byob);
  byob.releaseLock();
  return createDefaultPieceReader(body.getReader());
}
