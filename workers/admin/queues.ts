// The clock and the queues as the site's admins see them: when each part of the clock's work was last done, what the outbox holds, what each queue says that it holds, and what they gave up.
import { describeClock } from "../clock/service.ts";
import type { Actor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { describeCause, type Log } from "../core/log.ts";
import { summarizeOutbox } from "../core/outbox.ts";
import type { PageRequest } from "../core/paging.ts";
import { listGaps } from "../git/housekeeping/note-gaps.ts";
import { listDeadLetters } from "./dead-letters.ts";
import { requireSiteAdmin } from "./require-admin.ts";

/** `waiting`: null where the queue doesn't answer. */
interface QueueState {
  name: string;
  waiting: number | null;
}

/** @param page of the dead letters */
export async function describeQueues(
  { env, database, actor, log }: { env: Env; database: Database; actor: Actor; log: Log },
  page: PageRequest,
) {
  requireSiteAdmin(actor);
  const queues = {
    runs: env.runsQueue,
    imports: env.importsQueue,
    maintenance: env.maintenanceQueue,
    deliveries: env.deliveriesQueue,
  };
  const asked = Object.entries(queues).map(async ([name, queue]): Promise<QueueState> => {
    try {
      return { name, waiting: (await queue.metrics()).backlogCount };
    } catch (error) {
      log.warn("a queue doesn't say what waits in it", { name, cause: describeCause(error) });
      return { name, waiting: null };
    }
  });
  const states = await Promise.all(asked);
  return {
    states,
    clock: await describeClock(database),
    outbox: await summarizeOutbox(database),
    gaps: await listGaps(database),
    dead: await listDeadLetters(database, page),
  };
}
