// Thin packs: bases that the repository has are appended, as git index-pack --fix-thin does; others are asked for in vain.
import { beforeAll, describe, expect, it } from "vitest";
import { hashObject } from "../object/hash-object.ts";
import { parseObjectType } from "../object/object-type.ts";
import { collectPack, ingestBytes } from "../testing/ingest-bytes.ts";
import { appendingDelta, blob, PackBuilder, text } from "../testing/pack-builder.ts";
import { createRepository, type RealRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import { checkConnectivity } from "./check-connectivity.ts";
import type { ExternalObject } from "./ingest-types.ts";
import { parsePackGraph } from "./pack-graph.ts";
import { parsePackIndex } from "./pack-index.ts";
import { createMemorySource } from "./range-source.ts";
import { readPackedObject } from "./read-object.ts";

let repository: RealRepository;
let external: Map<string, ExternalObject>;
beforeAll(() => {
  repository = createRepository();
  writeHistory(repository, 5, 200);
  external = readObjects(repository, repository.text(["rev-list", "--objects", "main~60"]).split("\n"));
});

/** Objects by id, from lines that begin with their ids. */
function readObjects(from: RealRepository, lines: readonly string[]): Map<string, ExternalObject> {
  const oids = lines.map((line) => line.slice(0, 40));
  const batch = from.git(["cat-file", "--batch"], `${oids.join("\n")}\n`);
  const objects = new Map<string, ExternalObject>();
  let at = 0;
  for (const oid of oids) {
    const lineEnd = batch.indexOf(10, at);
    const [, type, size] = batch.toString("latin1", at, lineEnd).split(" ");
    const bytes = batch.subarray(lineEnd + 1, lineEnd + 1 + Number(size));
    objects.set(oid, { type: parseObjectType(type!)!, bytes });
    at = lineEnd + 1 + bytes.length + 1;
  }
  return objects;
}

describe("a thin pack of real git", () => {
  it.each([[["--no-delta-base-offset"]], [["--delta-base-offset"]]])(
    "is completed with its bases %j",
    async (options) => {
      const pack = repository.pack(["main", "^main~60"], ["--thin", ...options]);
      const announced: string[][] = [];
      const ingested = await ingestBytes(pack, {
        external,
        announceExternal: async (oids) => {
          announced.push([...oids]);
        },
      });
      expect(ingested.appendedBases.length).toBeGreaterThan(10);
      expect(announced).toHaveLength(1);
      expect(announced[0]).toEqual(expect.arrayContaining([...ingested.appendedBases]));
      const completed = await collectPack(ingested);
      expect(completed.length).toBe(ingested.sizeBytes);
      expect(Buffer.from(completed.subarray(-20)).toString("hex")).toBe(ingested.packSha);
      expect(Buffer.from(ingested.idx).equals(createRepository().indexPack(completed))).toBe(true);
      await expectReadable(completed, ingested.idx);
      expect(await collectPack(ingested)).toEqual(completed);
    },
  );

  it("appends the bases that git appends", async () => {
    const pack = repository.pack(["main", "^main~60"], ["--thin"]);
    const ingested = await ingestBytes(pack, { external });
    const fixed = repository.indexPack(pack, ["--fix-thin"]);
    const index = parsePackIndex(fixed, Number.MAX_SAFE_INTEGER);
    const ours = parsePackIndex(ingested.idx, ingested.sizeBytes);
    const names = (from: typeof index) => Array.from({ length: from.count }, (_, i) => from.oidAt(i));
    expect(names(ours)).toEqual(names(index));
  });

  it("has its graph know all of it, and is connected to what is there", async () => {
    const pack = repository.pack(["main", "^main~60"], ["--thin"]);
    const ingested = await ingestBytes(pack, { external });
    const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
    const graph = parsePackGraph(ingested.graph, index);
    expect(graph.externalCount).toBeGreaterThan(0);
    const existing = async (oids: readonly string[]) => new Set(oids.filter((oid) => external.has(oid)));
    expect(await checkConnectivity({ index, graph, existing })).toEqual({ connected: true });
  });

  it("is refused, naming the base, when the repository hasn't got it", async () => {
    const pack = repository.pack(["main", "^main~60"], ["--thin"]);
    await expect(ingestBytes(pack)).rejects.toMatchObject({
      code: "missing_object",
      message: expect.stringMatching(/base [0-9a-f]{40} is neither in the pack nor in the repository/),
    });
  });

  it("is refused when the repository's object is damaged", async () => {
    const base = blob("a base that both have\n");
    const damaged = new Map([[base.oid, { type: base.type, bytes: text("something else\n") }]]);
    const pack = new PackBuilder()
      .add({ baseOid: base.oid, delta: appendingDelta(base.bytes, text("more")) })
      .finish();
    await expect(ingestBytes(pack, { external: damaged })).rejects.toMatchObject({ code: "bad_object" });
  });
});

async function expectReadable(pack: Uint8Array, idx: Uint8Array): Promise<void> {
  const index = parsePackIndex(idx, pack.length);
  const source = createMemorySource(pack);
  for (let position = 0; position < index.count; position++) {
    const { type, bytes } = await readPackedObject(source, index, position, async () => null);
    expect(hashObject(type, bytes)).toBe(index.oidAt(position));
  }
}

describe("a thin pack made by hand", () => {
  const base = blob("the base, which the repository has\n".repeat(10));
  const middle = blob(Buffer.concat([base.bytes, text("middle\n")]));
  const top = blob(Buffer.concat([middle.bytes, text("top\n")]));

  it("may hold, later, an object that its own delta was resolved against the repository for", async () => {
    // `top` needs `middle`, which the repository has too; the pack's own `middle` comes after and serves instead.
    const external = new Map<string, ExternalObject>([
      [base.oid, base],
      [middle.oid, middle],
    ]);
    const pack = new PackBuilder()
      .add({ baseOid: middle.oid, delta: appendingDelta(middle.bytes, text("top\n")) })
      .add({ baseOid: base.oid, delta: appendingDelta(base.bytes, text("middle\n")) })
      .finish();
    const ingested = await ingestBytes(pack, { external });
    expect(ingested.appendedBases).toEqual([base.oid]);
    const completed = await collectPack(ingested);
    await expectReadable(completed, ingested.idx);
    const index = parsePackIndex(ingested.idx, completed.length);
    const graph = parsePackGraph(ingested.graph, index);
    expect(index.oidAt(graph.baseAt(index.find(top.oid)))).toBe(middle.oid);
  });

  it("is refused when that would close a cycle", async () => {
    // Each of the two is a delta of the other, and the repository happens to have one of them.
    const added = text("added\n");
    const longer = blob(Buffer.concat([base.bytes, added]));
    const cut = Uint8Array.from([
      ...sizes(longer.bytes.length, base.bytes.length),
      ...copyAll(base.bytes.length),
    ]);
    const pack = new PackBuilder()
      .add({ baseOid: base.oid, delta: appendingDelta(base.bytes, added) })
      .add({ baseOid: longer.oid, delta: cut })
      .finish();
    await expect(ingestBytes(pack, { external: new Map([[base.oid, base]]) })).rejects.toMatchObject({
      code: "bad_pack",
      message: expect.stringContaining("cycle"),
    });
    await expect(ingestBytes(pack)).rejects.toMatchObject({ code: "missing_object" });
  });
});

function sizes(base: number, result: number): number[] {
  return [(base & 0x7f) | 0x80, base >> 7, (result & 0x7f) | 0x80, result >> 7];
}

function copyAll(length: number): number[] {
  return [0x80 | 0x30, length & 0xff, length >> 8];
}
