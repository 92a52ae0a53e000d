// How long a client may keep a request open. Invariant: only waiting for the client counts against a step, so that long
// work of our own ends no request.
import { REQUEST_STEP_LIMIT_MS, REQUEST_TIME_LIMIT_MS } from "./limits.ts";
import { GitError } from "./object/git-error.ts";

export interface RequestTimes {
  /** Most time for one step: a piece to come in, or to be taken. */
  readonly stepMs: number;
  /** Most time for all of them, and what is done between. */
  readonly totalMs: number;
}

export const REQUEST_TIMES: RequestTimes = { stepMs: REQUEST_STEP_LIMIT_MS, totalMs: REQUEST_TIME_LIMIT_MS };

/** The time of one request, from when this is made. */
export class TimeLimit {
  private readonly times: RequestTimes;
  private readonly endsAtMs: number;

  constructor(times: RequestTimes = REQUEST_TIMES) {
    this.times = times;
    this.endsAtMs = Date.now() + times.totalMs;
  }

  /** Waits for a step. Throws GitError `limit_exceeded` when it takes too long; the caller then gives the step up. */
  async wait<Value>(step: Promise<Value>): Promise<Value> {
    const { stepMs, totalMs } = this.times;
    const leftMs = Math.max(0, this.endsAtMs - Date.now());
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => {
        const why =
          leftMs < stepMs
            ? `the request took longer than ${describeTime(totalMs)}`
            : `nothing moved for ${describeTime(stepMs)}`;
        late.reject(new GitError("limit_exceeded", why));
      },
      Math.min(stepMs, leftMs),
    );
    try {
      return await Promise.race([step, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function describeTime(ms: number): string {
  return ms < 120_000 ? `${ms / 1000} seconds` : `${ms / 60_000} minutes`;
}
