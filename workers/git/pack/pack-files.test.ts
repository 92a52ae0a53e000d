// Indexes and graphs: as git writes them, at 64 bits too, and safe to read whatever they hold.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import { formatOid, parseOid } from "../object/oid.ts";
import { ingestBytes } from "../testing/ingest-bytes.ts";
import { blob, PackBuilder } from "../testing/pack-builder.ts";
import { createFolder, createRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import { buildPackIndex } from "./build-pack-index.ts";
import type { IngestedPack } from "./ingest-types.ts";
import { type PackGraph, parsePackGraph } from "./pack-graph.ts";
import { type PackIndex, parsePackIndex } from "./pack-index.ts";

let pack: Buffer;
let ingested: IngestedPack;
let index: PackIndex;
const repository = createRepository();
beforeAll(async () => {
  writeHistory(repository, 8, 40);
  pack = repository.pack(["main"], ["--window=10"]);
  ingested = await ingestBytes(pack);
  index = parsePackIndex(ingested.idx, pack.length);
});

describe("an index", () => {
  it("is git's own with 64-bit offsets, and is read back", () => {
    const folder = createFolder();
    const made = join(folder, "made.pack");
    repository.git(["index-pack", "--stdin", "--index-version=2,0x800", made], pack);
    const ours = buildPackIndex(index, pack.subarray(-20), 0x800);
    expect(readFileSync(join(folder, "made.idx")).equals(Buffer.from(ours))).toBe(true);
    const read = parsePackIndex(ours, pack.length);
    for (let i = 0; i < index.count; i++) expect(read.offsetAt(i)).toBe(index.offsetAt(i));
  });

  it("holds offsets past 4 GiB", () => {
    const oid = parseOid("ab".repeat(20));
    const offset = 5 * 2 ** 32 + 77;
    const bytes = buildPackIndex(
      {
        count: 1,
        copyOid: (_, into, at) => into.set(oid, at),
        offsetAt: () => offset,
        crcAt: () => 0xfffffffe,
      },
      oid,
    );
    const read = parsePackIndex(bytes, 6 * 2 ** 32);
    expect([read.offsetAt(0), read.crcAt(0), read.oidAt(0)]).toEqual([offset, 0xfffffffe, "ab".repeat(20)]);
    expect(() => parsePackIndex(bytes, offset)).toThrow(/outside the pack/);
  });

  it("finds what it has, by id and by offset, and nothing else", () => {
    const copy = new Uint8Array(30);
    for (let i = 0; i < index.count; i++) {
      expect(index.find(index.oidAt(i))).toBe(i);
      index.copyOid(i, copy, 10);
      expect(index.find(copy, 10)).toBe(i);
      expect(index.findByOffset(index.offsetAt(i))).toBe(i);
      const almost = parseOid(index.oidAt(i));
      almost[19]! ^= 1;
      expect(index.find(formatOid(almost))).toBe(-1);
    }
    expect(index.findByOffset(13)).toBe(-1);
    expect(index.find("00".repeat(20))).toBe(-1);
    expect(index.find("ff".repeat(20))).toBe(-1);
  });

  it("knows where entries end and in what order they lie", () => {
    const order = index.positionsByOffset();
    let end = 12;
    for (const position of order) {
      expect(index.offsetAt(position)).toBe(end);
      end = index.endOffsetAt(position);
    }
    expect(end).toBe(pack.length - 20);
    expect(index.packSha).toBe(pack.subarray(-20).toString("hex"));
  });
});

/** Reads all of an index or graph: whatever it holds, only a GitError may come of it. */
function readAll(idx: Uint8Array, graphBytes: Uint8Array): void {
  const read = parsePackIndex(idx, pack.length);
  const graph: PackGraph = parsePackGraph(graphBytes, read);
  for (let i = 0; i < graph.count; i++) {
    graph.typeAt(i);
    graph.sizeAt(i);
    graph.baseAt(i);
    graph.commitTimeAt(i);
    graph.forEachReference(i, (reference) => {
      expect(reference).toBeLessThan(graph.count + graph.externalCount);
    });
    read.endOffsetAt(i);
  }
  for (let i = 0; i < graph.externalCount; i++) graph.externalKind(i);
}

function expectSafe(idx: Uint8Array, graph: Uint8Array): void {
  try {
    readAll(idx, graph);
  } catch (error) {
    expect(error).toBeInstanceOf(GitError);
  }
}

describe("a damaged file", () => {
  it.each(["idx", "graph"] as const)("is safe to read: %s", (which) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
        fc.nat(),
        (edits, cut) => {
          const files = { idx: Uint8Array.from(ingested.idx), graph: Uint8Array.from(ingested.graph) };
          // Mostly at the start, where the tables are.
          for (const [at, value] of edits)
            files[which][at % (at % 2 === 0 ? 1200 : files[which].length)] = value;
          if (edits.length === 0) files[which] = files[which].subarray(0, cut % files[which].length);
          expectSafe(files.idx, files.graph);
        },
      ),
      { seed: 4, numRuns: 400 },
    );
  });

  it("is refused when it is cut short, or of another pack", async () => {
    expect(() => parsePackIndex(ingested.idx.subarray(1), pack.length)).toThrow(GitError);
    for (const end of [0, 39, 100, ingested.graph.length - 1]) {
      expect(() => parsePackGraph(ingested.graph.subarray(0, end), index)).toThrow(GitError);
    }
    const other = new PackBuilder().add(blob("x")).finish();
    const { idx } = await ingestBytes(other);
    expect(() => parsePackGraph(ingested.graph, parsePackIndex(idx, other.length))).toThrow(/another pack/);
  });

  it("may lie anywhere in memory", () => {
    const shifted = new Uint8Array(ingested.graph.length + 1);
    shifted.set(ingested.graph, 1);
    const plain = parsePackGraph(ingested.graph, index);
    const moved = parsePackGraph(Buffer.from(shifted.buffer, 1), index);
    for (let i = 0; i < index.count; i++) expect(moved.sizeAt(i)).toBe(plain.sizeAt(i));
  });
});

it("a graph's visitor may ask about other objects", () => {
  const graph = parsePackGraph(ingested.graph, index);
  const position = index.find(repository.text(["rev-parse", "main"]));
  const seen: number[] = [];
  graph.forEachReference(position, (reference) => {
    seen.push(reference);
    graph.sizeAt(reference);
    graph.forEachReference(reference, () => undefined);
  });
  const parents = repository.text(["log", "-1", "--format=%T %P", "main"]).split(" ");
  expect(seen.map((reference) => index.oidAt(reference))).toEqual(parents);
});

it("an index's trailer is its own checksum", () => {
  const { idx } = ingested;
  const sha = createHash("sha1").update(idx.subarray(0, -20)).digest();
  expect(sha.equals(idx.subarray(-20))).toBe(true);
});
