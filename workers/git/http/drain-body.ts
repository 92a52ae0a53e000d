// What is left of a request's body, when nobody wants it any more.
import { readOrFail } from "../body-failure.ts";
import { DRAIN_LIMIT_BYTES } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { TimeLimit } from "../time-limit.ts";

/**
 * Reads a body to its end, or drops it past the limit or when it stalls: a client that is still sending doesn't listen.
 * Throws BodyFailure when it breaks off.
 * @param limitBytes DRAIN_LIMIT_BYTES unless given
 */
export async function drainBody(
  body: ReadableStream<Uint8Array>,
  limitBytes = DRAIN_LIMIT_BYTES,
  time = new TimeLimit(),
): Promise<void> {
  const reader = body.getReader();
  let drainedBytes = 0;
  try {
    for (;;) {
      const { done, value } = await time.wait(readOrFail(reader.read()));
      if (done) return;
      drainedBytes += value.length;
      if (drainedBytes > limitBytes) return await reader.cancel();
    }
  } catch (error) {
    if (error instanceof GitError) await reader.cancel(error);
    throw error;
  } finally {
    reader.releaseLock();
  }
}
