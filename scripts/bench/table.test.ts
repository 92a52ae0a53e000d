// Percentiles are of the nearest rank; tables line up.
import { describe, expect, it } from "vitest";
import { findPercentile, formatTable } from "./table.ts";

describe("findPercentile", () => {
  it.each([
    [0.5, 15],
    [0.99, 30],
    [0, 1],
    [1, 30],
  ])("of 1 to 30 at %d is %d", (share, expected) => {
    const samples = Array.from({ length: 30 }, (_, at) => 30 - at);
    expect(findPercentile(samples, share)).toBe(expected);
  });
});

describe("formatTable", () => {
  it("sets numbers to the right and text to the left", () => {
    expect(
      formatTable(
        ["part", "ms"],
        [
          ["queue", 12],
          ["checkout", 3.456],
        ],
      ),
    ).toBe("part      ms  \n--------  ----\nqueue       12\ncheckout  3.46".replace("ms  \n", "ms\n"));
  });
});
