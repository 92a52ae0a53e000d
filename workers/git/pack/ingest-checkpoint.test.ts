// A pack received in many short goes is the pack received in one: the same index, the same graph, the same refusals.
import { beforeAll, describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import { MemorySpool, streamOf } from "../testing/ingest-bytes.ts";
import { blob, PackBuilder } from "../testing/pack-builder.ts";
import { createRepository, type RealRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import { IngestPaused, openSavedIngest } from "./ingest-checkpoint.ts";
import { ingestPack } from "./ingest-pack.ts";
import type { ExternalObject, IngestedPack, IngestLimits, SavedIngest } from "./ingest-types.ts";
import { parsePackGraph } from "./pack-graph.ts";
import { parsePackIndex } from "./pack-index.ts";
import { createMemorySource } from "./range-source.ts";

let repository: RealRepository;
beforeAll(() => {
  repository = createRepository();
  writeHistory(repository, 31, 150);
});

interface Goes {
  readonly inflatedBytes: number;
  readonly objects: number;
  readonly limits?: Partial<IngestLimits>;
  readonly external?: ExternalObject;
}

/** Receives a pack in goes. @returns it, and how many goes that took */
async function ingestInGoes(pack: Uint8Array, { limits, external, ...share }: Goes) {
  const spool = new MemorySpool();
  await spool.append(pack);
  const source = await spool.source();
  let saved: SavedIngest | null = null;
  for (let goes = 1; ; goes++) {
    const aside: Uint8Array[] = [];
    const from: number = saved?.head.scannedBytes ?? 0;
    try {
      const ingested: IngestedPack = await ingestPack({
        body: streamOf(pack.subarray(from)),
        // All of it is there already, as an import's parts are.
        spool: { append: async () => undefined, source: async () => source },
        readExternal: async () => external ?? null,
        ...(limits === undefined ? {} : { limits }),
        sitting: {
          ...share,
          saved,
          async save(sizeBytes, write) {
            await write(async (bytes) => {
              aside.push(bytes.slice());
            });
            expect(aside.reduce((sum, { length }) => sum + length, 0)).toBe(sizeBytes);
          },
        },
      });
      return { ingested, goes };
    } catch (error) {
      if (!(error instanceof IngestPaused)) throw error;
      saved = await openSavedIngest(createMemorySource(Buffer.concat(aside)));
    }
  }
}

/** What a graph says of each object, however its lists are written. */
function describeGraph({ idx, graph: bytes, sizeBytes }: IngestedPack): unknown[] {
  const index = parsePackIndex(idx, sizeBytes);
  const graph = parsePackGraph(bytes, index);
  return Array.from({ length: graph.count }, (_, position) => {
    const references: (number | string)[] = [];
    graph.forEachReference(position, (reference) => {
      references.push(reference < graph.count ? reference : graph.externalOid(reference - graph.count));
    });
    return [graph.typeCodeAt(position), graph.sizeAt(position), graph.baseAt(position), references];
  });
}

const ALL_AT_ONCE = { inflatedBytes: Number.MAX_SAFE_INTEGER, objects: Number.MAX_SAFE_INTEGER };

describe("a pack of real git", () => {
  it.each([
    ["by objects", ["--window=20", "--depth=50"], { objects: 97 }, {}],
    ["by bytes", ["--window=20", "--depth=50"], { inflatedBytes: 100_000 }, {}],
    ["a byte at a time", ["--window=20", "--depth=50"], { inflatedBytes: 1, objects: 50 }, {}],
    ["with reference deltas", ["--no-delta-base-offset"], { inflatedBytes: 60_000 }, {}],
    ["with a small cache", ["--depth=200"], { inflatedBytes: 60_000 }, { baseCacheBytes: 40_000 }],
  ])("received in goes is as received in one: %s", async (_, options, share, limits) => {
    const pack = repository.pack(["main", "v1-again"], options);
    const whole = await ingestInGoes(pack, ALL_AT_ONCE);
    expect(whole.goes).toBe(1);
    const { ingested, goes } = await ingestInGoes(pack, { ...ALL_AT_ONCE, ...share, limits });
    expect(goes).toBeGreaterThan(4);
    expect(ingested.packSha).toBe(whole.ingested.packSha);
    expect(Buffer.from(ingested.idx).equals(whole.ingested.idx)).toBe(true);
    expect(describeGraph(ingested)).toEqual(describeGraph(whole.ingested));
  });

  it("is refused when a byte changed in what an earlier go saw", async () => {
    const pack = Buffer.from(repository.pack(["main"], ["--window=0"]));
    // Within the zlib checksum of the first object, which the go that scans it refuses by itself, or in the trailer.
    pack[pack.length - 1]! ^= 1;
    const goes = ingestInGoes(pack, { ...ALL_AT_ONCE, objects: 100 });
    await expect(goes).rejects.toThrow("checksum doesn't match");
  });

  it("is refused when it ends early, whichever go finds that", async () => {
    const pack = repository.pack(["main"], ["--window=20"]);
    const goes = ingestInGoes(pack.subarray(0, pack.length - 300), { ...ALL_AT_ONCE, objects: 100 });
    await expect(goes).rejects.toBeInstanceOf(GitError);
  });
});

it("limits hold over all goes together", async () => {
  const builder = new PackBuilder();
  for (let at = 0; at < 20; at++) builder.add(blob(`${at}`.padEnd(1000)));
  const pack = builder.finish();
  const share = { ...ALL_AT_ONCE, objects: 3 };
  expect((await ingestInGoes(pack, { ...share, limits: { inflatedBytes: 20_000 } })).goes).toBe(7);
  const tooMuch = ingestInGoes(pack, { ...share, limits: { inflatedBytes: 19_999 } });
  await expect(tooMuch).rejects.toThrow("larger than 19999 bytes in all");
});

it.each([{}, { graphVersion: 1 }])(
  "a state saved for another format of the graph is no state: %j",
  async (head) => {
    const text = Buffer.from(JSON.stringify({ ...head, scannedBytes: 12 }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    expect(await openSavedIngest(createMemorySource(Buffer.concat([length, text])))).toBeNull();
  },
);

it("a saved state that is damaged is refused", async () => {
  const nonsense = createMemorySource(Buffer.alloc(100, 255));
  await expect(openSavedIngest(nonsense)).rejects.toThrow("a state that was put aside is damaged");
});
