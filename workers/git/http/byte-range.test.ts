// A part of a file, asked for as browsers and git's client do.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseByteRange } from "./byte-range.ts";

describe("a range of bytes", () => {
  it.each([
    ["bytes=0-", { start: 0, end: 10 }],
    ["bytes=4-", { start: 4, end: 10 }],
    ["bytes=4-6", { start: 4, end: 7 }],
    ["bytes=9-99", { start: 9, end: 10 }],
    ["bytes=-3", { start: 7, end: 10 }],
    ["bytes=-30", { start: 0, end: 10 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    [undefined, null],
    ["bytes=", null],
    ["bytes=-", null],
    ["bytes=6-4", null],
    ["bytes=1-2,4-5", null],
    ["lines=1-2", null],
  ])("%s", (header, expected) => {
    expect(parseByteRange(header, 10)).toEqual(expected);
  });

  it("lies within the file, whatever is asked for", () => {
    const number = fc.oneof(fc.constant(""), fc.nat(30).map(String), fc.stringMatching(/^[0-9x-]{0,18}$/));
    fc.assert(
      fc.property(number, number, fc.nat(20), (first, last, sizeBytes) => {
        const range = parseByteRange(`bytes=${first}-${last}`, sizeBytes);
        if (range === null || range === "unsatisfiable") return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThan(range.start);
        expect(range.end).toBeLessThanOrEqual(sizeBytes);
      }),
      { seed: 6, numRuns: 500 },
    );
  });
});
