// Which packs are combined: as `git repack --geometric=2` would, within the bounds.
import { expect, test } from "vitest";
import { planCollection, planGeometric } from "./plan-repack.ts";

const bounds = { sizeBytes: 1000, objectCount: 1000 };
const packsOf = (...counts: number[]) =>
  counts.map((objectCount) => ({ objectCount, sizeBytes: objectCount }));
const counts = (packs: { objectCount: number }[]) => packs.map(({ objectCount }) => objectCount);

test.each([
  ["nothing", [], []],
  ["one pack", [5], []],
  ["a progression", [1, 2, 4, 8], []],
  ["equal packs", [3, 3], [3, 3]],
  ["a pack below a progression of equals", [1, 3, 3], [1, 3, 3]],
  ["small ones beside a large one", [2, 100, 1, 1], [1, 1, 2]],
  ["what the sum itself outgrows", [3, 3, 10, 400], [3, 3, 10]],
  ["a break in the middle", [1, 2, 3, 100], [1, 2, 3]],
])("%s", (_what, given, rolled) => {
  expect(counts(planGeometric(packsOf(...given), bounds))).toEqual(rolled);
});

test("what is left is a progression, whatever there was", () => {
  let state = 7;
  const random = (below: number) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  for (let round = 0; round < 300; round++) {
    const packs = packsOf(...Array.from({ length: random(12) }, () => 1 + random(80)));
    const rolled = planGeometric(packs, bounds);
    const total = rolled.reduce((sum, pack) => sum + pack.objectCount, 0);
    const left = [...packs.filter((pack) => !rolled.includes(pack)), ...(total > 0 ? packsOf(total) : [])];
    const sorted = counts(left).sort((a, b) => a - b);
    for (let at = 1; at < sorted.length; at++) {
      expect(sorted[at], `${counts(packs)} became ${sorted}`).toBeGreaterThanOrEqual(2 * sorted[at - 1]!);
    }
  }
});

test("as much is combined as the bounds allow, and no more", () => {
  expect(counts(planGeometric(packsOf(500, 500), bounds))).toEqual([500, 500]);
  expect(counts(planGeometric(packsOf(500, 501), bounds))).toEqual([]);
  expect(counts(planGeometric(packsOf(300, 300, 401), bounds))).toEqual([300, 300]);
  expect(counts(planGeometric(packsOf(1, 1, 1001), bounds))).toEqual([1, 1]);
});

test("packs with something to drop are rewritten together within the bounds, a larger one alone", () => {
  expect(counts(planCollection(packsOf(600, 1, 400), bounds))).toEqual([1, 400]);
  expect(counts(planCollection(packsOf(5), bounds))).toEqual([5]);
  expect(counts(planCollection(packsOf(1001), bounds))).toEqual([1001]);
});
