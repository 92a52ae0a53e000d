// Cron expressions against the calendar, and the clock against a fake one.
import { afterEach, expect, test, vi } from "vitest";
import { matchesCron, startCron } from "./cron.ts";

afterEach(() => vi.useRealTimers());

test.each([
  ["* * * * *", "2026-11-21T04:05:00Z", true],
  ["*/15 * * * *", "2026-11-21T04:30:00Z", true],
  ["*/15 * * * *", "2026-11-21T04:31:00Z", false],
  ["5-10/2 * * * *", "2026-11-21T04:07:00Z", true],
  ["5-10/2 * * * *", "2026-11-21T04:08:00Z", false],
  ["10/20 * * * *", "2026-11-21T04:50:00Z", true],
  ["0,30 4 * * *", "2026-11-21T04:30:00Z", true],
  ["0 5 * * *", "2026-11-21T04:00:00Z", false],
  ["0 0 1 1 *", "2027-01-01T00:00:00Z", true],
  // 22 November 2026 is a Sunday, which Cloudflare calls 1.
  ["0 0 * * 1", "2026-11-22T00:00:00Z", true],
  ["0 0 * * 7", "2026-11-22T00:00:00Z", false],
])("%s at %s: %s", (expression, at, expected) => {
  expect(matchesCron(expression, new Date(at))).toBe(expected);
});

test.each(["* * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "x * * * *", "9-3 * * * *"])(
  "%s is refused",
  (expression) => {
    expect(() => matchesCron(expression, new Date())).toThrow();
    expect(() => startCron([expression], () => undefined)).toThrow();
  },
);

test("the clock fires at the start of each matching minute and stops when told", () => {
  vi.useFakeTimers({ now: new Date("2026-11-21T04:00:30Z") });
  const fired: string[] = [];
  const stop = startCron(["*/2 * * * *", "* * * * *"], (expression, at) =>
    fired.push(`${expression} ${at.toISOString()}`),
  );
  vi.advanceTimersByTime(90_000);
  stop();
  vi.advanceTimersByTime(300_000);
  expect(fired).toEqual([
    "* * * * * 2026-11-21T04:01:00.000Z",
    "*/2 * * * * 2026-11-21T04:02:00.000Z",
    "* * * * * 2026-11-21T04:02:00.000Z",
  ]);
});
