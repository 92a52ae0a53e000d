// Events leave the database from here: written in the transaction of their change, sent to the queue afterwards,
// and marked as sent. Invariant: at least once; a row is marked only after the queue has taken its message.
import { asc, count, inArray, isNull, min, sql } from "drizzle-orm";
import { outbox } from "../../schema/tables/events.ts";
import type { DeliveriesMessage } from "../../schema/wire/mail.ts";
import {
  type OutboxPayload,
  type OutboxTopic,
  outboxPayloads,
  type RunsMessage,
} from "../../schema/wire/outbox.ts";
import type { Database, Executor } from "./db.ts";
import type { Env } from "./env.ts";
import { OUTBOX_ROWS_PER_SWEEP_MAX } from "./limits.ts";

/** Writes an event in the transaction of the change that caused it. `repositoryId`: null when it is of none. */
export async function writeEvent<Topic extends OutboxTopic>(
  transaction: Executor,
  topic: Topic,
  repositoryId: number | null,
  payload: OutboxPayload<Topic>,
): Promise<void> {
  await transaction
    .insert(outbox)
    .values({ topic, repositoryId, payload: outboxPayloads[topic].parse(payload) });
}

/**
 * Sends what has not been sent, oldest first. Two sweeps at once may send a row twice; none loses one.
 * @returns how many rows were sent.
 */
async function dispatchOutbox(env: Env, database: Database): Promise<number> {
  const rows = await database.query
    .select({ id: outbox.id, topic: outbox.topic, payload: outbox.payload })
    .from(outbox)
    .where(isNull(outbox.dispatchedAt))
    .orderBy(asc(outbox.id))
    .limit(OUTBOX_ROWS_PER_SWEEP_MAX);
  if (rows.length === 0) return 0;
  const messages = rows.flatMap((row) => toMessages(row.topic, row.payload));
  if (messages.length > 0) await env.runsQueue.sendBatch(messages.map((body) => ({ body })));
  const crowded = new Set(rows.flatMap((row) => toCrowded(row.topic, row.payload)));
  if (crowded.size > 0) {
    const housekeep = [...crowded].map((repositoryId) => ({ kind: "housekeep" as const, repositoryId }));
    await env.maintenanceQueue.sendBatch(housekeep.map((body) => ({ body })));
  }
  const mails = rows.flatMap((row) => toMails(row.topic, row.payload));
  if (mails.length > 0) await env.deliveriesQueue.sendBatch(mails.map((body) => ({ body })));
  await database.query
    .update(outbox)
    .set({ dispatchedAt: sql`now()`, attempts: sql`${outbox.attempts} + 1` })
    .where(
      inArray(
        outbox.id,
        rows.map((row) => row.id),
      ),
    );
  return rows.length;
}

/** Sends everything there is, sweep by sweep. */
export async function drainOutbox(env: Env, database: Database): Promise<void> {
  while ((await dispatchOutbox(env, database)) === OUTBOX_ROWS_PER_SWEEP_MAX);
}

/** What hasn't been sent, by topic: how much, and since when. */
export async function summarizeOutbox({ query }: Pick<Database, "query">) {
  const waiting = await query
    .select({
      topic: outbox.topic,
      total: count(),
      oldestAt: min(outbox.createdAt),
    })
    .from(outbox)
    .where(isNull(outbox.dispatchedAt))
    .groupBy(outbox.topic)
    .orderBy(asc(outbox.topic));
  return waiting.map(({ oldestAt, ...one }) => ({ ...one, oldestAt: oldestAt ?? new Date() }));
}

/** Removes rows that were sent long ago. */
export async function deleteSentEvents(database: Database): Promise<void> {
  await database.query.delete(outbox).where(sql`${outbox.dispatchedAt} < now() - interval '7 days'`);
}

// Which queue hears of which topic. A push and the end of a run have no listener outside the database yet.
function toMessages(topic: string, payload: Record<string, unknown>): RunsMessage[] {
  if (topic !== "run.queued") return [];
  return [{ kind: "wake", runId: outboxPayloads["run.queued"].parse(payload).runId }];
}

function toMails(topic: string, payload: Record<string, unknown>): DeliveriesMessage[] {
  if (topic !== "mail.queued") return [];
  return [{ kind: "mail", mailId: outboxPayloads["mail.queued"].parse(payload).mailId }];
}

// The repository that the maintenance queue hears of.
function toCrowded(topic: string, payload: Record<string, unknown>): number[] {
  if (topic !== "repository.crowded") return [];
  return [outboxPayloads["repository.crowded"].parse(payload).repositoryId];
}
