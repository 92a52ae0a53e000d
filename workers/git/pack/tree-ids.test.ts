// The ids of a tree that is like another: numbered as if the other weren't known, however the two are alike.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOB, TREE } from "../object/object-type.ts";
import { OidTable } from "./oid-table.ts";
import { TreeIds } from "./tree-ids.ts";

interface Entry {
  readonly mode: string;
  readonly name: string;
  /** Twenty characters, a byte each. */
  readonly oid: string;
}

const encode = (entries: readonly Entry[]) =>
  Buffer.from(entries.map(({ mode, name, oid }) => `${mode} ${name}\0${oid}`).join(""), "latin1");

/** Shows the entries of a tree, which begins at `start` of the memory, to whoever numbers them. */
function visitAll(trees: TreeIds, entries: readonly Entry[], start: number): void {
  let at = start;
  for (const { mode, name } of entries) {
    const oidAt = at + mode.length + name.length + 2;
    trees.visitEntry(Number.parseInt(mode, 8), oidAt, name === ".gitmodules");
    at = oidAt + 20;
  }
}

/** Numbers the ids of both trees, those of the second with the help of the first. */
function numberBoth(oids: OidTable, base: readonly Entry[], tree: readonly Entry[], isHelped: boolean) {
  const trees = new TreeIds(oids);
  const [baseBytes, treeBytes] = [encode(base), encode(tree)];
  const gapBytes = 7;
  const memory = new Uint8Array(Buffer.concat([treeBytes, Buffer.alloc(gapBytes), baseBytes]));
  const baseAt = treeBytes.length + gapBytes;
  trees.begin(memory, baseAt, memory.length, null);
  visitAll(trees, base, baseAt);
  const baseIds = trees.end().slice();
  const help = { start: baseAt, end: memory.length, ids: baseIds };
  trees.begin(memory, 0, treeBytes.length, isHelped ? help : null);
  visitAll(trees, tree, 0);
  const kinds = Array.from(oids.kinds.subarray(0, oids.count));
  return { baseIds: [...baseIds], ids: [...trees.end()], gitmodules: [...trees.gitmodules], kinds };
}

const expectSame = (base: readonly Entry[], tree: readonly Entry[]) => {
  const helped = numberBoth(new OidTable(), base, tree, true);
  expect(helped).toEqual(numberBoth(new OidTable(), base, tree, false));
  expect(helped.ids).toHaveLength(tree.filter(({ mode }) => mode !== "160000").length);
};

describe("a tree that is like another", () => {
  const entry = fc.record({
    mode: fc.constantFrom("100644", "40000", "160000", "120000"),
    name: fc.constantFrom("a", "b", ".gitmodules", "x100644 b", "40000 a", "dddd100644 e"),
    oid: fc.constantFrom(
      "A".repeat(20),
      `${"B".repeat(19)}\0`,
      "0123456789a100644 c\0",
      `40000 a\0${"C".repeat(12)}`,
    ),
  });
  const edit = fc.record({
    at: fc.nat(),
    removed: fc.nat({ max: 3 }),
    added: fc.array(entry, { maxLength: 3 }),
  });

  it("is numbered as if the other weren't there", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), fc.array(edit, { maxLength: 4 }), (base, edits) => {
        const tree = [...base];
        for (const { at, removed, added } of edits) tree.splice(at % (tree.length + 1), removed, ...added);
        expectSame(base, tree);
      }),
      { seed: 12, numRuns: 2000 },
    );
  });

  it("may be nothing like it", () => {
    fc.assert(fc.property(fc.array(entry), fc.array(entry), expectSame), { seed: 13, numRuns: 1000 });
  });

  it("may end in the same bytes, cut into other entries", () => {
    const name = `${"d".repeat(13)}100644 e`;
    const base = [
      { mode: "100644", name: "a", oid: "0123456789a100644 c\0" },
      { mode: "100644", name, oid: "E".repeat(20) },
    ];
    const tree = [
      { mode: "40000", name: "aa", oid: "F".repeat(20) },
      { mode: "100644", name: "c", oid: `100644 ${"d".repeat(13)}` },
      { mode: "100644", name: "e", oid: "E".repeat(20) },
    ];
    const tail = encode(tree.slice(1)).toString("latin1");
    expect(encode(base).toString("latin1").endsWith(tail)).toBe(true);
    expectSame(base, tree);
  });

  it("takes the kinds of ids from its own entries only where it has to", () => {
    const oids = new OidTable();
    const shared = { mode: "100644", name: "a", oid: "A".repeat(20) };
    const { ids, kinds } = numberBoth(
      oids,
      [shared],
      [shared, { ...shared, mode: "40000", name: "b" }],
      true,
    );
    expect(ids).toEqual([0, 0]);
    expect(kinds).toEqual([(1 << BLOB) | (1 << TREE)]);
  });
});
