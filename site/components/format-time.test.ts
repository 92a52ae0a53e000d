// Times, durations and sizes as they are read.
import { describe, expect, test } from "vitest";
import { formatDuration, formatExactTime, formatRelativeTime, formatSize } from "./format-time.ts";

const NOW = new Date("2026-11-21T12:00:00.000Z");

describe("an age", () => {
  test.each([
    [0, "just now"],
    [4_999, "just now"],
    [5_000, "5 seconds ago"],
    [59_999, "59 seconds ago"],
    [60_000, "1 minute ago"],
    [3_599_999, "59 minutes ago"],
    [3_600_000, "1 hour ago"],
    [86_399_999, "23 hours ago"],
    [86_400_000, "1 day ago"],
    [30 * 86_400_000 - 1, "29 days ago"],
    [30 * 86_400_000, "2026-10-22"],
    [-59_000, "just now"],
    [-61_000, "2026-11-21"],
  ])("of %d ms reads %s", (ageMs, text) => {
    expect(formatRelativeTime(new Date(NOW.getTime() - ageMs), NOW)).toBe(text);
  });

  test("is exact to the second in UTC", () => {
    expect(formatExactTime(new Date("2026-01-02T03:04:05.678Z"))).toBe("2026-01-02 03:04:05 UTC");
  });
});

describe("a duration", () => {
  test.each([
    [-5, "0 ms"],
    [999.4, "999 ms"],
    [1_000, "1.0 s"],
    [9_999, "9.9 s"],
    [10_000, "10 s"],
    [59_999, "59 s"],
    [60_000, "1 min 00 s"],
    [3_599_999, "59 min 59 s"],
    [3_600_000, "1 h 00 min"],
    [7_500_000, "2 h 05 min"],
  ])("of %d ms reads %s", (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

describe("a size", () => {
  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [10 * 1024, "10 KiB"],
    [1024 ** 2, "1.0 MiB"],
    [5 * 1024 ** 4, "5.0 TiB"],
  ])("of %d bytes reads %s", (sizeBytes, text) => {
    expect(formatSize(sizeBytes)).toBe(text);
  });
});
