// The bytes of a pack in R2, by range and in stretches.
import { ForgeError } from "../../core/errors.ts";
import type { PackStream, StreamableSource } from "../pack/pack-stream.ts";
import { createPieceReader, PIECE_BYTES, type PieceReader } from "../pack/piece-reader.ts";
import { assertRange } from "../pack/range-source.ts";

/** A pack of a known size under a key. Nothing is read until it is asked for. */
export function createR2Pack(bucket: R2Bucket, key: string, sizeBytes: number): StreamableSource {
  const open = (offset: number, length: number) => openRange(bucket, key, offset, length);
  const source: StreamableSource = {
    sizeBytes,
    async read(offset, length) {
      assertRange(source, offset, length);
      if (length === 0) return new Uint8Array(0);
      return readAll(await open(offset, length), key, length);
    },
    stream(offset, length) {
      assertRange(source, offset, length);
      return length <= PIECE_BYTES
        ? streamAtOnce(open(offset, length), key, length)
        : streamInRanges(open, offset, length, key);
    },
  };
  return source;
}

async function openRange(
  bucket: R2Bucket,
  key: string,
  offset: number,
  length: number,
): Promise<R2ObjectBody> {
  const object = await bucket.get(key, { range: { offset, length } });
  if (object === null) throw unreadable(`${key} is not in R2`);
  return object;
}

async function readAll(object: R2ObjectBody, key: string, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await object.arrayBuffer());
  if (bytes.length !== length) throw unreadable(`${key} gave ${bytes.length} bytes of ${length}`);
  return bytes;
}

function unreadable(details: string): ForgeError {
  return new ForgeError("internal", "A pack of this repository can't be read.", {
    cause: new Error(details),
  });
}

// Reading has begun; a failure is thrown by whoever waits for it.
const thrownToReader = (): undefined => undefined;

function streamAtOnce(opening: Promise<R2ObjectBody>, key: string, length: number): PackStream {
  let reading: Promise<Uint8Array> | null = opening.then((object) => readAll(object, key, length));
  reading.catch(thrownToReader);
  return {
    async read() {
      const piece = await reading;
      reading = null;
      return piece;
    },
    async cancel() {
      await reading?.then(thrownToReader, thrownToReader);
    },
  };
}

/**
 * Bytes asked for at once: what R2 sends ahead of a slow reader is at most this and AHEAD_BYTES, and no request lasts so
 * long that it might be cut off.
 */
const RANGE_BYTES = 16 * 1024 * 1024;
/** The next range is asked for when no more than this is left of the one before. */
const AHEAD_BYTES = 2 * PIECE_BYTES;

function streamInRanges(
  open: (offset: number, length: number) => Promise<R2ObjectBody>,
  offset: number,
  length: number,
  key: string,
): PackStream {
  const end = offset + length;
  let openedTo = offset;
  const openNext = () => {
    if (openedTo === end) return null;
    const from = openedTo;
    openedTo = Math.min(end, from + RANGE_BYTES);
    return { stream: streamInPieces(open(from, openedTo - from)), leftBytes: openedTo - from };
  };
  let current = openNext();
  let next: ReturnType<typeof openNext> = null;
  return {
    async read() {
      while (current !== null) {
        const piece = await current.stream.read();
        if (piece !== null) {
          current.leftBytes -= piece.length;
          if (current.leftBytes <= AHEAD_BYTES) next ??= openNext();
          return piece;
        }
        // What follows would be taken for the bytes that are missing.
        if (current.leftBytes > 0) throw unreadable(`${key} gave ${current.leftBytes} bytes too few`);
        current = next ?? openNext();
        next = null;
      }
      return null;
    },
    async cancel() {
      await Promise.all([current?.stream.cancel(), next?.stream.cancel()]);
    },
  };
}

function streamInPieces(opening: Promise<R2ObjectBody>): PackStream {
  opening.catch(thrownToReader);
  let reader: PieceReader | null = null;
  return {
    async read() {
      reader ??= createPieceReader((await opening).body);
      return reader.read();
    },
    async cancel() {
      reader?.release();
      await opening.then((object) => object.body.cancel(), thrownToReader);
    },
  };
}

/** As createR2Pack, over bytes in memory. */
export function createMemoryPack(bytes: Uint8Array): StreamableSource {
  const source: StreamableSource = {
    sizeBytes: bytes.length,
    async read(offset, length) {
      assertRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    stream(offset, length) {
      assertRange(source, offset, length);
      let piece: Uint8Array | null = bytes.subarray(offset, offset + length);
      return {
        async read() {
          const taken = piece;
          piece = null;
          return taken;
        },
        async cancel() {
          piece = null;
        },
      };
    },
  };
  return source;
}
