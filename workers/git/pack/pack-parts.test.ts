// The small parts of packs: deltas, entry headers, the caches and tables under ingestPack.
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GitError } from "../object/git-error.ts";
import { formatOid } from "../object/oid.ts";
import { type DeltaStep, encodeDelta, text } from "../testing/pack-builder.ts";
import { BaseCache } from "./base-cache.ts";
import { applyDelta } from "./delta.ts";
import { EntryHeader } from "./entry-header.ts";
import { OidTable } from "./oid-table.ts";
import { createMemorySource, type RangeSource } from "./range-source.ts";
import { COPY, INSERT, REPLACE, ReferenceLog } from "./reference-log.ts";
import { sortIds } from "./sort-oids.ts";
import { createWindowedSource } from "./windowed-source.ts";
import { encodeEntry, encodePackHeader, writeBaseDistance, writeEntryHeader } from "./write-entry.ts";

describe("a delta", () => {
  const step = fc.oneof(
    fc.record({ copyAt: fc.nat({ max: 80_000 }), length: fc.integer({ min: 1, max: 70_000 }) }),
    fc.record({ insert: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  );

  it("makes of its base what its steps say", () => {
    const base = Buffer.alloc(150_000, "0123456789abcdefghijklmnopq");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps: DeltaStep[]) => {
        const expected = Buffer.concat(
          steps.map((part) =>
            "insert" in part ? part.insert : base.subarray(part.copyAt, part.copyAt + part.length),
          ),
        );
        const delta = encodeDelta(base.length, expected.length, steps);
        expect(expected.equals(applyDelta(base, delta, 1e6))).toBe(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("of any bytes makes something of the size it says, or a GitError", () => {
    const base = text("a base of forty bytes, or about that many");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 100 }), (bytes, size) => {
        try {
          const delta = Uint8Array.from([base.length, size, ...bytes]);
          expect(applyDelta(base, delta, 1000)).toHaveLength(size);
        } catch (error) {
          expect(error).toBeInstanceOf(GitError);
        }
      }),
      { seed: 2, numRuns: 3000 },
    );
  });

  it("may not make more than the limit", () => {
    const base = text("0123456789");
    const delta = encodeDelta(10, 20, [
      { copyAt: 0, length: 10 },
      { copyAt: 0, length: 10 },
    ]);
    expect(applyDelta(base, delta, 20)).toHaveLength(20);
    expect(() => applyDelta(base, delta, 19)).toThrow(/limit is 19/);
    expect(() => applyDelta(text("012345678"), delta, 20)).toThrow(/another size/);
  });
});

describe("an entry's header", () => {
  const size = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 2 ** 40 }));

  it("is read back as it was written", () => {
    const bytes = new Uint8Array(40);
    const header = new EntryHeader();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        size,
        fc.integer({ min: 1, max: 2 ** 40 }),
        (type, length, distance) => {
          const end = writeEntryHeader(bytes, 3, type, length);
          header.parse(bytes, 3, end);
          expect([header.typeCode, header.sizeBytes, header.bodyAt]).toEqual([type, length, end]);
          const deltaEnd = writeBaseDistance(bytes, writeEntryHeader(bytes, 0, 6, length), distance);
          header.parse(bytes, 0, deltaEnd);
          expect([header.sizeBytes, header.baseDistanceBytes, header.bodyAt]).toEqual([
            length,
            distance,
            deltaEnd,
          ]);
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });

  it("of any bytes is a header or a GitError, and ends within them", () => {
    const header = new EntryHeader();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 32 }), (bytes) => {
        try {
          header.parse(bytes, 0, bytes.length);
          expect(header.bodyAt).toBeLessThanOrEqual(bytes.length);
          expect(Number.isSafeInteger(header.sizeBytes)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(GitError);
        }
      }),
      { seed: 4, numRuns: 3000 },
    );
  });

  it("comes before what it describes", () => {
    const entry = encodeEntry(3, text("content"));
    const header = new EntryHeader();
    header.parse(entry, 0, entry.length);
    expect(inflateSync(entry.subarray(header.bodyAt)).toString()).toBe("content");
    expect(Buffer.from(encodePackHeader(258)).toString("hex")).toBe("5041434b0000000200000102");
  });
});

describe("the cache of bases", () => {
  it("keeps the newest within its size, and what it holds is unchanged", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 500 }), fc.nat({ max: 20 })), { maxLength: 80 }),
        (steps) => {
          const cache = new BaseCache(4096);
          const placed: { place: number; content: Uint8Array }[] = [];
          for (const [size, action] of steps) {
            if (action === 0) cache.release();
            const old = placed[placed.length - action];
            if (old !== undefined && cache.holds(old.place)) {
              old.place = cache.refresh(old.place, old.content.length);
            }
            const content = Uint8Array.from({ length: size }, (_, i) => i * size + action);
            const place = cache.reserve(size);
            cache.bytes.set(content, cache.physical(place));
            placed.push({ place, content });
            expect(cache.bytes.length).toBeLessThanOrEqual(4096);
            expect(cache.holds(place)).toBe(true);
            for (const { place, content } of placed.filter((kept) => cache.holds(kept.place))) {
              const at = cache.physical(place);
              expect(cache.bytes.subarray(at, at + content.length)).toEqual(content);
            }
          }
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });
});

describe("the table of ids", () => {
  it("numbers each once, finds and sorts them", () => {
    const bytes = (i: number) =>
      Uint8Array.from({ length: 20 }, (_, at) => (at < 3 ? 7 : (i * 31 + at * i) >> (at % 8)));
    const oids = new OidTable();
    const numbers = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const id = bytes(i);
      const key = formatOid(id);
      expect(oids.find(id, 0)).toBe(numbers.get(key) ?? -1);
      const number = oids.intern(id, 0);
      expect(number).toBe(numbers.get(key) ?? numbers.size);
      numbers.set(key, number);
      expect(oids.oid(number)).toBe(key);
    }
    const sorted = sortIds(oids, Int32Array.from(numbers.values()));
    expect(Array.from(sorted, (id) => oids.oid(id))).toEqual([...numbers.keys()].sort());
  });
});

describe("the log of references", () => {
  const ids = fc.array(fc.nat({ max: 2 ** 30 }), { maxLength: 40 });

  it("gives back the bytes of its lists, in any order", () => {
    const list = fc.record({ time: fc.option(fc.integer({ min: 0, max: 2 ** 50 })), ids });
    fc.assert(
      fc.property(fc.array(list, { maxLength: 30 }), (lists) => {
        const log = new ReferenceLog();
        const places = lists.map(({ time, ids }) => {
          const at = log.begin(time);
          for (const id of ids) log.add(id);
          log.end();
          return at;
        });
        for (let i = lists.length - 1; i >= 0; i--) {
          const { time, ids } = lists[i]!;
          const head = time === null ? null : log.readHead(places[i]!);
          if (head !== null) expect(head.value).toBe(time);
          expect(undoDifferences(readNumbers(log, head?.next ?? places[i]!))).toEqual(ids);
        }
      }),
      { seed: 6, numRuns: 100 },
    );
  });

  it("writes a tree as what it changes of its anchor", () => {
    const edit = fc.record({
      at: fc.nat(),
      removed: fc.nat({ max: 3 }),
      added: fc.array(fc.nat({ max: 9999 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(ids, fc.array(fc.array(edit, { maxLength: 4 }), { maxLength: 12 }), (first, versions) => {
        const log = new ReferenceLog();
        const lists = [first];
        const places = [log.addTree(Int32Array.from(first), first.length, -1, () => 0)];
        const listOf = (entry: number) => places[entry]!;
        for (const edits of versions) {
          const next = [...lists.at(-1)!];
          for (const { at, removed, added } of edits) next.splice(at % (next.length + 1), removed, ...added);
          places.push(log.addTree(Int32Array.from(next), next.length, lists.length - 1, listOf));
          lists.push(next);
        }
        lists.forEach((list, i) => {
          const { value, next } = log.readHead(places[i]!);
          const anchor = value === 0 ? [] : lists[value - 1]!;
          if (value !== 0) expect(log.readHead(places[value - 1]!).value).toBe(0);
          const numbers = readNumbers(log, next);
          expect(value === 0 ? undoDifferences(numbers) : takeSteps(numbers, anchor)).toEqual(list);
          expect([...log.readTree(places[i]!, listOf)]).toEqual(list);
        });
      }),
      { seed: 8, numRuns: 300 },
    );
  });

  function readNumbers(log: ReferenceLog, from: number): number[] {
    const bytes = new Uint8Array(log.copy(from, null, 3));
    log.copy(from, bytes, 3);
    return decodeNumbers(bytes.subarray(3));
  }
});

function unzigzag(zigzag: number): number {
  return zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
}

function undoDifferences(numbers: readonly number[]): number[] {
  let previous = 0;
  return numbers.map((number) => {
    previous += unzigzag(number - 1);
    return previous;
  });
}

function takeSteps(steps: readonly number[], anchor: readonly number[]): number[] {
  const ids: number[] = [];
  let from = 0;
  for (const step of steps) {
    const operand = Math.floor(step / 4);
    const kind = step % 4;
    if (kind === COPY) ids.push(...anchor.slice(from, from + operand));
    if (kind === INSERT || kind === REPLACE) ids.push((ids.at(-1) ?? 0) + unzigzag(operand));
    from += kind === INSERT ? 0 : kind === REPLACE ? 1 : operand;
  }
  return ids;
}

function decodeNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  return numbers;
}

describe("a windowed source", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i * 13);

  function counting(inner: RangeSource): { source: RangeSource; reads: [number, number][] } {
    const reads: [number, number][] = [];
    const read = (offset: number, length: number) => {
      reads.push([offset, length]);
      return inner.read(offset, length);
    };
    return { source: { sizeBytes: inner.sizeBytes, read }, reads };
  }

  it("reads what the source has", async () => {
    const source = createWindowedSource(createMemorySource(bytes), { windowBytes: 64, cacheBytes: 200 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1000 }), fc.nat({ max: 300 }), async (offset, wanted) => {
        const length = Math.min(wanted, 1000 - offset);
        expect(await source.read(offset, length)).toEqual(bytes.subarray(offset, offset + length));
      }),
      { seed: 7, numRuns: 300 },
    );
    await expect(source.read(990, 11)).rejects.toMatchObject({ code: "truncated_pack" });
    await expect(source.read(-1, 1)).rejects.toThrow(GitError);
  });

  it("reads a window once for many, and forgets the one used longest ago", async () => {
    const { source, reads } = counting(createMemorySource(bytes));
    const windowed = createWindowedSource(source, { windowBytes: 100, cacheBytes: 200 });
    await Promise.all([windowed.read(5, 10), windowed.read(50, 10), windowed.read(95, 10)]);
    expect(reads).toEqual([
      [0, 100],
      [100, 100],
    ]);
    await windowed.read(0, 1);
    await windowed.read(950, 50);
    await windowed.read(1, 1);
    expect(reads).toHaveLength(3);
    await windowed.read(150, 1);
    expect(reads).toHaveLength(4);
  });

  it("tries again after a failure", async () => {
    let fail = true;
    const flaky: RangeSource = {
      sizeBytes: 1000,
      async read(offset, length) {
        if (fail) throw new Error("down");
        return bytes.subarray(offset, offset + length);
      },
    };
    const windowed = createWindowedSource(flaky, { windowBytes: 100, cacheBytes: 200 });
    await expect(windowed.read(0, 10)).rejects.toThrow("down");
    fail = false;
    expect(await windowed.read(0, 10)).toHaveLength(10);
  });
});
