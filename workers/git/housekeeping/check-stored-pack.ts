// Verifies one pack against itself: what R2 holds under its names, read to the last byte. The pack goes through the
// same gate as one that is pushed, so every object is inflated and named anew, and the index is compared with what that
// makes of it. The graph is compared with the objects by code that has no part in writing it (verify/).
import { GitError } from "../object/git-error.ts";
import { ingestPack } from "../pack/ingest-pack.ts";
import type { IngestedPack } from "../pack/ingest-types.ts";
import { isOldGraph, parsePackGraph } from "../pack/pack-graph.ts";
import { type PackIndex, parsePackIndex } from "../pack/pack-index.ts";
import type { StoredPack } from "../store/catalog.ts";
import { readRebuiltGraph } from "../store/current-graph.ts";
import { splitSidecars } from "../store/joined-pack.ts";
import { graphKey, indexKey, isJoined, listPackKeys, packKey, rebuiltGraphKey } from "../store/keys.ts";
import { openStoredFile } from "../store/stored-file.ts";
import type { UploadedFile } from "../store/uploaded-file.ts";
import { compareGraph } from "../verify/compare-graph.ts";

/** The names of a pack that R2 has no object for. */
export async function findMissingKeys(bucket: R2Bucket, pack: StoredPack): Promise<string[]> {
  const keys = listPackKeys(pack);
  const heads = await Promise.all(keys.map((key) => bucket.head(key)));
  return keys.filter((_, at) => heads[at] === null);
}

/** What is wrong with a pack whose objects are there; empty when nothing is. Throws what R2 throws. */
export async function checkStoredPack(bucket: R2Bucket, pack: StoredPack): Promise<string[]> {
  const key = packKey(pack.storageKey);
  const { file, problems: misplaced } = await openStoredFile(bucket, pack);
  const problems: string[] = [...misplaced];
  if (file === null) return problems;
  const stream = file.stream(0);
  let ingested: IngestedPack;
  try {
    ingested = await ingestPack({
      body: stream.body,
      // It is where it would be spooled to.
      spool: { append: async () => undefined, source: async () => file },
      readExternal: async () => null,
    });
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return [...problems, `${key} is damaged: ${error.message}`];
  } finally {
    await stream.cancel();
  }
  if (ingested.packSha !== pack.sha) problems.push(`${key} is the pack ${ingested.packSha}`);
  if (ingested.objectCount !== pack.objectCount) {
    problems.push(`${key} holds ${ingested.objectCount} objects, the catalog says ${pack.objectCount}`);
  }
  problems.push(...(await checkSidecars(bucket, pack, file, ingested)));
  return problems;
}

/** Compares index and graph with what receiving the pack, and then reading its objects, makes of it. */
async function checkSidecars(
  bucket: R2Bucket,
  pack: StoredPack,
  file: UploadedFile,
  ingested: IngestedPack,
): Promise<string[]> {
  const { storageKey } = pack;
  const problems: string[] = [];
  const { idx, graph: stored } = await readSidecars(bucket, pack);
  if (idx === null || Buffer.compare(idx, ingested.idx) !== 0) {
    problems.push(`${indexKey(storageKey)} isn't the index of the pack`);
  }
  const isOld = stored !== null && isOldGraph(stored);
  const key = isOld ? rebuiltGraphKey(storageKey) : graphKey(storageKey);
  const graph = isOld ? await readRebuiltGraph(bucket, pack) : stored;
  const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
  // One of an old format that wasn't made anew yet is read by nobody.
  if (graph === null) return isOld ? problems : [...problems, `${key} is gone`];
  return [...problems, ...(await checkGraph(file, index, graph)).map((problem) => `${key} ${problem}`)];
}

async function checkGraph(file: UploadedFile, index: PackIndex, bytes: Uint8Array): Promise<string[]> {
  if (bytes.length === 0) return ["is empty"];
  try {
    return await compareGraph(file, index, parsePackGraph(bytes, index));
  } catch (error) {
    if (error instanceof GitError) return [`is damaged: ${error.message}`];
    throw error;
  }
}

async function readSidecars(
  bucket: R2Bucket,
  { storageKey, sizeBytes, objectCount }: StoredPack,
): Promise<{ idx: Uint8Array | null; graph: Uint8Array | null }> {
  if (isJoined(storageKey)) {
    const rest = await readFrom(bucket, packKey(storageKey), sizeBytes);
    return rest === null ? { idx: null, graph: null } : splitSidecars(rest, objectCount);
  }
  const idx = await readFrom(bucket, indexKey(storageKey), 0);
  return { idx, graph: await readFrom(bucket, graphKey(storageKey), 0) };
}

async function readFrom(bucket: R2Bucket, key: string, offset: number): Promise<Uint8Array | null> {
  const head = await bucket.head(key);
  if (head === null || head.size <= offset) return null;
  const object = await bucket.get(key, { range: { offset } });
  return object === null ? null : new Uint8Array(await object.arrayBuffer());
}
