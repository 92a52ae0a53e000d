// How fast one attempt may write: a burst at once, so that first lines are seen without delay, then at a steady pace.
import { setTimeout as wait } from "node:timers/promises";
import { WRITE_BURST_MAX, WRITE_SPACING_MS } from "../limits.ts";

interface WritePace {
  /** Resolves when the next write may start. */
  take(): Promise<void>;
}

export function createWritePace(now: () => number = () => performance.now()): WritePace {
  let allowance = WRITE_BURST_MAX;
  let countedAtMs = now();
  return {
    take: async () => {
      allowance = Math.min(WRITE_BURST_MAX, allowance + (now() - countedAtMs) / WRITE_SPACING_MS);
      countedAtMs = now();
      allowance -= 1;
      if (allowance < 0) await wait(-allowance * WRITE_SPACING_MS);
    },
  };
}
