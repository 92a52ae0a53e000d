// Every limit of receiving: a pack at the limit is taken, one past it is refused with the limit named.
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  BASE_CACHE_BYTES,
  BLOB_STREAM_BYTES,
  DELTA_DEPTH_LIMIT,
  DELTA_OBJECT_LIMIT_BYTES,
  OBJECT_LIMIT_BYTES,
  PACK_INFLATED_LIMIT_BYTES,
  PACK_LIMIT_BYTES,
  PACK_OBJECT_LIMIT,
  STRUCTURED_OBJECT_LIMIT_BYTES,
} from "../limits.ts";
import type { GitError } from "../object/git-error.ts";
import { hashObject } from "../object/hash-object.ts";
import { collectPack, ingestBytes } from "../testing/ingest-bytes.ts";
import { appendingDelta, blob, encodeDelta, PackBuilder, text } from "../testing/pack-builder.ts";
import { createRepository } from "../testing/real-git.ts";
import { createIngestState } from "./ingest-state.ts";
import type { IngestLimits } from "./ingest-types.ts";
import { parsePackIndex } from "./pack-index.ts";
import { createMemorySource } from "./range-source.ts";
import { readPackedObject, streamBlob } from "./read-object.ts";

async function expectLimit(pack: Uint8Array, limits: Partial<IngestLimits>, message: RegExp): Promise<void> {
  const error: GitError = await ingestBytes(pack, { limits }).then(
    () => Promise.reject(new Error("the pack was accepted")),
    (reason) => reason,
  );
  expect(error).toMatchObject({ code: "limit_exceeded", message: expect.stringMatching(message) });
}

const big = blob(Buffer.alloc(5000, "big content "));

describe("the limit of", () => {
  it("the pack's size", async () => {
    const pack = new PackBuilder().add(big).finish();
    await ingestBytes(pack, { limits: { packBytes: pack.length } });
    await expectLimit(pack, { packBytes: pack.length - 1 }, /larger than \d+ bytes/);
  });

  it("objects", async () => {
    const pack = new PackBuilder().add(big).add(blob("two")).finish();
    await ingestBytes(pack, { limits: { objects: 2 } });
    await expectLimit(pack, { objects: 1 }, /holds 2 objects; the limit is 1/);
  });

  it("an object's size", async () => {
    const pack = new PackBuilder().add(big).finish();
    await ingestBytes(pack, { limits: { objectBytes: 5000 } });
    await expectLimit(pack, { objectBytes: 4999 }, /a blob is 5000 bytes large; the limit is 4999/);
  });

  it("the size of a tree", async () => {
    const bytes = Buffer.concat([text("100644 name\0"), Buffer.alloc(20, 1)]);
    const pack = new PackBuilder().add({ type: "tree", bytes }).finish();
    await ingestBytes(pack, { limits: { structuredObjectBytes: bytes.length } });
    await expectLimit(pack, { structuredObjectBytes: bytes.length - 1 }, /a tree is 32 bytes large/);
  });

  it("an object made by a delta, with the way around it", async () => {
    const pack = new PackBuilder()
      .add(big)
      .add({ baseEntry: 0, delta: appendingDelta(big.bytes, text("!")) })
      .finish();
    await ingestBytes(pack, { limits: { deltaObjectBytes: 5001 } });
    await expectLimit(pack, { deltaObjectBytes: 5000 }, /5001 bytes .* core.bigFileThreshold/);
  });

  it("a delta's base", async () => {
    const delta = encodeDelta(big.bytes.length, 3, [{ copyAt: 0, length: 3 }]);
    const pack = new PackBuilder().add(big).add({ baseEntry: 0, delta }).finish();
    const limits = { baseCacheBytes: 8000 };
    await ingestBytes(pack, { limits: { ...limits, deltaObjectBytes: 5000 } });
    await expectLimit(pack, { ...limits, deltaObjectBytes: 4999 }, /5000 bytes is stored as a delta|5000/);
  });

  it("all objects together", async () => {
    const pack = new PackBuilder().add(big).add(blob("two")).finish();
    await ingestBytes(pack, { limits: { inflatedBytes: 5003 } });
    await expectLimit(pack, { inflatedBytes: 5002 }, /larger than 5002 bytes in all/);
  });
});

describe("the limits", () => {
  it("are those of limits.ts unless others are given", () => {
    const { limits } = createIngestState({});
    expect(limits).toEqual({
      packBytes: PACK_LIMIT_BYTES,
      objects: PACK_OBJECT_LIMIT,
      objectBytes: OBJECT_LIMIT_BYTES,
      structuredObjectBytes: STRUCTURED_OBJECT_LIMIT_BYTES,
      deltaObjectBytes: DELTA_OBJECT_LIMIT_BYTES,
      deltaDepth: DELTA_DEPTH_LIMIT,
      inflatedBytes: PACK_INFLATED_LIMIT_BYTES,
      baseCacheBytes: BASE_CACHE_BYTES,
      blobStreamBytes: BLOB_STREAM_BYTES,
    });
    expect(createIngestState({ limits: { objects: 7 } }).limits).toEqual({ ...limits, objects: 7 });
  });
});

describe("a bomb", () => {
  it("of zeros that says so is stopped by the limit of objects", async () => {
    const zeros = Buffer.alloc(64 * 1024 * 1024);
    const pack = new PackBuilder().add({ type: "blob", bytes: zeros }).finish();
    await expectLimit(pack, { objectBytes: zeros.length - 1 }, /large; the limit/);
  });

  it("of zeros that says it is small is stopped at that size", async () => {
    const body = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    const pack = new PackBuilder().add({ type: "blob", bytes: text("x") }, { body, sizeBytes: 100 }).finish();
    await expect(ingestBytes(pack)).rejects.toMatchObject({ code: "bad_pack" });
  });

  it("of deltas that multiply is stopped by the sum", async () => {
    // Each delta makes sixteen times its base: 16 MiB after four steps.
    const builder = new PackBuilder().add(blob(Buffer.alloc(256, 7)));
    let size = 256;
    for (let step = 0; step < 4; step++) {
      const copies = Array.from({ length: 16 }, () => ({ copyAt: 0, length: size }));
      builder.add({ baseEntry: step, delta: encodeDelta(size, size * 16, copies) });
      size *= 16;
    }
    const pack = builder.finish();
    const whole = await ingestBytes(pack, { limits: { deltaObjectBytes: size } });
    expect(whole.objectCount).toBe(5);
    await expectLimit(pack, { inflatedBytes: 4_000_000, deltaObjectBytes: size }, /in all/);
    await expectLimit(pack, { deltaObjectBytes: 1_000_000 }, /stored as a delta/);
  });
});

describe("large objects", () => {
  const random = Buffer.alloc(6_000_000);
  for (let i = 0, state = 1; i < random.length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    random[i] = state >>> 16;
  }
  const changed = Buffer.concat([
    random.subarray(0, 3_000_000),
    Buffer.from("inserted"),
    random.subarray(3_000_000),
  ]);
  const large = { type: "blob", bytes: random } as const;
  const delta = encodeDelta(random.length, changed.length, [
    { copyAt: 0, length: 3_000_000 },
    { insert: text("inserted") },
    { copyAt: 3_000_000, length: 3_000_000 },
  ]);

  it("are hashed as they go by, and are deltas' bases all the same", async () => {
    const again = appendingDelta(changed, text("."));
    const pack = new PackBuilder()
      .add(large)
      .add({ baseEntry: 0, delta })
      .add({ baseEntry: 1, delta: again })
      .add({ baseEntry: 1, delta: encodeDelta(changed.length, 10, [{ copyAt: 5, length: 10 }]) })
      .add({ baseEntry: 0, delta: encodeDelta(random.length, 20, [{ copyAt: 5, length: 20 }]) })
      .finish();
    const ingested = await ingestBytes(pack);
    expect(Buffer.from(ingested.idx).equals(createRepository().indexPack(pack))).toBe(true);
    const index = parsePackIndex(ingested.idx, pack.length);
    const source = createMemorySource(await collectPack(ingested));
    const position = index.find(hashObject("blob", changed));
    const object = await readPackedObject(source, index, position, async () => null);
    expect(changed.equals(object.bytes)).toBe(true);
    expect(await streamBlob(source, index, position, () => undefined)).toBe(false);
  });

  it("are read in a stream when they are stored whole", async () => {
    const pack = new PackBuilder().add(large).finish();
    const index = parsePackIndex((await ingestBytes(pack)).idx, pack.length);
    const pieces: Uint8Array[] = [];
    const streamed = await streamBlob(createMemorySource(pack), index, 0, (piece) => {
      pieces.push(piece.slice());
    });
    expect(streamed).toBe(true);
    expect(random.equals(Buffer.concat(pieces))).toBe(true);
    await expect(
      readPackedObject(createMemorySource(pack), index, 0, async () => null, random.length - 1),
    ).rejects.toMatchObject({ code: "limit_exceeded" });
  });

  it("may be trees", async () => {
    const entries = Array.from({ length: 130_000 }, (_, i) =>
      Buffer.concat([text(`100644 file-${String(i).padStart(8, "0")}\0`), Buffer.alloc(20, 1 + (i % 250))]),
    );
    const bytes = Buffer.concat(entries);
    const pack = new PackBuilder().add({ type: "tree", bytes }).finish();
    const ingested = await ingestBytes(pack);
    expect(parsePackIndex(ingested.idx, pack.length).oidAt(0)).toBe(hashObject("tree", bytes));
  });
});
