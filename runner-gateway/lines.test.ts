// However a stream is cut into chunks, its lines are the same, and one that is too long is noticed in time.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "./lines.ts";

function split(bytes: Buffer, sizes: number[], lineBytesMax: number): string[] | null {
  const splitter = new LineSplitter(lineBytesMax);
  const lines: string[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const found = splitter.push(bytes.subarray(at, at + size));
    if (found === null) return null;
    lines.push(...found.map((line) => line.toString("latin1")));
    at += size;
  }
  return lines;
}

describe("LineSplitter", () => {
  it("finds the same lines however they are cut", () => {
    const text = fc
      .array(fc.string({ unit: fc.constantFrom("a", "\n", "\r", "é"), maxLength: 9 }))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (whole, sizes) => {
        const bytes = Buffer.from(whole);
        const expected = bytes.toString("latin1").split("\n").slice(0, -1);
        expect(split(bytes, sizes, 1_000_000)).toEqual(expected);
      }),
      { seed: 20261121 },
    );
  });

  it("takes a line of the longest length and refuses one byte more", () => {
    expect(split(Buffer.from(`${"x".repeat(64)}\n`), [5], 64)).toEqual(["x".repeat(64)]);
    expect(split(Buffer.from(`${"x".repeat(65)}\n`), [5], 64)).toBeNull();
    expect(split(Buffer.from("x".repeat(65)), [65], 64)).toBeNull();
  });
});
