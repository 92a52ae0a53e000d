// Events leave the database from here: written in the transaction of their change (schema/write-events.ts), sent to the
// queues of their subscribers afterwards, and marked as sent. Invariant: at least once; a row is marked only after every
// queue has taken its message, and one that fails holds up no other.
import { and, asc, count, eq, inArray, isNull, lt, lte, max, min, sql } from "drizzle-orm";
import type { Context } from "hono";
import { deadLetters, outbox } from "../../schema/tables/events.ts";
import type { AppEnv } from "./app-env.ts";
import { runInBackground } from "./background.ts";
import type { Database } from "./db.ts";
import type { Env } from "./env.ts";
import {
  OUTBOX_ATTEMPTS_MAX,
  OUTBOX_RETRY_MS_MAX,
  OUTBOX_RETRY_MS_MIN,
  OUTBOX_ROWS_PER_SWEEP_MAX,
} from "./limits.ts";
import type { Log } from "./log.ts";
import { describeProblem } from "./message-failures.ts";
import {
  heardTopics,
  knownTopics,
  type QueueMessage,
  type QueueMessages,
  type QueueName,
  toMessages,
} from "./outbox-subscribers.ts";

interface OutboxServices {
  env: Pick<Env, "runsQueue" | "maintenanceQueue" | "deliveriesQueue">;
  database: Database;
  log: Log;
}

/** The `queue` of dead letters that are events. */
export const OUTBOX = "outbox";

/** Sends everything that is due, sweep by sweep. What can't be sent waits longer each time; see `dead_letters`. */
export async function drainOutbox(services: OutboxServices): Promise<void> {
  while ((await sendDueEvents(services)) === OUTBOX_ROWS_PER_SWEEP_MAX);
}

/** Sends what was written to the outbox once the answer is on its way, so that no answer waits for a queue. */
export function sendSoon(context: Context<AppEnv>): void {
  const services = { env: context.get("env"), database: context.get("database"), log: context.get("log") };
  runInBackground(context, "the outbox was not sent; the clock will", () => drainOutbox(services));
}

type ClaimedEvent = Awaited<ReturnType<typeof claimDueEvents>>[number];

/** @returns how many rows were taken up. */
async function sendDueEvents(services: OutboxServices): Promise<number> {
  const { database, log } = services;
  const events = await claimDueEvents(database);
  if (events.length === 0) return 0;
  const problems = new Map<number, string>();
  await sendMessages(services, readMessages(events, problems), problems);
  const sent = events.filter(({ id }) => !problems.has(id)).map(({ id }) => id);
  if (sent.length > 0) {
    await database.query
      .update(outbox)
      .set({ dispatchedAt: sql`now()`, problem: "" })
      .where(inArray(outbox.id, sent));
  }
  for (const event of events) {
    const problem = problems.get(event.id);
    if (problem === undefined) continue;
    const isGivenUp = event.attempts >= OUTBOX_ATTEMPTS_MAX;
    const { id, topic, attempts } = event;
    log.warn(isGivenUp ? "an event was given up" : "an event was not sent", { id, topic, attempts, problem });
    if (isGivenUp) await giveUp(database, id, problem);
    else await database.query.update(outbox).set({ problem }).where(eq(outbox.id, id));
  }
  return events.length;
}

/**
 * Takes up what is due, oldest first. The attempt is counted and the next one put off before anything is sent: a row that
 * ends the program which reads it isn't the first that the next one reads. Two sweeps at once take up different rows.
 */
async function claimDueEvents({ query }: Database) {
  const due = query.$with("due").as(
    query
      .select({ id: outbox.id })
      .from(outbox)
      .where(
        and(
          isNull(outbox.dispatchedAt),
          lte(outbox.nextAttemptAt, sql`now()`),
          inArray(outbox.topic, [...knownTopics]),
        ),
      )
      .orderBy(asc(outbox.id))
      .limit(OUTBOX_ROWS_PER_SWEEP_MAX)
      .for("update", { skipLocked: true }),
  );
  const waitMs = sql`least(${OUTBOX_RETRY_MS_MAX}::float8, ${OUTBOX_RETRY_MS_MIN}::float8 * 2 ^ least(${outbox.attempts}, 30))`;
  const rows = await query
    .with(due)
    .update(outbox)
    .set({
      attempts: sql`${outbox.attempts} + 1`,
      nextAttemptAt: sql`now() + ${waitMs} * interval '1 millisecond'`,
    })
    .from(due)
    .where(eq(outbox.id, due.id))
    .returning({
      id: outbox.id,
      topic: outbox.topic,
      attempts: outbox.attempts,
      // That of a push may be long, and nobody hears of it.
      payload: sql<unknown>`CASE WHEN ${inArray(outbox.topic, [...heardTopics])} THEN ${outbox.payload} END`,
    });
  return rows.sort((left, right) => left.id - right.id);
}

interface Parcel<Name extends QueueName> {
  id: number;
  queue: Name;
  body: QueueMessages[Name];
}
type AnyParcel = { [Name in QueueName]: Parcel<Name> }[QueueName];

function readMessages(events: readonly ClaimedEvent[], problems: Map<number, string>): AnyParcel[] {
  return events.flatMap(({ id, topic, payload }) => {
    try {
      return toMessages(topic, payload).map((message: QueueMessage): AnyParcel => ({ id, ...message }));
    } catch (error) {
      problems.set(id, describeProblem(error));
      return [];
    }
  });
}

async function sendMessages(
  { env }: OutboxServices,
  parcels: readonly AnyParcel[],
  problems: Map<number, string>,
): Promise<void> {
  const to = { runs: env.runsQueue, maintenance: env.maintenanceQueue, deliveries: env.deliveriesQueue };
  await sendTo(to.runs, parcels.filter(isFor("runs")), problems);
  await sendTo(to.maintenance, parcels.filter(isFor("maintenance")), problems);
  await sendTo(to.deliveries, parcels.filter(isFor("deliveries")), problems);
}

const isFor =
  <Name extends QueueName>(queue: Name) =>
  (parcel: AnyParcel): parcel is Extract<AnyParcel, { queue: Name }> =>
    parcel.queue === queue;

// Together, and where the queue doesn't take that, halved until it is known which it doesn't take.
async function sendTo<Name extends QueueName>(
  queue: Queue<QueueMessages[Name]>,
  parcels: readonly Parcel<Name>[],
  problems: Map<number, string>,
): Promise<void> {
  if (parcels.length === 0) return;
  try {
    await queue.sendBatch(parcels.map(({ body }) => ({ body })));
  } catch (error) {
    const [only] = parcels;
    if (parcels.length === 1 && only) {
      problems.set(only.id, describeProblem(error));
      return;
    }
    const middle = Math.ceil(parcels.length / 2);
    await sendTo(queue, parcels.slice(0, middle), problems);
    await sendTo(queue, parcels.slice(middle), problems);
  }
}

/** Moves an event to the dead letters, from which an admin may send it again. */
async function giveUp(database: Database, id: number, problem: string): Promise<void> {
  await database.transaction(async (transaction) => {
    const [event] = await transaction.delete(outbox).where(eq(outbox.id, id)).returning();
    if (!event) return;
    const { topic, repositoryId, payload } = event;
    await transaction
      .insert(deadLetters)
      .values({ queue: OUTBOX, messageId: String(id), body: { topic, repositoryId, payload }, problem });
  });
}

/** What hasn't been sent, by topic: how much, since when, and what went wrong with one that was tried. */
export async function summarizeOutbox({ query }: Pick<Database, "query">) {
  const waiting = await query
    .select({
      topic: outbox.topic,
      total: count(),
      oldestAt: min(outbox.createdAt),
      problem: max(outbox.problem),
    })
    .from(outbox)
    .where(isNull(outbox.dispatchedAt))
    .groupBy(outbox.topic)
    .orderBy(asc(outbox.topic));
  return waiting.map(({ oldestAt, problem, ...one }) => ({
    ...one,
    oldestAt: oldestAt ?? new Date(),
    problem: problem ?? "",
    isKnown: knownTopics.includes(one.topic),
  }));
}

/** Removes rows that were sent long ago. */
export async function deleteSentEvents({ query }: Pick<Database, "query">): Promise<void> {
  await query.delete(outbox).where(lt(outbox.dispatchedAt, sql`now() - interval '7 days'`));
}
