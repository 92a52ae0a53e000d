// Opens and stores packs: the pack itself with its index and graph, in R2. Invariant: all three are there before
// this says that a pack is stored, and nothing else is ever stored under their names.
import { ForgeError } from "../../core/errors.ts";
import type { IngestedPack } from "../pack/ingest-types.ts";
import { isOldGraph, parsePackGraph } from "../pack/pack-graph.ts";
import { parsePackIndex } from "../pack/pack-index.ts";
import type { PackMember } from "../pack/pack-set.ts";
import type { StreamableSource } from "../pack/pack-stream.ts";
import type { StoredPack } from "./catalog.ts";
import { readCurrentGraph, rebuildGraph } from "./current-graph.ts";
import { joinPack, splitSidecars } from "./joined-pack.ts";
import {
  createJoinedKey,
  createStorageKey,
  graphKey,
  indexKey,
  isJoined,
  listRemovedKeys,
  packKey,
  packKeys,
} from "./keys.ts";
import { type CachedPack, packCache } from "./pack-cache.ts";
import type { StorableSpool } from "./pack-spool.ts";
import { createMemoryPack, createR2Pack } from "./r2-pack.ts";

/** A pack up to this size is kept whole in the isolate's cache. */
const SMALL_PACK_BYTES = 256 * 1024;
/** A received pack up to this size is collected in memory, complete, and stored from there. */
const COLLECTED_BYTES_MAX = 4 * 1024 * 1024;
/** Packs opened at a time; each takes up to three of the runtime's six connections. */
const OPENED_AT_ONCE = 6;

/** A pack ready to be read. */
export interface OpenPack extends PackMember {
  readonly source: StreamableSource;
}

/** Opens packs, those that the isolate knows without reading anything. Throws ForgeError `internal` when R2 lacks one. */
export async function openPacks(bucket: R2Bucket, packs: readonly StoredPack[]): Promise<OpenPack[]> {
  const opened: OpenPack[] = [];
  for (let at = 0; at < packs.length; at += OPENED_AT_ONCE) {
    const batch = packs.slice(at, at + OPENED_AT_ONCE);
    opened.push(...(await Promise.all(batch.map((pack) => openPack(bucket, pack)))));
  }
  return opened;
}

async function openPack(bucket: R2Bucket, pack: StoredPack): Promise<OpenPack> {
  let cached = packCache.get(pack.storageKey);
  if (cached === undefined) {
    cached = await readPack(bucket, pack);
    packCache.add(pack.storageKey, cached);
  }
  const { index, graph, bytes } = cached;
  const { storageKey, sizeBytes } = pack;
  const source =
    bytes === null
      ? createR2Pack(bucket, packKeys(storageKey, sizeBytes), sizeBytes)
      : createMemoryPack(bytes);
  return { index, graph, source };
}

/** Sees to it that the graph of a pack, of whatever size, is of the format of today. */
export async function upgradePack(bucket: R2Bucket, pack: StoredPack): Promise<void> {
  const { idx, graph } = await readSidecars(bucket, pack);
  if (isOldGraph(graph)) await rebuildGraph(bucket, pack, idx);
}

/** The index and the graph of a pack as they were stored with it. */
async function readSidecars(
  bucket: R2Bucket,
  { storageKey, sizeBytes, objectCount }: StoredPack,
): Promise<{ readonly idx: Uint8Array; readonly graph: Uint8Array }> {
  if (isJoined(storageKey)) {
    return splitSidecars(await readObject(bucket, packKey(storageKey), sizeBytes), objectCount);
  }
  const [idx, graph] = await Promise.all([
    readObject(bucket, indexKey(storageKey)),
    readObject(bucket, graphKey(storageKey)),
  ]);
  return { idx, graph };
}

async function readPack(bucket: R2Bucket, pack: StoredPack): Promise<CachedPack> {
  if (isJoined(pack.storageKey)) return readJoined(bucket, pack);
  // A small one is in one object, whether that is its first piece or all of it.
  const [smallKey] = pack.sizeBytes <= SMALL_PACK_BYTES ? packKeys(pack.storageKey, pack.sizeBytes) : [];
  const [idx, graph, bytes] = await Promise.all([
    readObject(bucket, indexKey(pack.storageKey)),
    readObject(bucket, graphKey(pack.storageKey)),
    smallKey === undefined ? null : readObject(bucket, smallKey),
  ]);
  return parseSidecars(idx, await readCurrentGraph(bucket, pack, idx, graph), bytes, pack.sizeBytes);
}

function parseSidecars(
  idx: Uint8Array,
  graphBytes: Uint8Array,
  bytes: Uint8Array | null,
  sizeBytes: number,
): CachedPack {
  const index = parsePackIndex(idx, sizeBytes);
  const graph = parsePackGraph(graphBytes, index);
  // What is computed from them on use: entries by offset, and references by number.
  const computedBytes = 16 * index.count + 4 * graph.externalCount;
  const costBytes = idx.length + graphBytes.length + (bytes?.length ?? 0) + computedBytes;
  return { index, graph, bytes, costBytes };
}

async function readJoined(bucket: R2Bucket, pack: StoredPack): Promise<CachedPack> {
  const { storageKey, sizeBytes, objectCount } = pack;
  const isWhole = sizeBytes <= SMALL_PACK_BYTES;
  const read = await readObject(bucket, packKey(storageKey), isWhole ? 0 : sizeBytes);
  const bytes = isWhole ? read.subarray(0, sizeBytes) : null;
  const { idx, graph } = splitSidecars(isWhole ? read.subarray(sizeBytes) : read, objectCount);
  return parseSidecars(idx, await readCurrentGraph(bucket, pack, idx, graph), bytes, sizeBytes);
}

async function readObject(bucket: R2Bucket, key: string, offset = 0): Promise<Uint8Array> {
  const object = await bucket.get(key, { range: { offset } });
  if (object === null) throw unreadable(`${key} is not in R2`);
  const bytes = new Uint8Array(await object.arrayBuffer());
  const expected = object.size - offset;
  // It is kept for as long as the isolate lives: a body that ended early mustn't be.
  if (bytes.length !== expected) throw unreadable(`${key} gave ${bytes.length} bytes of ${expected}`);
  return bytes;
}

function unreadable(details: string): ForgeError {
  return new ForgeError("internal", "A pack of this repository can't be read.", {
    cause: new Error(details),
  });
}

/** The sidecars of a pack that was just received, ready to be read. */
export function openSidecars(ingested: IngestedPack): PackMember {
  return parseSidecars(ingested.idx, ingested.graph, null, ingested.sizeBytes);
}

/** A pack on its way into R2. */
export interface StoringPack {
  readonly pack: StoredPack;
  /** To be read at once, stored or not. */
  readonly open: OpenPack;
  /** Settles when the pack and its sidecars are in R2, or couldn't be put there. */
  readonly whenStored: Promise<void>;
  /** Lets the isolate keep what it knows of the pack. To be called once the pack is in the catalog. */
  remember(): void;
  /** Removes it again. To be called only when it is known not to be in the catalog. */
  discard(): Promise<void>;
}

/**
 * Puts a pack and its sidecars into R2 under a storage key of their own. A small pack can be read while that goes on.
 * @param spool what was received
 */
export async function storePack(
  bucket: R2Bucket,
  repositoryId: number,
  ingested: IngestedPack,
  spool: StorableSpool,
): Promise<StoringPack> {
  const { packSha: sha, sizeBytes, objectCount, idx, graph } = ingested;
  const bytes = sizeBytes <= COLLECTED_BYTES_MAX ? await collectPack(ingested) : null;
  const keptKey = bytes === null && ingested.appendedBases.length === 0 ? await spool.keep() : null;
  const createKey = bytes === null ? createStorageKey : createJoinedKey;
  const storageKey = keptKey ?? createKey(repositoryId);
  const puts: Promise<unknown>[] =
    bytes === null
      ? [
          ...(keptKey === null ? [putLarge(bucket, storageKey, ingested, spool)] : []),
          bucket.put(indexKey(storageKey), idx),
          bucket.put(graphKey(storageKey), graph),
        ]
      : [bucket.put(packKey(storageKey), joinPack(bytes, idx, graph))];
  const whenStored = Promise.all(puts).then(() => undefined);
  const discard = async () => {
    await Promise.allSettled(puts);
    await bucket.delete(listRemovedKeys({ storageKey, sizeBytes }));
  };
  whenStored.catch(thrownToWaiter);
  if (bytes === null) {
    await whenStored.catch(async (error: unknown) => {
      await discard();
      throw error;
    });
  }
  const cached = parseSidecars(idx, graph, sizeBytes <= SMALL_PACK_BYTES ? bytes : null, sizeBytes);
  const source =
    bytes === null
      ? createR2Pack(bucket, packKeys(storageKey, sizeBytes), sizeBytes)
      : createMemoryPack(bytes);
  return {
    pack: { sha, storageKey, sizeBytes, objectCount },
    open: { index: cached.index, graph: cached.graph, source },
    whenStored,
    remember: () => packCache.add(storageKey, cached),
    discard,
  };
}

// A failure to store is thrown to whoever waits for `whenStored`.
const thrownToWaiter = (): undefined => undefined;

async function collectPack(ingested: IngestedPack): Promise<Uint8Array> {
  const bytes = new Uint8Array(ingested.sizeBytes);
  let at = 0;
  await ingested.writePack(async (piece) => {
    bytes.set(piece, at);
    at += piece.length;
  });
  return bytes;
}

async function putLarge(
  bucket: R2Bucket,
  storageKey: string,
  ingested: IngestedPack,
  spool: StorableSpool,
): Promise<void> {
  if (ingested.appendedBases.length === 0) return spool.storeAs(storageKey);
  const { readable, writable } = new FixedLengthStream(ingested.sizeBytes);
  const writer = writable.getWriter();
  const write = async () => {
    try {
      await ingested.writePack((piece) => writer.write(piece));
      await writer.close();
    } catch (error) {
      // R2 then stores nothing: the body ended before its length.
      await writer.abort(error);
      throw error;
    }
  };
  await Promise.all([bucket.put(packKey(storageKey), readable), write()]);
}
