// The consumer of the `runs` queue: it wakes the gateway, which reads from Postgres what there is to do.
// Invariant: a message is only a hint; a double or a lost one changes nothing.
import { runsMessageSchema } from "../../schema/wire/outbox.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { describeCause, type Log } from "../core/log.ts";
import { noteFailure } from "../core/message-failures.ts";
import { wakeGateway } from "./wake-gateway.ts";

/** One wake for the whole batch; when the gateway isn't reached the batch is tried again. */
export async function consumeRuns(
  { env, database, log }: { env: Env; database: Database; log: Log },
  batch: MessageBatch<unknown>,
): Promise<void> {
  for (const message of batch.messages) {
    const parsed = runsMessageSchema.safeParse(message.body);
    if (!parsed.success)
      log.error("a message of the runs queue has no known shape", parsed.error, { id: message.id });
  }
  try {
    await wakeGateway(env);
    batch.ackAll();
  } catch (error) {
    log.warn("the gateway was not woken; the message is tried again, and the gateway polls", {
      cause: describeCause(error),
    });
    for (const message of batch.messages) {
      await noteFailure({ database, log }, batch.queue, message.body, error);
    }
    batch.retryAll({ delaySeconds: 1 });
  }
}
