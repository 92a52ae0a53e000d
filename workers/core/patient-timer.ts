// A limit on waiting for somebody else's answer. Invariant: time that our own work took counts against nobody.

/** A timer that is late by more than this was held up by our own work. */
const LATE_MS = 1000;

/**
 * Calls `onEnd` after `limitMs`. An answer may lie unread while our own work leaves no time to read it, so a timer that comes
 * late by it begins again.
 */
export function startTimer(limitMs: number, onEnd: () => void): { stop(): void } {
  let timer: ReturnType<typeof setTimeout>;
  const start = () => {
    const dueAtMs = Date.now() + limitMs;
    timer = setTimeout(() => (Date.now() - dueAtMs > LATE_MS ? start() : onEnd()), limitMs);
  };
  start();
  return { stop: () => clearTimeout(timer) };
}
