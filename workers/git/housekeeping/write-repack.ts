// Makes one pack of several and stores it. Entries are copied as they are stored, deltas included, and the result goes
// through the same gate as a pushed pack: every object is inflated and named anew, so that no damage is carried on and
// index and graph say what is really there. Never held whole: what is spooled and cached is bounded as a push's is.
import { objectTypeCode } from "../object/object-type.ts";
import { ingestPack } from "../pack/ingest-pack.ts";
import type { IngestedPack, PackSpool } from "../pack/ingest-types.ts";
import { parsePackIndex } from "../pack/pack-index.ts";
import { markKept } from "../pack/plan-repack.ts";
import { writePack } from "../pack/write-pack.ts";
import type { StoredPack } from "../store/catalog.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { ReceivingSpool } from "../store/pack-spool.ts";
import { type OpenPack, openPacks, storePack } from "../store/pack-store.ts";
import { spoolMemory } from "../store/spool-memory.ts";

export interface WrittenRepack {
  readonly sources: readonly StoredPack[];
  /** The pack that takes their place; null when nothing of them is kept. */
  readonly pack: StoredPack | null;
  /** Whether the new pack has an object. */
  holds(oid: Uint8Array): boolean;
  /** Lets the isolate keep what it knows of the new pack. */
  remember(): void;
  /** Removes the new pack from R2; the catalog doesn't have it. */
  discard(): Promise<void>;
}

/**
 * Writes what is kept of some packs as one pack, in R2; the catalog isn't touched.
 * Throws GitError when a source is damaged, and what R2 throws; then nothing is left but, at worst, an orphan.
 */
export async function writeRepack(
  bucket: R2Bucket,
  repositoryId: number,
  sources: readonly StoredPack[],
  isKept: (oid: Uint8Array) => boolean,
): Promise<WrittenRepack> {
  const opened: OpenPack[] = await openPacks(bucket, sources);
  const group = new RepositoryPacks(opened);
  const { marks, count } = markKept(group.set, isKept);
  if (count === 0) return { sources, pack: null, holds: () => false, ...NOTHING_STORED };
  const spool = new ReceivingSpool(bucket, repositoryId, spoolMemory);
  try {
    const ingested = await copyEntries(group, marks, count, spool);
    const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
    for (let number = 0; number < marks.length; number++) {
      if (marks[number] !== 0 && index.find(group.set.oidAt(number)) < 0) {
        throw new Error(`a repack lost object ${group.set.oidAt(number)}`);
      }
    }
    const stored = await storePack(bucket, repositoryId, ingested, spool);
    await stored.whenStored;
    return {
      sources,
      pack: stored.pack,
      holds: (oid) => index.find(oid) >= 0,
      remember: () => stored.remember(),
      discard: () => stored.discard(),
    };
  } finally {
    await spool.discard();
  }
}

const NOTHING_STORED = { remember: () => undefined, discard: async () => undefined };

/** Pipes the writer of fetches into the reader of pushes. */
async function copyEntries(
  group: RepositoryPacks,
  marks: Uint8Array,
  sentCount: number,
  spool: PackSpool,
): Promise<IngestedPack> {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const write = async () => {
    try {
      const readObject = async (number: number) => {
        const { type, bytes } = await group.readNumber(number);
        return { typeCode: objectTypeCode(type), bytes };
      };
      const { set, sources } = group;
      await writePack(
        { set, sources, marks, sentCount, thinPack: false, ofsDelta: true, readObject },
        { write: (bytes) => writer.write(bytes) },
      );
      await writer.close();
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
  };
  const receive = async () => {
    try {
      return await ingestPack({ body: readable, spool, readExternal: async () => null });
    } catch (error) {
      // Whoever writes is told, rather than waiting for a reader that has gone.
      await readable.cancel(error);
      throw error;
    }
  };
  const [ingested] = await Promise.all([receive(), write()]);
  if (ingested.objectCount !== sentCount) {
    throw new Error(`a repack of ${sentCount} objects holds ${ingested.objectCount}`);
  }
  return ingested;
}
