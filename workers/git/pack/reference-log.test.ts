// Lists of trees read back as they were written, of every length around where a buffer grows.
import fc from "fast-check";
import { expect, it } from "vitest";
import { ReferenceLog } from "./reference-log.ts";

it.each([0, 1, 63, 64, 65, 127, 128, 129, 1000, 5000])(
  "reads the whole list of a tree with %i entries, before anything else was read",
  (count) => {
    const ids = Int32Array.from({ length: count }, (_, at) => 3 * at);
    const log = new ReferenceLog();
    const at = log.addTree(ids, count, -1, () => 0);
    expect([...log.readTree(at, () => 0)]).toEqual([...ids]);
  },
);

it.each([65, 129, 1000])(
  "reads a tree as changes of one with %i entries, before anything else was read",
  (count) => {
    const writer = new ReferenceLog();
    const whole = Int32Array.from({ length: count }, (_, at) => 2 * at);
    const changed = whole.with(count >> 1, 2 * count + 1);
    const wholeAt = writer.addTree(whole, count, -1, () => 0);
    const changedAt = writer.addTree(changed, count, 0, () => wholeAt);
    const reader = new ReferenceLog();
    reader.restore(writer.sizeBytes);
    const written = writer.columns();
    for (const [at, { buffer, byteOffset, byteLength }] of reader.columns().entries()) {
      const { buffer: from, byteOffset: start } = written[at] ?? new Uint8Array();
      new Uint8Array(buffer, byteOffset, byteLength).set(new Uint8Array(from, start, byteLength));
    }
    expect([...reader.readTree(changedAt, () => wholeAt)]).toEqual([...changed]);
    expect([...reader.readTree(wholeAt, () => wholeAt)]).toEqual([...whole]);
  },
);

it("reads any sequence of growing and shrinking trees as it was written", () => {
  const edit = fc.record({
    at: fc.nat(5000),
    remove: fc.nat(300),
    insert: fc.array(fc.nat(100_000), { maxLength: 200 }),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 30 }), (edits) => {
      const log = new ReferenceLog();
      const lists: { at: number; ids: number[] }[] = [];
      const listOf = (entry: number): number => lists[entry]?.at ?? 0;
      let ids: number[] = [];
      for (const { at, remove, insert } of edits) {
        ids = ids.toSpliced(Math.min(at, ids.length), remove, ...insert);
        const before = lists.length - 1;
        // As when deltas are resolved: the base is read, then the new tree is written as what it changes of it.
        if (before >= 0) expect([...log.readTree(listOf(before), listOf)]).toEqual(lists[before]?.ids);
        lists.push({ at: log.addTree(Int32Array.from(ids), ids.length, before, listOf), ids });
      }
      for (const list of lists.toReversed()) expect([...log.readTree(list.at, listOf)]).toEqual(list.ids);
    }),
    { seed: 8, numRuns: 200 },
  );
});
