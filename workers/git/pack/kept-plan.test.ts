// A plan that was kept sends and takes for granted what the one it was made of did.
import { describe, expect, it } from "vitest";
import { createRandom } from "../testing/seeded-history.ts";
import { hasBit, packMarks } from "./bit-set.ts";
import { keepPlan, restorePlan } from "./kept-plan.ts";
import { HELD, SENT } from "./plan-fetch-commits.ts";

const random = createRandom(4);
const EDGE = { shallow: [3, 1], unshallow: [2] };

describe("a kept plan", () => {
  it.each([0, 1, 7, 8, 9, 64, 1000, 4099])("of %i objects is restored as it was", (objectCount) => {
    for (const kinds of [[0], [SENT], [0, SENT], [0, SENT, HELD, SENT | HELD, 4, 4 | HELD]]) {
      const marks = Uint8Array.from(
        { length: objectCount },
        () => kinds[Math.floor(random() * kinds.length)]!,
      );
      const sentCount = marks.filter((mark) => (mark & SENT) !== 0).length;
      const kept = keepPlan({ marks, sentCount, shallow: EDGE });
      expect(kept.costBytes).toBeLessThan(objectCount / 4 + 1024);
      const restored = restorePlan(kept);
      expect(restored).toEqual({
        marks: marks.map((mark) => mark & (SENT | HELD)),
        sentCount,
        shallow: EDGE,
      });
      const bits = packMarks(marks, SENT);
      expect(Array.from(marks, (_, number) => hasBit(bits, number))).toEqual(
        Array.from(marks, (mark) => (mark & SENT) !== 0),
      );
    }
  });
});
