// Equal is equal and nothing else is, wherever the difference lies.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areEqualSecrets } from "./constant-time.ts";

describe("areEqualSecrets", () => {
  it("says what === says", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (left, right) => {
        expect(areEqualSecrets(left, right)).toBe(left === right);
        expect(areEqualSecrets(left, left)).toBe(true);
        expect(areEqualSecrets(left, `${left}x`)).toBe(false);
      }),
      { seed: 4, numRuns: 500 },
    );
    expect(areEqualSecrets("", "a")).toBe(false);
  });
});
