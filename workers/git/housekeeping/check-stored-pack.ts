// Verifies one pack against itself: what R2 holds under its names, read to the last byte. The pack goes through the
// same gate as one that is pushed, so every object is inflated and named anew, and index and graph are compared with
// what that makes of it.
import { SPOOL_PART_BYTES } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { ingestPack } from "../pack/ingest-pack.ts";
import type { IngestedPack } from "../pack/ingest-types.ts";
import { type PackGraph, parsePackGraph } from "../pack/pack-graph.ts";
import { parsePackIndex } from "../pack/pack-index.ts";
import type { StoredPack } from "../store/catalog.ts";
import { splitSidecars } from "../store/joined-pack.ts";
import { graphKey, indexKey, isJoined, listPackKeys, packKey, packKeys } from "../store/keys.ts";
import { UploadedFile, type UploadedPart } from "../store/uploaded-file.ts";

/** The names of a pack that R2 has no object for. */
export async function findMissingKeys(bucket: R2Bucket, pack: StoredPack): Promise<string[]> {
  const keys = listPackKeys(pack);
  const heads = await Promise.all(keys.map((key) => bucket.head(key)));
  return keys.filter((_, at) => heads[at] === null);
}

/** What is wrong with a pack whose objects are there; empty when nothing is. Throws what R2 throws. */
export async function checkStoredPack(bucket: R2Bucket, pack: StoredPack): Promise<string[]> {
  const key = packKey(pack.storageKey);
  const problems: string[] = [];
  const file = await openFile(bucket, pack, problems);
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
  problems.push(...(await checkSidecars(bucket, pack, ingested)));
  return problems;
}

/** The bytes of a pack as its objects are now, whatever their sizes; null when one is gone. Adds what is wrong. */
async function openFile(
  bucket: R2Bucket,
  { storageKey, sizeBytes }: StoredPack,
  problems: string[],
): Promise<UploadedFile | null> {
  const keys = packKeys(storageKey, sizeBytes);
  const heads = await Promise.all(keys.map((key) => bucket.head(key)));
  const parts: UploadedPart[] = [];
  for (const [piece, head] of heads.entries()) {
    if (head === null) {
      problems.push(`${keys[piece]} is not in R2`);
      return null;
    }
    const { key, etag, size } = head;
    // What comes behind the pack, of one that is joined, isn't the pack.
    parts.push({ key, etag, sizeBytes: isJoined(storageKey) ? Math.min(size, sizeBytes) : size });
    const expectedBytes =
      keys.length === 1 ? sizeBytes : Math.min(SPOOL_PART_BYTES, sizeBytes - piece * SPOOL_PART_BYTES);
    if (!isJoined(storageKey) && size !== expectedBytes) {
      problems.push(`${key} has ${size} bytes, the catalog says ${expectedBytes}`);
    }
  }
  return new UploadedFile(bucket, parts);
}

async function checkSidecars(bucket: R2Bucket, pack: StoredPack, ingested: IngestedPack): Promise<string[]> {
  const { storageKey } = pack;
  const problems: string[] = [];
  const { idx, graph } = await readSidecars(bucket, pack);
  if (idx === null || !areEqual(idx, ingested.idx)) {
    problems.push(`${indexKey(storageKey)} isn't the index of the pack`);
  }
  const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
  const problem =
    graph === null
      ? "is gone"
      : findDifference(graph, () => parsePackGraph(graph, index), parsePackGraph(ingested.graph, index));
  if (problem !== null) problems.push(`${graphKey(storageKey)} ${problem}`);
  return problems;
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

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

// The same graph can be written in more than one way.
function findDifference(bytes: Uint8Array, parse: () => PackGraph, expected: PackGraph): string | null {
  if (bytes.length === 0) return "is empty";
  try {
    const graph = parse();
    for (let position = 0; position < expected.count; position++) {
      if (describeObject(graph, position) !== describeObject(expected, position)) {
        return `is wrong about the object at position ${position}`;
      }
    }
    return null;
  } catch (error) {
    if (error instanceof GitError) return `is damaged: ${error.message}`;
    throw error;
  }
}

function describeObject(graph: PackGraph, position: number): string {
  const references: (number | string)[] = [];
  graph.forEachReference(position, (reference) => {
    references.push(reference < graph.count ? reference : graph.externalOid(reference - graph.count));
  });
  const parts = [
    graph.typeCodeAt(position),
    graph.sizeAt(position),
    graph.baseAt(position),
    graph.commitTimeAt(position),
  ];
  return `${parts.join(" ")} ${references.join(" ")}`;
}
