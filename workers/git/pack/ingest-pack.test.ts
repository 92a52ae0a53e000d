// A pack received from real git gives the index that git index-pack makes, and a graph that says what git says.
import { beforeAll, describe, expect, it } from "vitest";
import { parseCommit } from "../object/parse-commit.ts";
import { parseTag } from "../object/parse-tag.ts";
import { parseTree, treeEntryKind } from "../object/parse-tree.ts";
import { collectPack, ingestBytes, MemorySpool } from "../testing/ingest-bytes.ts";
import { createRepository, type RealRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import type { IngestedPack } from "./ingest-types.ts";
import { type PackGraph, parsePackGraph } from "./pack-graph.ts";
import { parsePackIndex } from "./pack-index.ts";
import { createMemorySource } from "./range-source.ts";
import { readPackedObject } from "./read-object.ts";

let repository: RealRepository;
beforeAll(() => {
  repository = createRepository();
  writeHistory(repository, 11, 250);
});

const REVISIONS = ["main", "v1-again"];
const noExternal = async () => null;

/** What the graph says an object references, as ids. */
function referencesOf(graph: PackGraph, oidAt: (position: number) => string, position: number): string[] {
  const oids: string[] = [];
  graph.forEachReference(position, (reference) => {
    oids.push(reference < graph.count ? oidAt(reference) : graph.externalOid(reference - graph.count));
  });
  return oids;
}

function expectedReferences(type: string, bytes: Uint8Array): string[] {
  if (type === "blob") return [];
  if (type === "tag") return [parseTag(bytes).target];
  if (type === "tree") {
    return parseTree(bytes)
      .filter((entry) => treeEntryKind(entry.mode) !== "gitlink")
      .map((entry) => entry.oid);
  }
  const commit = parseCommit(bytes);
  return [commit.tree, ...commit.parents];
}

describe("a pack of real git", () => {
  const shapes: [name: string, options: string[]][] = [
    ["offset deltas", ["--window=20", "--depth=50"]],
    ["deep deltas", ["--window=50", "--depth=4000"]],
    ["reference deltas", ["--window=20", "--depth=50", "--no-delta-base-offset"]],
    ["no deltas", ["--window=0"]],
    ["no compression", ["--window=10", "--compression=0", "--no-reuse-object"]],
    ["best compression", ["--window=10", "--compression=9", "--no-reuse-object"]],
  ];
  it.each(shapes)("gets git's own index: %s", async (_, options) => {
    const pack = repository.pack(REVISIONS, options);
    const ingested = await ingestBytes(pack);
    expect(Buffer.from(ingested.idx).equals(repository.indexPack(pack))).toBe(true);
    expect(ingested.appendedBases).toEqual([]);
    expect(ingested.sizeBytes).toBe(pack.length);
    expect(pack.equals(await collectPack(ingested))).toBe(true);
  });

  it.each([1, 7, 1000, 3_000_000])("comes in chunks of %i bytes", async (chunkBytes) => {
    const pack = repository.pack(["main~200"], ["--window=20"]);
    const ingested = await ingestBytes(pack, { chunkBytes });
    expect(Buffer.from(ingested.idx).equals(repository.indexPack(pack))).toBe(true);
  });

  it.each([0, 1, 11, 12, 13, 500, 100_000])("begins with %i bytes that were read before", async (length) => {
    const pack = repository.pack(["main~200"]);
    const ingested = await ingestBytes(pack.subarray(length), { initial: pack.subarray(0, length) });
    expect(Buffer.from(ingested.idx).equals(repository.indexPack(pack))).toBe(true);
  });

  it("needs no second pass over offset deltas, and spools what came", async () => {
    const pack = repository.pack(["main~200"]);
    const spool = new MemorySpool();
    await ingestBytes(pack, { spool });
    expect(pack.equals(Buffer.concat(spool.parts))).toBe(true);
  });

  it("is received all the same with hardly any memory for bases", async () => {
    const pack = repository.pack(REVISIONS, ["--window=20", "--depth=50"]);
    const limits = { baseCacheBytes: 64 * 1024, blobStreamBytes: 4096 };
    const ingested = await ingestBytes(pack, { limits });
    expect(Buffer.from(ingested.idx).equals(repository.indexPack(pack))).toBe(true);
  });

  it("may be empty", async () => {
    const pack = repository.packObjects([]);
    const ingested = await ingestBytes(pack);
    expect(ingested.objectCount).toBe(0);
    expect(Buffer.from(ingested.idx).equals(repository.indexPack(pack))).toBe(true);
    expect(parsePackGraph(ingested.graph, parsePackIndex(ingested.idx, pack.length)).count).toBe(0);
  });

  it("reports how far it is", async () => {
    const seen: string[] = [];
    const pack = repository.pack(REVISIONS, ["--no-delta-base-offset"]);
    await ingestBytes(pack, {
      limits: { baseCacheBytes: 32 * 1024 },
      onProgress: ({ phase, done, total }) => {
        expect(done).toBeLessThanOrEqual(total);
        seen.push(phase);
      },
    });
    expect(new Set(seen)).toEqual(new Set(["receiving", "resolving"]));
  });
});

describe("the index, graph and objects of a received pack", () => {
  let pack: Buffer;
  let ingested: IngestedPack;
  beforeAll(async () => {
    pack = repository.pack(REVISIONS, ["--window=20", "--depth=50"]);
    ingested = await ingestBytes(pack);
  });

  it("hold every object as git has it", async () => {
    const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
    const graph = parsePackGraph(ingested.graph, index);
    const source = createMemorySource(pack);
    const objects = repository.listObjects();
    const reachable = repository.text(["rev-list", "--objects", "--count", ...REVISIONS]);
    expect(index.count).toBe(Number(reachable));
    for (let position = 0; position < index.count; position++) {
      const oid = index.oidAt(position);
      const { type, bytes } = await readPackedObject(source, index, position, noExternal);
      expect(objects.get(oid)).toEqual({ type, sizeBytes: bytes.length });
      expect([graph.typeAt(position), graph.sizeAt(position)]).toEqual([type, bytes.length]);
      expect(referencesOf(graph, index.oidAt, position)).toEqual(expectedReferences(type, bytes));
      const time = type === "commit" ? (parseCommit(bytes).committer.timeSeconds ?? 0) : 0;
      expect(graph.commitTimeAt(position)).toBe(time);
    }
    expect(graph.externalCount).toBe(0);
  });

  it("know what each delta is stored against", () => {
    const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
    const graph = parsePackGraph(ingested.graph, index);
    const listing = verifyPack(repository, pack);
    for (let position = 0; position < index.count; position++) {
      const base = graph.baseAt(position);
      expect(base < 0 ? null : index.oidAt(base)).toBe(listing.get(index.oidAt(position)) ?? null);
    }
  });
});

/** The base of each delta of a pack, as git verify-pack lists them. */
function verifyPack(from: RealRepository, pack: Buffer): Map<string, string> {
  const copy = createRepository();
  copy.git(["index-pack", "--stdin"], pack);
  const idx = copy.text(["rev-parse", "--git-path", "objects/pack"]);
  const name = from.text(["hash-object", "-t", "blob", "--stdin"], "").length;
  const lines = copy
    .text(["verify-pack", "-v", `${copy.dir}/${idx}/pack-${pack.subarray(-20).toString("hex")}.idx`])
    .split("\n");
  const bases = new Map<string, string>();
  for (const line of lines) {
    const fields = line.split(/\s+/);
    if (fields[0]?.length === name && fields.length === 7) bases.set(fields[0], fields[6]!);
  }
  return bases;
}
