// The bytes of a file, in whole or in part: held where they are few, streamed where they are many. Invariant: of a large
// file no more is held than the piece that is on its way, however slowly the reader takes it.
import { RAW_FILE_HELD_BYTES_MAX } from "../core/limits.ts";
import { decodeText } from "./decode-text.ts";
import { listTree } from "./list-tree.ts";
import type { StreamableObjectSource } from "./object-source.ts";

export interface RawFile {
  readonly oid: string;
  readonly sizeBytes: number;
  /** Known of files that are held only; a larger one is given as bytes. */
  readonly isText: boolean;
  /** The file where it is held; null where it is to be streamed. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** Hands on the bytes [start, end) in order. What `write` gives is awaited. */
  pass(start: number, end: number, write: (piece: Uint8Array) => Promise<void>): Promise<void>;
}

/** The file at a path of a revision; null when there is none. */
export async function openRawFile(
  objects: StreamableObjectSource,
  rootOid: string,
  path: string,
): Promise<RawFile | null> {
  const listing = await listTree(objects, rootOid, path);
  if (listing.kind !== "blob") return null;
  const { oid, sizeBytes } = listing;
  const pass: RawFile["pass"] = (start, end, write) => passRange(objects, oid, { start, end }, write);
  if (sizeBytes > RAW_FILE_HELD_BYTES_MAX) return { oid, sizeBytes, isText: false, bytes: null, pass };
  const blob = await objects.readObject(oid);
  if (blob === null) return null;
  const bytes = new Uint8Array(blob.bytes);
  return { oid, sizeBytes, isText: decodeText(bytes) !== undefined, bytes, pass };
}

async function passRange(
  objects: StreamableObjectSource,
  oid: string,
  { start, end }: { start: number; end: number },
  write: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  let at = 0;
  const visit = async (piece: Uint8Array): Promise<boolean> => {
    const part = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += piece.length;
    // The piece is overwritten after this, and a stream may keep what it was given.
    if (part.length > 0) await write(part.slice());
    return at < end;
  };
  if (await objects.streamBlob(oid, visit)) return;
  const blob = await objects.readObject(oid);
  if (blob === null) throw new Error(`blob ${oid} is gone`);
  await write(blob.bytes.slice(start, end));
}
