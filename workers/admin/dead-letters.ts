// What queues gave up: kept, shown to the site's admins, and sent again. Invariant: a message is acknowledged only once
// its row is there, and marked as replayed only after its queue has taken it.
import { desc, eq, isNull, sql } from "drizzle-orm";
import { deadLetters } from "../../schema/tables/events.ts";
import { importsMessageSchema } from "../../schema/wire/imports.ts";
import { deliveriesMessageSchema } from "../../schema/wire/mail.ts";
import { maintenanceMessageSchema, runsMessageSchema } from "../../schema/wire/outbox.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";

const SUFFIX = "-dead";

/** Whether a queue of this name holds what another gave up. */
export const isDeadLetterQueue = (queue: string): boolean => queue.endsWith(SUFFIX);

/** Keeps the messages of a dead-letter queue. */
export async function keepDeadLetters(database: Database, batch: MessageBatch<unknown>): Promise<void> {
  const queue = batch.queue.slice(0, -SUFFIX.length);
  for (const message of batch.messages) {
    await database.query
      .insert(deadLetters)
      .values({ queue, messageId: message.id, body: message.body ?? null })
      .onConflictDoNothing();
    message.ack();
  }
}

interface DeadLetter {
  id: number;
  queue: string;
  body: unknown;
  createdAt: Date;
}

/** Those that wait, newest first. */
export async function listDeadLetters(database: Database, lettersMax: number): Promise<DeadLetter[]> {
  const { id, queue, body, createdAt } = deadLetters;
  return database.query
    .select({ id, queue, body, createdAt })
    .from(deadLetters)
    .where(isNull(deadLetters.replayedAt))
    .orderBy(desc(id))
    .limit(lettersMax);
}

/** Sends one to its queue again. @returns whether there was one that waits. */
export async function replayDeadLetter(env: Env, database: Database, id: number): Promise<boolean> {
  const [letter] = await database.query.select().from(deadLetters).where(eq(deadLetters.id, id));
  if (!letter || letter.replayedAt !== null) return false;
  await sendAgain(env, letter.queue, letter.body);
  await database.query.update(deadLetters).set({ replayedAt: sql`now()` }).where(eq(deadLetters.id, id));
  return true;
}

async function sendAgain(env: Env, queue: string, body: unknown): Promise<void> {
  if (queue === "imports") return sent(env.importsQueue.send(importsMessageSchema.parse(body)));
  if (queue === "maintenance") return sent(env.maintenanceQueue.send(maintenanceMessageSchema.parse(body)));
  if (queue === "deliveries") return sent(env.deliveriesQueue.send(deliveriesMessageSchema.parse(body)));
  return sent(env.runsQueue.send(runsMessageSchema.parse(body)));
}

async function sent(sending: Promise<unknown>): Promise<void> {
  await sending;
}
