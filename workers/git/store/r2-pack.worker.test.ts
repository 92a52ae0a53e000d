// A stretch of a pack in R2 comes as it is stored, however many requests it takes, or not at all.
import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { SPOOL_PART_BYTES } from "../limits.ts";
import { packKeys } from "./keys.ts";
import { createR2Pack, openBodies } from "./r2-pack.ts";

const MEBIBYTE = 1024 * 1024;
const KEY = "repos/900000001/packs/stretches.pack";

function fill(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1013) bytes[at] = at / 1013;
  return bytes;
}

/** A bucket that notes what is asked of it, and changes what it gives. */
function watch(give: (object: R2ObjectBody, range: { offset: number; length: number }) => R2ObjectBody) {
  const asked: number[] = [];
  const bucket = new Proxy(env.OBJECTS, {
    get(target, name) {
      if (name !== "get") return Reflect.get(target, name);
      return async (key: string, options: { range: { offset: number; length: number } }) => {
        asked.push(options.range.length);
        const object = await target.get(key, options);
        return object && give(object, options.range);
      };
    },
  });
  return { bucket, asked };
}

async function readAll(
  bucket: R2Bucket,
  sizeBytes: number,
  offset: number,
  length: number,
  keys: readonly string[] = [KEY],
) {
  const stream = createR2Pack(bucket, keys, sizeBytes).stream(offset, length);
  const pieces: Uint8Array[] = [];
  for (let piece = await stream.read(); piece !== null; piece = await stream.read()) {
    pieces.push(piece.slice());
  }
  return Buffer.concat(pieces);
}

it("reads a long stretch in bounded ranges, each once", async () => {
  const bytes = fill(35 * MEBIBYTE);
  await env.OBJECTS.put(KEY, bytes);
  const { bucket, asked } = watch((object) => object);
  const [offset, length] = [1001, 34 * MEBIBYTE];
  const read = await readAll(bucket, bytes.length, offset, length);
  expect(read.equals(bytes.subarray(offset, offset + length))).toBe(true);
  expect(asked).toEqual([16 * MEBIBYTE, 16 * MEBIBYTE, 2 * MEBIBYTE]);
});

it("throws when a range ends before its length, and gives nothing of the next", async () => {
  const bytes = fill(33 * MEBIBYTE);
  await env.OBJECTS.put(KEY, bytes);
  const short = new Blob([bytes.subarray(0, 15 * MEBIBYTE)]);
  const { bucket } = watch((object, { offset }) =>
    offset > 0
      ? object
      : new Proxy(object, {
          get: (target, name) => (name === "body" ? short.stream() : Reflect.get(target, name)),
        }),
  );
  await expect(readAll(bucket, bytes.length, 0, bytes.length)).rejects.toThrow("can't be read");
});

it("gives up what is on its way when it is cancelled", async () => {
  const bytes = fill(33 * MEBIBYTE);
  await env.OBJECTS.put(KEY, bytes);
  const { bucket, asked } = watch((object) => object);
  const stream = createR2Pack(bucket, [KEY], bytes.length).stream(0, bytes.length);
  for (let read = 0; read < 15; read++) await stream.read();
  await stream.cancel();
  expect(asked).toEqual([16 * MEBIBYTE, 16 * MEBIBYTE]);
});

describe("a pack in pieces", () => {
  const sizeBytes = 2 * SPOOL_PART_BYTES + 1001;
  const bytes = fill(sizeBytes);
  const keys = packKeys("repos/900000001/pieces/stretches", sizeBytes);

  beforeAll(async () => {
    for (const [piece, key] of keys.entries()) {
      const start = piece * SPOOL_PART_BYTES;
      await env.OBJECTS.put(key, bytes.subarray(start, start + SPOOL_PART_BYTES));
    }
  });

  it.each([
    [0, sizeBytes],
    [0, SPOOL_PART_BYTES],
    [SPOOL_PART_BYTES, SPOOL_PART_BYTES],
    [SPOOL_PART_BYTES - 1, 2],
    [SPOOL_PART_BYTES - 1, SPOOL_PART_BYTES + 2],
    [2 * SPOOL_PART_BYTES, 1001],
    [sizeBytes - 1, 1],
    [sizeBytes, 0],
  ])("is read from %i on, %i bytes, by range, in a stretch and by bodies", async (offset, length) => {
    const expected = bytes.subarray(offset, offset + length);
    const source = createR2Pack(env.OBJECTS, keys, sizeBytes);
    expect(Buffer.from(await source.read(offset, length)).equals(expected)).toBe(true);
    expect((await readAll(env.OBJECTS, sizeBytes, offset, length, keys)).equals(expected)).toBe(true);
    const parts: ArrayBuffer[] = [];
    for await (const body of openBodies(env.OBJECTS, keys, offset, length)) {
      parts.push(await new Response(body).arrayBuffer());
    }
    expect(Buffer.concat(parts.map((part) => new Uint8Array(part))).equals(expected)).toBe(true);
  });

  it("isn't read beyond its end, nor where a piece is gone", async () => {
    const source = createR2Pack(env.OBJECTS, keys, sizeBytes);
    await expect(source.read(sizeBytes - 1, 2)).rejects.toThrow("were asked for");
    await env.OBJECTS.delete(keys[1]!);
    await expect(readAll(env.OBJECTS, sizeBytes, 0, sizeBytes, keys)).rejects.toThrow("can't be read");
    await expect(source.read(SPOOL_PART_BYTES - 1, 2)).rejects.toThrow("can't be read");
  });
});
