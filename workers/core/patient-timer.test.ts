// A timer that our own work held up begins again; one that is on time ends the wait.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startTimer } from "./patient-timer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("ends a wait when its time is up, and not when it was stopped", () => {
  const [onEnd, onStopped] = [vi.fn(), vi.fn()];
  startTimer(5000, onEnd);
  startTimer(5000, onStopped).stop();
  vi.advanceTimersByTime(4999);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(60_000);
  expect(onStopped).not.toHaveBeenCalled();
});

it("begins again when it comes late, as after long work of our own", () => {
  const onEnd = vi.fn();
  startTimer(5000, onEnd);
  // The clock goes on while no timer can come.
  vi.setSystemTime(Date.now() + 20_000);
  vi.advanceTimersByTime(5000);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(5000);
  expect(onEnd).toHaveBeenCalledOnce();
});
