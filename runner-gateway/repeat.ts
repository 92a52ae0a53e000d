// Work that is done again and again: at an interval, at once when kicked, and never twice at a time.
import type { Log } from "./log.ts";

export interface Repetition {
  /** Does the work now, or once more as soon as the present turn is over. */
  kick(): void;
  /** Kicks after `delayMs`, unless stopped by then. */
  kickIn(delayMs: number): void;
  /** No further turn starts; resolves when the present one is over. */
  stop(): Promise<void>;
}

/** Starts with the first turn after one interval. A turn that throws is logged, and the next one comes all the same. */
export function startRepetition(
  name: string,
  intervalMs: number,
  work: () => Promise<void>,
  log: Log,
): Repetition {
  let isStopped = false;
  let isWanted = false;
  let turn: Promise<void> | null = null;

  async function takeTurns(): Promise<void> {
    while (isWanted && !isStopped) {
      isWanted = false;
      try {
        await work();
      } catch (error) {
        log.error(`${name} failed; it is tried again`, error);
      }
    }
    turn = null;
  }

  const kick = (): void => {
    isWanted = true;
    if (!isStopped) turn ??= takeTurns();
  };
  const timer = setInterval(kick, intervalMs);
  return {
    kick,
    kickIn: (delayMs) => {
      setTimeout(kick, delayMs).unref();
    },
    stop: async () => {
      isStopped = true;
      clearInterval(timer);
      await turn;
    },
  };
}
