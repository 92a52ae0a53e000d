// Whatever is wrong with a pack, the answer is a clear GitError.

import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { GitError, type GitErrorCode } from "../object/git-error.ts";
import { ingestBytes } from "../testing/ingest-bytes.ts";
import { appendingDelta, blob, encodeDelta, PackBuilder, text } from "../testing/pack-builder.ts";
import { createRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import type { IngestLimits } from "./ingest-types.ts";
import { parsePackIndex } from "./pack-index.ts";

async function refusal(pack: Uint8Array, limits: Partial<IngestLimits> = {}): Promise<GitError> {
  try {
    await ingestBytes(pack, { limits });
  } catch (error) {
    if (error instanceof GitError) return error;
    throw error;
  }
  throw new Error("the pack was accepted");
}

const base = blob("a base of some length, so that deltas are worth it\n".repeat(4));
const more = text("more\n");

describe("a pack that was cut short or changed on its way", () => {
  let pack: Uint8Array;
  let offsets: number[];
  beforeAll(async () => {
    const repository = createRepository();
    writeHistory(repository, 3, 12);
    const oids = repository.text(["rev-list", "--objects", "--filter=blob:limit=50k", "main"]).split("\n");
    pack = new Uint8Array(
      repository.packObjects(
        oids.map((line) => line.slice(0, 40)),
        ["--delta-base-offset", "--window=10"],
      ),
    );
    const { idx } = await ingestBytes(pack);
    const index = parsePackIndex(idx, pack.length);
    offsets = Array.from(index.positionsByOffset(), (position) => index.offsetAt(position));
  });

  it("is refused wherever it ends", async () => {
    const ends = new Set([0, 1, 4, 8, 11, 12, pack.length - 1, pack.length - 19, pack.length - 20]);
    for (const offset of offsets) for (const more of [0, 1, 2, 5, 30]) ends.add(offset + more);
    for (const end of ends) {
      const { code } = await refusal(pack.subarray(0, end));
      expect(["truncated_pack", "bad_checksum"]).toContain(code);
    }
  });

  it("is refused whichever bit is flipped", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: pack.length * 8 - 1 }), async (bit) => {
        const changed = pack.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(await refusal(changed)).toBeInstanceOf(GitError);
      }),
      { seed: 42, numRuns: 500 },
    );
  });

  it("is refused when anything follows it", async () => {
    for (const tail of [Buffer.of(0), Buffer.alloc(40_000, 1), Buffer.from(pack)]) {
      const error = await refusal(Buffer.concat([pack, tail]));
      expect(error.message).toMatch(/garbage after the end/);
    }
  });

  it("is refused when its checksum is wrong", async () => {
    const changed = pack.slice();
    changed[changed.length - 1]! ^= 1;
    expect((await refusal(changed)).code).toBe("bad_checksum");
  });
});

describe("a body that is no pack", () => {
  const cases: [string, Uint8Array, GitErrorCode][] = [
    ["nothing", new Uint8Array(0), "truncated_pack"],
    ["text", text("<html>not a pack, but long enough for a header</html>"), "bad_pack"],
    ["an unknown version", patch(new PackBuilder().finish(), 7, 9), "bad_pack"],
  ];
  it.each(cases)("is refused: %s", async (_, bytes, code) => {
    expect((await refusal(bytes)).code).toBe(code);
  });
});

function patch(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = value;
  return changed;
}

describe("a pack that lies", () => {
  const body = deflateSync(base.bytes);
  const cases: [string, () => Uint8Array, RegExp][] = [
    [
      "of more objects than it has",
      () => new PackBuilder().add(base).finish({ count: 2 }),
      /header is wrong|unknown type|ends within/,
    ],
    [
      "of fewer objects than it has",
      () => new PackBuilder().add(base).add(blob("b")).finish({ count: 1 }),
      /checksum/,
    ],
    [
      "of a larger size",
      () => new PackBuilder().add(base, { sizeBytes: base.bytes.length + 1 }).finish(),
      /size its header says/,
    ],
    [
      "of a smaller size",
      () => new PackBuilder().add(base, { sizeBytes: base.bytes.length - 1 }).finish(),
      /size its header says/,
    ],
    [
      "of a size of nothing",
      () => new PackBuilder().add(base, { sizeBytes: 0 }).finish(),
      /size its header says/,
    ],
    ["of an unknown type", () => new PackBuilder().add(base, { typeCode: 5 }).finish(), /unknown type 5/],
    ["of type 0", () => new PackBuilder().add(base, { typeCode: 0 }).finish(), /unknown type 0/],
    [
      "with a body that isn't compressed",
      () => new PackBuilder().add(base, { body: base.bytes }).finish(),
      /compressed data/,
    ],
    [
      "with a checksum inside that is wrong",
      () => new PackBuilder().add(base, { body: patch(body, body.length - 1, 0xee) }).finish(),
      /checksum/,
    ],
    ["holding an object twice", () => new PackBuilder().add(base).add(base).finish(), /twice/],
    [
      "holding an object twice, once as a delta",
      () =>
        new PackBuilder()
          .add(base)
          .add(blob(Buffer.concat([base.bytes, more])))
          .add({ baseEntry: 0, delta: appendingDelta(base.bytes, more) })
          .finish(),
      /twice/,
    ],
  ];
  it.each(cases)("is refused: %s", async (_, make, message) => {
    expect((await refusal(make())).message).toMatch(message);
  });
});

describe("a pack whose deltas are wrong", () => {
  const size = base.bytes.length;
  const delta = appendingDelta(base.bytes, more);
  const make = (bytes: Uint8Array) =>
    new PackBuilder().add(base).add({ baseEntry: 0, delta: bytes }).finish();
  const cases: [string, () => Uint8Array, RegExp][] = [
    [
      "a base before the pack",
      () => new PackBuilder().add(base).add({ baseEntry: 0, delta }, { distanceBytes: 99_999 }).finish(),
      /isn't an object/,
    ],
    [
      "a base within another object",
      () => new PackBuilder().add(base).add({ baseEntry: 0, delta }, { distanceBytes: 5 }).finish(),
      /isn't an object/,
    ],
    [
      "itself as its base",
      () => new PackBuilder().add(base).add({ baseEntry: 0, delta }, { distanceBytes: 0 }).finish(),
      /isn't an object/,
    ],
    [
      "a base nobody has",
      () => new PackBuilder().add({ baseOid: "ab".repeat(20), delta }).finish(),
      /base abab\w+ is neither/,
    ],
    [
      "a base of another size",
      () => make(encodeDelta(size + 1, 5, [{ copyAt: 0, length: 5 }])),
      /another size/,
    ],
    [
      "a copy past the base",
      () => make(encodeDelta(size, 5, [{ copyAt: size - 4, length: 5 }])),
      /past the end/,
    ],
    ["more than it says", () => make(encodeDelta(size, 4, [{ copyAt: 0, length: 5 }])), /makes more/],
    ["less than it says", () => make(encodeDelta(size, 6, [{ copyAt: 0, length: 5 }])), /makes less/],
    ["an insert past its end", () => make(Uint8Array.from([...delta, 100, 1, 2])), /cut short in an insert/],
    ["a copy past its end", () => make(Uint8Array.from([...delta, 0xff, 1])), /cut short in a copy/],
    ["the reserved instruction", () => make(Uint8Array.from([...delta, 0])), /reserved/],
    ["no content", () => make(new Uint8Array(0)), /cut short in its sizes/],
  ];
  it.each(cases)("is refused: %s", async (_, build, message) => {
    expect((await refusal(build())).message).toMatch(message);
    // The same when nothing can be resolved in the first pass.
    expect((await refusal(build(), { baseCacheBytes: 0 })).message).toMatch(message);
  });

  it("is refused when references form a cycle", async () => {
    const pack = new PackBuilder()
      .add({ baseOid: "11".repeat(20), delta })
      .add({ baseOid: "22".repeat(20), delta })
      .finish();
    expect((await refusal(pack)).code).toBe("missing_object");
  });
});

describe("a chain of deltas", () => {
  /** `depth` deltas on one base, each adding a byte; in order of the chain or backwards, by offset or by reference. */
  function chain(depth: number, kind: "offset" | "backwards"): Uint8Array {
    const builder = new PackBuilder();
    let bytes: Uint8Array = text("start");
    const specs: { baseOid: string; delta: Uint8Array }[] = [];
    if (kind === "offset") builder.add({ type: "blob", bytes });
    for (let i = 0; i < depth; i++) {
      const added = Uint8Array.of(97 + (i % 26));
      const delta = appendingDelta(bytes, added);
      if (kind === "offset") builder.add({ baseEntry: i, delta });
      else specs.push({ baseOid: blob(bytes).oid, delta });
      bytes = Buffer.concat([bytes, added]);
    }
    for (const spec of specs.reverse()) builder.add(spec);
    if (kind === "backwards") builder.add(blob("start"));
    return builder.finish();
  }

  it.each(["offset", "backwards"] as const)("may be 5,000 deep: %s", async (kind) => {
    const pack = chain(5000, kind);
    expect((await ingestBytes(pack)).objectCount).toBe(5001);
    const starved = await ingestBytes(chain(300, kind), { limits: { baseCacheBytes: 8192 } });
    expect(starved.objectCount).toBe(301);
  });

  it.each(["offset", "backwards"] as const)("may be as deep as the limit and no deeper: %s", async (kind) => {
    const limits = { deltaDepth: 20 };
    expect((await ingestBytes(chain(20, kind), { limits })).objectCount).toBe(21);
    const error = await refusal(chain(21, kind), limits);
    expect([error.code, error.message]).toEqual(["limit_exceeded", "a chain of deltas is longer than 20"]);
  });

  it("is as git finds it", async () => {
    const pack = chain(600, "backwards");
    const { idx } = await ingestBytes(pack);
    expect(Buffer.from(idx).equals(createRepository().indexPack(pack))).toBe(true);
  });
});

describe("any bytes", () => {
  it("are accepted or refused, never anything else", async () => {
    const header = [0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, 0, 0, 0];
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5 }), fc.uint8Array({ maxLength: 200 }), async (count, bytes) => {
        expect(await refusal(Uint8Array.from([...header, count, ...bytes]))).toBeInstanceOf(GitError);
      }),
      { seed: 7, numRuns: 1000 },
    );
  });
});
