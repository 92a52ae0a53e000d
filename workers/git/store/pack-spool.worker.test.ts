// A pack on its way: in memory while there is room, in R2 when there isn't, the same bytes either way, nothing left.
import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SPOOL_PART_BYTES } from "../limits.ts";
import { createStorageKey, packKeys } from "./keys.ts";
import { ReceivingSpool } from "./pack-spool.ts";
import { SpoolMemory } from "./spool-memory.ts";

// No other file's: they all see the same R2.
let repositoryId = 970_000_000;

function fill(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1013) bytes[at] = at / 1013;
  return bytes;
}

async function spool(bytes: Uint8Array, lentParts: number) {
  repositoryId++;
  const memory = new SpoolMemory(lentParts);
  const receiving = new ReceivingSpool(env.OBJECTS, repositoryId, memory);
  for (let at = 0; at < bytes.length; at += 1_000_000)
    await receiving.append(bytes.slice(at, at + 1_000_000));
  return { receiving, memory };
}

async function listKeys(): Promise<string[]> {
  const { objects } = await env.OBJECTS.list({ prefix: `repos/${repositoryId}/` });
  return objects.map(({ key }) => key);
}

/** Stores it as pack-store.ts does. @returns the keys of all that holds it */
async function store(receiving: ReceivingSpool, sizeBytes: number): Promise<string[]> {
  const kept = await receiving.keep();
  if (kept !== null) return packKeys(kept, sizeBytes);
  const storageKey = createStorageKey(repositoryId);
  await receiving.storeAs(storageKey);
  return packKeys(storageKey, sizeBytes);
}

async function readStored(keys: readonly string[]): Promise<Uint8Array> {
  const pieces: ArrayBuffer[] = [];
  for (const key of keys) pieces.push(await (await env.OBJECTS.get(key))!.arrayBuffer());
  return Buffer.concat(pieces.map((piece) => new Uint8Array(piece)));
}

const isEqual = (left: Uint8Array, right: Uint8Array) => Buffer.from(left).equals(right);

describe.each([
  ["a small pack", 100, 3, false],
  ["a pack of exactly one part", SPOOL_PART_BYTES, 0, false],
  ["a pack of one byte more, with room", SPOOL_PART_BYTES + 1, 1, false],
  ["a pack of one byte more, without room", SPOOL_PART_BYTES + 1, 0, true],
  ["a pack of several parts that spills late", 3 * SPOOL_PART_BYTES + 77, 1, true],
  ["an empty pack", 0, 3, false],
])("%s", (_what, sizeBytes, lentParts, isStaged) => {
  it("reads back by range, is stored as it came, and leaves nothing", async () => {
    const bytes = fill(sizeBytes);
    const { receiving, memory } = await spool(bytes, lentParts);
    const source = await receiving.source();
    expect(await receiving.source()).toBe(source);
    expect(source.sizeBytes).toBe(sizeBytes);
    for (const [offset, length] of [
      [0, 10],
      [SPOOL_PART_BYTES - 5, 10],
      [sizeBytes - 10, 10],
      [0, sizeBytes],
    ] as const) {
      if (offset < 0 || offset + length > sizeBytes) continue;
      expect(isEqual(await source.read(offset, length), bytes.subarray(offset, offset + length))).toBe(true);
    }
    await expect(source.read(sizeBytes, 1)).rejects.toThrow("were asked for");
    const stagedKeys = await listKeys();
    expect(stagedKeys.length).toBe(isStaged ? Math.ceil(sizeBytes / SPOOL_PART_BYTES) : 0);
    const keys = await store(receiving, sizeBytes);
    expect(isEqual(await readStored(keys), bytes)).toBe(true);
    await receiving.discard();
    await receiving.discard();
    expect(await listKeys()).toEqual(keys);
    if (isStaged) expect(stagedKeys).toEqual(keys);
    const lentAgain = Array.from({ length: lentParts + 1 }, () => memory.borrow());
    expect(lentAgain).toEqual([...Array(lentParts).fill(true), false]);
  });

  it("that is given up leaves nothing", async () => {
    const { receiving, memory } = await spool(fill(sizeBytes), lentParts);
    await receiving.discard();
    expect(await listKeys()).toEqual([]);
    expect(memory.borrow()).toBe(lentParts > 0);
  });
});
