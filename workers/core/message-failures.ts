// Why messages of queues weren't done: noted when one is tried again, and kept with it once its queue gives it up.
// Invariant: noting never stands in the way of trying again.
import { and, eq, lt, sql } from "drizzle-orm";
import { messageFailures } from "../../schema/tables/events.ts";
import { hashSecret } from "../../schema/token.ts";
import type { Database, Executor } from "./db.ts";
import { FAILURE_CHARACTERS_MAX } from "./limits.ts";
import type { Log } from "./log.ts";

/** Keeps the last failure of a message. */
export async function noteFailure(
  { database, log }: { database: Pick<Database, "query">; log: Log },
  queue: string,
  body: unknown,
  error: unknown,
): Promise<void> {
  const problem = describeProblem(error);
  try {
    await database.query
      .insert(messageFailures)
      .values({ queue, bodyHash: await hashBody(body), problem })
      .onConflictDoUpdate({
        target: [messageFailures.queue, messageFailures.bodyHash],
        set: { problem, failedAt: sql`now()` },
      });
  } catch (cause) {
    // The database may well be what failed.
    log.error("a message's failure was not noted", cause, { queue });
  }
}

/** The last failure of a message that was given up, which is noted no longer; empty where there was none. */
export async function takeFailure(query: Executor, queue: string, body: unknown): Promise<string> {
  const [row] = await query
    .delete(messageFailures)
    .where(and(eq(messageFailures.queue, queue), eq(messageFailures.bodyHash, await hashBody(body))))
    .returning({ problem: messageFailures.problem });
  return row?.problem ?? "";
}

/** Removes what was noted of messages that were done in the end; called by the clock. */
export async function deleteOldFailures({ query }: Pick<Database, "query">): Promise<void> {
  await query.delete(messageFailures).where(lt(messageFailures.failedAt, sql`now() - interval '7 days'`));
}

const hashBody = (body: unknown): Promise<string> => hashSecret(JSON.stringify(body ?? null));

/** An error in one line, for an administrator. */
// The innermost cause: what wraps a statement's error holds the statement with its values.
export function describeProblem(error: unknown): string {
  let innermost = error;
  for (let depth = 0; depth < 8 && innermost instanceof Error && innermost.cause instanceof Error; depth++) {
    innermost = innermost.cause;
  }
  const text = innermost instanceof Error ? innermost.message || innermost.name : String(innermost);
  return text.slice(0, FAILURE_CHARACTERS_MAX);
}
