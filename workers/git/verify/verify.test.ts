// What is read of packs that real git made is what git says of them, and a graph that says otherwise is found out.
import { beforeAll, describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import { hashObject } from "../object/hash-object.ts";
import { parseOid } from "../object/oid.ts";
import type { ExternalObject } from "../pack/ingest-types.ts";
import { type PackGraph, parsePackGraph } from "../pack/pack-graph.ts";
import { type PackIndex, parsePackIndex } from "../pack/pack-index.ts";
import { createMemorySource } from "../pack/range-source.ts";
import { collectPack, ingestBytes } from "../testing/ingest-bytes.ts";
import { appendingDelta, blob, PackBuilder, text } from "../testing/pack-builder.ts";
import { createRepository, type RealRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import { compareGraph } from "./compare-graph.ts";
import { findNeeds } from "./find-needs.ts";
import { IdSet } from "./id-set.ts";
import { listReferences } from "./list-references.ts";

let repository: RealRepository;
const external = new Map<string, ExternalObject>();
beforeAll(() => {
  repository = createRepository();
  writeHistory(repository, 7, 120);
  const oids = [...repository.listObjects()].filter(([, { type }]) => type === "blob" || type === "tree");
  const all = repository.git(["cat-file", "--batch"], oids.map(([oid]) => `${oid}\n`).join(""));
  let at = 0;
  for (const [oid, { type, sizeBytes }] of oids) {
    at = all.indexOf(0x0a, at) + 1;
    external.set(oid, { type: type === "tree" ? "tree" : "blob", bytes: all.subarray(at, at + sizeBytes) });
    at += sizeBytes + 1;
  }
});

async function open(pack: Uint8Array) {
  const ingested = await ingestBytes(pack, { external });
  const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
  return { ingested, index, source: createMemorySource(await collectPack(ingested)) };
}

/** Positions of the trees in an index. */
function listTrees(index: PackIndex): number[] {
  return Array.from({ length: index.count }, (_, at) => at).filter(
    (at) => external.get(index.oidAt(at))?.type === "tree",
  );
}

/** All that a graph says, however its lists are written. */
function describeGraph(graph: PackGraph): string {
  return Array.from({ length: graph.count }, (_, at) => {
    const references: number[] = [];
    graph.forEachReference(at, (one) => references.push(one));
    const said = [graph.typeCodeAt(at), graph.sizeAt(at), graph.baseAt(at), graph.commitTimeAt(at)];
    return `${said.join(" ")}: ${references.join(" ")}`;
  }).join("\n");
}

const toHex = (ids: Uint8Array): string[] => Buffer.from(ids).toString("hex").match(/.{40}/g)?.sort() ?? [];

describe.each([
  ["offset deltas", ["--window=20", "--depth=50"]],
  ["reference deltas", ["--no-delta-base-offset", "--window=20"]],
  ["no deltas", ["--window=0"]],
])("a pack with %s", (_, options) => {
  it("has the graph that its objects make", async () => {
    const { ingested, index, source } = await open(repository.pack(["main", "v1-again"], options));
    expect(await compareGraph(source, index, parsePackGraph(ingested.graph, index))).toEqual([]);
    expect(await findNeeds(source, index)).toHaveLength(0);
  });

  it("needs of others what git lists at its edge", async () => {
    const pack = repository.pack(["main", "^main~20"], ["--thin", ...options]);
    const { ingested, index, source } = await open(pack);
    expect(await compareGraph(source, index, parsePackGraph(ingested.graph, index))).toEqual([]);
    const named = new Set<string>();
    const lines = repository.text(["rev-list", "--objects", "--no-object-names", "main~20"]).split("\n");
    const older = new Set(lines);
    for (const tree of listTrees(index)) {
      for (const line of repository.text(["ls-tree", index.oidAt(tree)]).split("\n")) {
        const oid = /(?:blob|tree) (\w{40})/.exec(line)?.[1];
        if (oid !== undefined && index.find(oid) < 0) named.add(oid);
      }
    }
    for (const oid of repository.text(["rev-list", "--parents", "main", "^main~20"]).split(/\s+/)) {
      if (index.find(oid) < 0) named.add(oid);
    }
    for (const oid of named) expect(older.has(oid)).toBe(true);
    expect(named.size).toBeGreaterThan(0);
    expect(toHex(await findNeeds(source, index))).toEqual([...named].sort());
  });
});

/** What `read` makes, or null where it finds damage. */
function orNull<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof GitError) return null;
    throw error;
  }
}

it("a graph that says anything else than the objects is found out, whichever byte it is", async () => {
  const { ingested, index, source } = await open(repository.pack(["main~100"]));
  const right = describeGraph(parsePackGraph(ingested.graph, index));
  let wrong = 0;
  for (let at = ingested.graph.length - 200; at < ingested.graph.length; at++) {
    const changed = ingested.graph.slice();
    changed[at]! ^= 1;
    const graph = orNull(() => parsePackGraph(changed, index));
    const said = graph === null ? null : orNull(() => describeGraph(graph));
    // Some lists can be written in two ways.
    if (said === right) continue;
    wrong++;
    if (graph === null) continue;
    expect(await compareGraph(source, index, graph), `byte ${at}`).not.toEqual([]);
  }
  expect(wrong).toBeGreaterThan(100);
});

it("a byte that changes in a tree is found out by its hash", async () => {
  const pack = repository.pack(["main"], ["--window=0"]);
  const { index, ingested } = await open(pack);
  const trees = listTrees(index);
  const [tree, other] = [trees[0], trees.at(-1)];
  // The index gives each the other's place.
  const lies = {
    ...index,
    offsetAt: (at: number) => index.offsetAt(at === tree ? other! : at === other ? tree! : at),
    endOffsetAt: (at: number) => index.endOffsetAt(at === tree ? other! : at === other ? tree! : at),
  };
  expect(ingested.objectCount).toBe(index.count);
  await expect(findNeeds(createMemorySource(pack), lies)).rejects.toThrow("isn't what its id says");
});

it("a chain of deltas whose bases all come later is read, a delta at a time", async () => {
  const one = blob("one\n");
  const entry = (at: number) =>
    Buffer.concat([text(`100644 f${String(at).padStart(4, "0")}\0`), parseOid(one.oid)]);
  const trees = Array.from({ length: 200 }, (_, at) =>
    Buffer.concat(Array.from({ length: at + 1 }, (_, name) => entry(name))),
  );
  const oids = trees.map((tree) => hashObject("tree", tree));
  const builder = new PackBuilder();
  for (let at = trees.length - 1; at > 0; at--) {
    builder.add({ baseOid: oids[at - 1]!, delta: appendingDelta(trees[at - 1]!, entry(at)) });
  }
  const pack = builder.add({ type: "tree", bytes: trees[0]! }).add(one).finish();
  const { ingested, index, source } = await open(pack);
  expect(await compareGraph(source, index, parsePackGraph(ingested.graph, index))).toEqual([]);
  expect(await findNeeds(source, index)).toHaveLength(0);
});

it.each([
  ["tree", "100644 a"],
  ["tree", "100644 a\0short"],
  ["tree", "1x0644 a\0aaaaaaaaaaaaaaaaaaaa"],
  ["commit", "author nobody"],
  ["tag", "object 123"],
])("a %s that can't be parsed is an error", (type, content) => {
  const codes = { commit: 1, tree: 2, blob: 3, tag: 4 };
  const typeCode = type === "tree" ? codes.tree : type === "commit" ? codes.commit : codes.tag;
  expect(() => listReferences(typeCode, Buffer.from(content), () => undefined)).toThrow("can't be read");
});

it("a set of ids holds each once, however it grows", () => {
  const set = new IdSet();
  const ids = Array.from({ length: 5000 }, (_, at) => parseOid((at * 7).toString(16).padStart(40, "0")));
  for (const id of ids) expect(set.add(id, 0)).toBe(true);
  for (const id of ids) expect(set.add(id, 0)).toBe(false);
  expect(set.size).toBe(5000);
  expect(Buffer.concat(ids).equals(set.toBytes())).toBe(true);
});
