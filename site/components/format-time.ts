// Moments, durations and sizes as people read them. Pure, and the same on the server and in the browser.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const count = (amount: number, unit: string): string => `${amount} ${unit}${amount === 1 ? "" : "s"}`;

/** `just now`, `5 minutes ago`; beyond 30 days the date. A moment slightly ahead is a clock's fault: `just now`. */
export function formatRelativeTime(at: Date, now: Date): string {
  const ageMs = now.getTime() - at.getTime();
  if (ageMs < -MINUTE_MS || ageMs >= 30 * DAY_MS) return at.toISOString().slice(0, 10);
  if (ageMs < 5 * SECOND_MS) return "just now";
  if (ageMs < MINUTE_MS) return `${count(Math.floor(ageMs / SECOND_MS), "second")} ago`;
  if (ageMs < HOUR_MS) return `${count(Math.floor(ageMs / MINUTE_MS), "minute")} ago`;
  if (ageMs < DAY_MS) return `${count(Math.floor(ageMs / HOUR_MS), "hour")} ago`;
  return `${count(Math.floor(ageMs / DAY_MS), "day")} ago`;
}

/** `2026-11-21 04:16:03 UTC` */
export const formatExactTime = (at: Date): string =>
  at.toISOString().replace("T", " ").replace(/\..*$/, " UTC");

/** `850 ms`, `4.2 s`, `1 min 03 s`, `2 h 05 min`; never negative, since two clocks may disagree. */
export function formatDuration(durationMs: number): string {
  const wholeMs = Math.max(0, Math.round(durationMs));
  if (wholeMs < SECOND_MS) return `${wholeMs} ms`;
  if (wholeMs < 10 * SECOND_MS) return `${(Math.floor(wholeMs / 100) / 10).toFixed(1)} s`;
  if (wholeMs < MINUTE_MS) return `${Math.floor(wholeMs / SECOND_MS)} s`;
  if (wholeMs < HOUR_MS) {
    return `${Math.floor(wholeMs / MINUTE_MS)} min ${pad(Math.floor((wholeMs % MINUTE_MS) / SECOND_MS))} s`;
  }
  return `${Math.floor(wholeMs / HOUR_MS)} h ${pad(Math.floor((wholeMs % HOUR_MS) / MINUTE_MS))} min`;
}

const pad = (amount: number): string => String(amount).padStart(2, "0");

/** `912 B`, `1.4 KiB`, `20 MiB` */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = sizeBytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
