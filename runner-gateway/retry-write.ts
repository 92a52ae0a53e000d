// A database that is away for a moment must not end a run: writes that fail are tried again, for a while.
import { setTimeout as wait } from "node:timers/promises";
import { WRITE_RETRY_MS } from "./limits.ts";
import type { Log } from "./log.ts";

const FIRST_DELAY_MS = 50;
const DELAY_MAX_MS = 2_000;

/**
 * Does `write` until it succeeds; it must be harmless to do twice.
 * @throws the last error, when it has failed for WRITE_RETRY_MS or `signal` is aborted.
 */
export async function retryWrite<Result>(
  what: string,
  write: () => Promise<Result>,
  log: Log,
  signal?: AbortSignal,
): Promise<Result> {
  const startedAtMs = performance.now();
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, DELAY_MAX_MS)) {
    try {
      return await write();
    } catch (error) {
      if (signal?.aborted || performance.now() - startedAtMs > WRITE_RETRY_MS) throw error;
      log.error(`${what} failed; it is tried again`, error);
      await wait(delayMs);
    }
  }
}
