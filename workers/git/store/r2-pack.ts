// The bytes of a pack in R2, by range and in stretches.
import { ForgeError } from "../../core/errors.ts";
import { SPOOL_PART_BYTES } from "../limits.ts";
import type { PackStream, StreamableSource } from "../pack/pack-stream.ts";
import { createPieceReader, PIECE_BYTES, type PieceReader } from "../pack/piece-reader.ts";
import { assertRange } from "../pack/range-source.ts";

/**
 * A pack of a known size in one object, or in pieces of SPOOL_PART_BYTES. Nothing is read until it is asked for.
 * @param keys of the object or the pieces, in order
 */
export function createR2Pack(bucket: R2Bucket, keys: readonly string[], sizeBytes: number): StreamableSource {
  const open = (stretch: PieceStretch) => openRange(bucket, stretch);
  const source: StreamableSource = {
    sizeBytes,
    givesFreshBytes: true,
    async read(offset, length) {
      assertRange(source, offset, length);
      const [first, ...others] = listPieces(keys, offset, length);
      if (first === undefined) return new Uint8Array(0);
      if (others.length === 0) return readAll(await open(first), first);
      const joined = new Uint8Array(length);
      let at = 0;
      for (const stretch of [first, ...others]) {
        joined.set(await readAll(await open(stretch), stretch), at);
        at += stretch.length;
      }
      return joined;
    },
    stream(offset, length) {
      assertRange(source, offset, length);
      return length <= PIECE_BYTES
        ? streamAtOnce(source.read(offset, length))
        : streamInRanges(open, listPieces(keys, offset, length));
    },
  };
  return source;
}

/** Gives the bodies of a stretch of a pack, which the runtime can pipe on, one after the other. */
export async function* openBodies(
  bucket: R2Bucket,
  keys: readonly string[],
  offset: number,
  length: number,
): AsyncGenerator<ReadableStream> {
  for (const stretch of listPieces(keys, offset, length)) yield (await openRange(bucket, stretch)).body;
}

/** A stretch of one of the objects that a pack is in. */
interface PieceStretch {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
}

function listPieces(keys: readonly string[], offset: number, length: number): PieceStretch[] {
  if (length === 0) return [];
  const pieceBytes = keys.length === 1 ? Number.POSITIVE_INFINITY : SPOOL_PART_BYTES;
  const stretches: PieceStretch[] = [];
  const end = offset + length;
  for (let from = offset; from < end; ) {
    const piece = Math.floor(from / pieceBytes);
    const start = piece === 0 ? 0 : piece * pieceBytes;
    const to = Math.min(end, start + pieceBytes);
    stretches.push({ key: keys[piece]!, offset: from - start, length: to - from });
    from = to;
  }
  return stretches;
}

async function openRange(bucket: R2Bucket, { key, offset, length }: PieceStretch): Promise<R2ObjectBody> {
  const object = await bucket.get(key, { range: { offset, length } });
  if (object === null) throw unreadable(`${key} is not in R2`);
  return object;
}

async function readAll(object: R2ObjectBody, { key, length }: PieceStretch): Promise<Uint8Array> {
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

function streamAtOnce(begun: Promise<Uint8Array>): PackStream {
  let reading: Promise<Uint8Array> | null = begun;
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
 * Bytes asked for at once, within one piece: what R2 sends ahead of a slow reader is at most this and AHEAD_BYTES, and no request lasts so
 * long that it might be cut off.
 */
const RANGE_BYTES = 16 * 1024 * 1024;
/** The next range is asked for when no more than this is left of the one before. */
const AHEAD_BYTES = 2 * PIECE_BYTES;

function streamInRanges(
  open: (stretch: PieceStretch) => Promise<R2ObjectBody>,
  stretches: readonly PieceStretch[],
): PackStream {
  const ranges = splitStretches(stretches);
  const openNext = () => {
    const range = ranges.next();
    if (range.done) return null;
    return { key: range.value.key, stream: streamInPieces(open(range.value)), leftBytes: range.value.length };
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
        if (current.leftBytes > 0) throw unreadable(`${current.key} gave ${current.leftBytes} bytes too few`);
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

/** Cuts stretches into what is asked for at once. */
function* splitStretches(stretches: readonly PieceStretch[]): Generator<PieceStretch, undefined> {
  for (const { key, offset, length } of stretches) {
    for (let at = 0; at < length; at += RANGE_BYTES) {
      yield { key, offset: offset + at, length: Math.min(RANGE_BYTES, length - at) };
    }
  }
  return undefined;
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
