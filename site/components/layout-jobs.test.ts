// The drawing of jobs: what is needed stands to the left, no two boxes overlap, no line crosses a box.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BOX_HEIGHT_PX, BOX_WIDTH_PX, type JobShape, type JobsLayout, layoutJobs } from "./layout-jobs.ts";

const place = (layout: JobsLayout, key: string) => layout.jobs.find((job) => job.key === key)!;

const jobsOf = (needs: Record<string, string[]>): JobShape[] =>
  Object.entries(needs).map(([key, of]) => ({ key, needs: of }));

/** Any graph without circles: a job needs some of those before it. */
const graphs = fc
  .array(fc.array(fc.nat({ max: 20 }), { maxLength: 4 }), { maxLength: 20 })
  .map((rows) =>
    rows.map((needs, i) => ({ key: `j${i}`, needs: needs.filter((n) => n < i).map((n) => `j${n}`) })),
  );

function segments(layout: JobsLayout) {
  return layout.edges.flatMap(({ points }) => points.slice(1).map((end, i) => ({ start: points[i]!, end })));
}

describe("layout", () => {
  test("a single job is one box without lines", () => {
    const layout = layoutJobs(jobsOf({ test: [] }));
    expect(layout.edges).toEqual([]);
    expect(layout).toMatchObject({ width: BOX_WIDTH_PX + 4, height: BOX_HEIGHT_PX + 4 });
  });

  test("no job at all is an empty drawing", () => {
    expect(layoutJobs([])).toMatchObject({ jobs: [], edges: [], width: 4, height: 4 });
  });

  test("a diamond has three layers, its middle jobs in one", () => {
    const layout = layoutJobs(jobsOf({ a: [], b: ["a"], c: ["a"], d: ["b", "c"] }));
    expect(place(layout, "b").x).toBe(place(layout, "c").x);
    expect(place(layout, "a").x).toBeLessThan(place(layout, "b").x);
    expect(place(layout, "c").x).toBeLessThan(place(layout, "d").x);
    expect(place(layout, "a").y).toBe(place(layout, "d").y);
    expect(layout.edges.length).toBe(4);
  });

  test("two straight chains don't cross, whatever their order in the file", () => {
    const layout = layoutJobs(jobsOf({ a: [], b: [], b2: ["b"], a2: ["a"] }));
    expect(place(layout, "a").y).toBe(place(layout, "a2").y);
    expect(place(layout, "b").y).toBe(place(layout, "b2").y);
  });

  test("circles and unknown needs are drawn without those lines, and end", () => {
    const layout = layoutJobs(jobsOf({ a: ["b"], b: ["a"], c: ["c", "nothing"] }));
    expect(layout.jobs.length).toBe(3);
    expect(layout.edges.length).toBeLessThanOrEqual(1);
  });

  test("a hundred jobs, each needing all before it, are laid out at once", () => {
    const jobs = Array.from({ length: 100 }, (_, i) => ({
      key: `j${i}`,
      needs: Array.from({ length: Math.min(i, 5) }, (_, n) => `j${i - 1 - n}`),
    }));
    expect(layoutJobs(jobs).jobs.length).toBe(100);
  });
});

describe("any graph", () => {
  test("has what is needed to the left, its boxes apart, and all within the drawing", () => {
    fc.assert(
      fc.property(graphs, (jobs) => {
        const layout = layoutJobs(jobs);
        for (const job of jobs) {
          for (const need of job.needs) expect(place(layout, need).x).toBeLessThan(place(layout, job.key).x);
        }
        expect(new Set(layout.jobs.map(({ x, y }) => `${x} ${y}`)).size).toBe(jobs.length);
        for (const { x, y } of layout.jobs) {
          expect(x >= 0 && x + BOX_WIDTH_PX <= layout.width).toBe(true);
          expect(y >= 0 && y + BOX_HEIGHT_PX <= layout.height).toBe(true);
        }
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });

  test("has a line for every need, of straight parts that cross no box", () => {
    fc.assert(
      fc.property(graphs, (jobs) => {
        const layout = layoutJobs(jobs);
        const needs = new Set(jobs.flatMap((job) => job.needs.map((need) => `${need} ${job.key}`)));
        expect(new Set(layout.edges.map(({ from, to }) => `${from} ${to}`))).toEqual(needs);
        for (const { start, end } of segments(layout)) {
          expect(start.x === end.x || start.y === end.y).toBe(true);
          for (const box of layout.jobs) {
            const isBeside =
              Math.max(start.x, end.x) <= box.x ||
              Math.min(start.x, end.x) >= box.x + BOX_WIDTH_PX ||
              Math.max(start.y, end.y) <= box.y ||
              Math.min(start.y, end.y) >= box.y + BOX_HEIGHT_PX;
            expect(isBeside).toBe(true);
          }
        }
      }),
      { seed: 20261121, numRuns: 300 },
    );
  });
});
