// Refs wanted by name: found under any number of names with work that grows no faster than that number.
import { describe, expect, it } from "vitest";
import { findWantedRefs } from "./wanted-refs.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);

describe("wanted refs", () => {
  it("are found by their names, and HEAD by its branch's", () => {
    const refs = [
      { name: "refs/heads/main", oid: A },
      { name: "refs/tags/v1", oid: B },
    ];
    expect(findWantedRefs(["refs/tags/v1", "HEAD", "HEAD"], refs, "refs/heads/main")).toEqual([
      { name: "refs/tags/v1", oid: B },
      { name: "HEAD", oid: A },
      { name: "HEAD", oid: A },
    ]);
  });

  it("that aren't there are named", () => {
    expect(() => findWantedRefs(["refs/heads/none"], [], "refs/heads/main")).toThrow(
      "unknown ref refs/heads/none",
    );
  });

  it.each([1000, 10_000, 100_000])("are looked at once each, where %i are wanted", (count) => {
    let looks = 0;
    const names = Array.from({ length: count }, (_, at) => `refs/heads/b${at}`);
    const refs = names.map((name) => ({
      oid: A,
      get name() {
        looks++;
        return name;
      },
    }));
    expect(findWantedRefs(names, refs, "refs/heads/main")).toHaveLength(count);
    expect(looks).toBeLessThanOrEqual(2 * count);
  });
});
