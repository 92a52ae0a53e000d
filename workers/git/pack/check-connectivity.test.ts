// A pack is connected when all that its objects reference is in it or in the repository.
import { describe, expect, it } from "vitest";
import { hashObject } from "../object/hash-object.ts";
import { ingestBytes } from "../testing/ingest-bytes.ts";
import { blob, PackBuilder, text } from "../testing/pack-builder.ts";
import { checkConnectivity } from "./check-connectivity.ts";
import { parsePackGraph } from "./pack-graph.ts";
import { parsePackIndex } from "./pack-index.ts";

const IDENT = "A <a@example.com> 1 +0000";
const file = blob("content\n");
const gone = "0b".repeat(20);

function treeOf(...entries: [mode: string, name: string, oid: string][]) {
  const bytes = Buffer.concat(
    entries.flatMap(([mode, name, oid]) => [text(`${mode} ${name}\0`), Buffer.from(oid, "hex")]),
  );
  return { type: "tree", bytes, oid: hashObject("tree", bytes) } as const;
}

function commitOf(tree: string, ...parents: string[]) {
  const lines = [
    `tree ${tree}`,
    ...parents.map((oid) => `parent ${oid}`),
    `author ${IDENT}`,
    `committer ${IDENT}`,
  ];
  const bytes = text(`${lines.join("\n")}\n\nm\n`);
  return { type: "commit", bytes, oid: hashObject("commit", bytes) } as const;
}

async function check(pack: Uint8Array, there: string[] = []) {
  const ingested = await ingestBytes(pack);
  const index = parsePackIndex(ingested.idx, pack.length);
  const graph = parsePackGraph(ingested.graph, index);
  const asked: number[] = [];
  const existing = async (oids: readonly string[]) => {
    asked.push(oids.length);
    return new Set(oids.filter((oid) => there.includes(oid)));
  };
  return { result: await checkConnectivity({ index, graph, existing }), asked };
}

describe("connectivity", () => {
  const tree = treeOf(["100644", "a", file.oid], ["160000", "module", gone]);
  const commit = commitOf(tree.oid, gone);

  it("holds for what is complete, and doesn't ask", async () => {
    const whole = new PackBuilder().add(commitOf(tree.oid)).add(tree).add(file).finish();
    expect(await check(whole)).toEqual({ result: { connected: true }, asked: [] });
  });

  it("holds when the repository has the rest", async () => {
    const pack = new PackBuilder().add(commit).finish();
    const { result } = await check(pack, [tree.oid, gone]);
    expect(result).toEqual({ connected: true });
  });

  it("names what is missing, what it should be and what wants it", async () => {
    const pack = new PackBuilder().add(commit).add(tree).finish();
    const { result } = await check(pack, [gone]);
    expect(result).toEqual({
      connected: false,
      missing: [{ oid: file.oid, kind: "blob", referencedBy: tree.oid }],
    });
    const all = await check(new PackBuilder().add(commit).finish());
    expect(all.result).toMatchObject({
      missing: expect.arrayContaining([
        { oid: gone, kind: "commit", referencedBy: commit.oid },
        { oid: tree.oid, kind: "tree", referencedBy: commit.oid },
      ]),
    });
  });

  it("asks in batches and reports ten", async () => {
    const oids = Array.from({ length: 2500 }, (_, i) => hashObject("blob", text(`missing ${i}`)));
    const names = oids.map((oid, i): [string, string, string] => [
      "100644",
      `f${String(i).padStart(5, "0")}`,
      oid,
    ]);
    const pack = new PackBuilder().add(treeOf(...names)).finish();
    expect((await check(pack, oids)).asked).toEqual([1000, 1000, 500]);
    const { result } = await check(pack);
    expect(result.connected ? 0 : result.missing.length).toBe(10);
  });

  it("is refused from the start where types contradict each other", async () => {
    const wrong = commitOf(file.oid);
    await expect(check(new PackBuilder().add(wrong).add(file).finish())).rejects.toMatchObject({
      code: "bad_object",
      message: `object ${file.oid} is a blob, but is referenced as a tree`,
    });
    const both = treeOf(["100644", "a", gone], ["40000", "b", gone]);
    await expect(check(new PackBuilder().add(both).finish())).rejects.toMatchObject({
      message: expect.stringContaining("objects of different types"),
    });
    const tag = text(`object ${file.oid}\ntype commit\ntag t\ntagger ${IDENT}\n\nm\n`);
    await expect(
      check(new PackBuilder().add({ type: "tag", bytes: tag }).add(file).finish()),
    ).rejects.toMatchObject({
      message: expect.stringContaining("is a blob, but is referenced as a commit"),
    });
  });
});
