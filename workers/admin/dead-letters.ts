// What queues and the outbox gave up: kept with why, shown to the site's admins, and sent again or let go. Invariant: a message is
// acknowledged only once its row is there, and marked as sent again only after its queue has taken it.
import { and, count, desc, eq, isNull, sql } from "drizzle-orm";
import { deadLetters } from "../../schema/tables/events.ts";
import { repositories } from "../../schema/tables/git.ts";
import { importsMessageSchema } from "../../schema/wire/imports.ts";
import { deliveriesMessageSchema } from "../../schema/wire/mail.ts";
import { maintenanceMessageSchema, runsMessageSchema } from "../../schema/wire/outbox.ts";
import { outboxEventSchema, writeEvents } from "../../schema/write-events.ts";
import { recordAudit } from "../audit/service.ts";
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { notFound } from "../core/errors.ts";
import { takeFailure } from "../core/message-failures.ts";
import type { Origin } from "../core/origin.ts";
import { OUTBOX } from "../core/outbox.ts";
import type { PageRequest } from "../core/paging.ts";
import { requireSiteAdmin } from "./require-admin.ts";

const SUFFIX = "-dead";

/** Whether a queue of this name holds what another gave up. */
export const isDeadLetterQueue = (queue: string): boolean => queue.endsWith(SUFFIX);

/** Keeps the messages of a dead-letter queue. */
export async function keepDeadLetters(database: Database, batch: MessageBatch<unknown>): Promise<void> {
  const queue = batch.queue.slice(0, -SUFFIX.length);
  for (const message of batch.messages) {
    await database.transaction(async (transaction) => {
      const body = message.body ?? null;
      const problem = await takeFailure(transaction, queue, body);
      await transaction
        .insert(deadLetters)
        .values({ queue, messageId: message.id, body, problem })
        .onConflictDoNothing();
    });
    message.ack();
  }
}

interface DeadLetter {
  id: number;
  queue: string;
  body: unknown;
  /** Empty where nobody said why. */
  problem: string;
  createdAt: Date;
}

const waits = and(isNull(deadLetters.replayedAt), isNull(deadLetters.droppedAt));

/** Those that wait, newest first. */
export async function listDeadLetters(
  database: Database,
  page: PageRequest,
): Promise<{ letters: DeadLetter[]; total: number }> {
  const { id, queue, body, problem, createdAt } = deadLetters;
  const letters = await database.query
    .select({ id, queue, body, problem, createdAt })
    .from(deadLetters)
    .where(waits)
    .orderBy(desc(id))
    .offset(page.offset)
    .limit(page.limit);
  const [row] = await database.query.select({ total: count() }).from(deadLetters).where(waits);
  return { letters, total: row?.total ?? 0 };
}

interface Services {
  env: Env;
  database: Database;
  actor: Actor;
  origin: Origin;
}

/**
 * Sends one to its queue again. Of two at once, the other finds none.
 * @throws ForgeError `not_found` where none waits
 */
export async function resendDeadLetter(
  { env, database, actor, origin }: Services,
  id: number,
): Promise<{ end: "sent" } | { end: "refused"; problem: string }> {
  const admin = requireSiteAdmin(actor);
  return database.transaction(async (transaction) => {
    const letter = await lockLetter(transaction, id);
    const problem =
      letter.queue === OUTBOX
        ? await writeAgain(transaction, letter.body)
        : await sendAgain(env, letter.queue, letter.body);
    if (problem !== undefined) return { end: "refused", problem };
    await transaction.update(deadLetters).set({ replayedAt: sql`now()` }).where(eq(deadLetters.id, id));
    await recordAudit(transaction, admin, origin, describeLetter("resend", letter));
    return { end: "sent" };
  });
}

/** Lets one go. @throws ForgeError `not_found` where none waits */
export async function dropDeadLetter({ database, actor, origin }: Services, id: number): Promise<void> {
  const admin = requireSiteAdmin(actor);
  await database.transaction(async (transaction) => {
    const letter = await lockLetter(transaction, id);
    await transaction.update(deadLetters).set({ droppedAt: sql`now()` }).where(eq(deadLetters.id, id));
    await recordAudit(transaction, admin, origin, describeLetter("drop", letter));
  });
}

async function lockLetter(transaction: Executor, id: number): Promise<DeadLetter> {
  const [letter] = await transaction
    .select()
    .from(deadLetters)
    .where(and(eq(deadLetters.id, id), waits))
    .for("update");
  if (!letter) throw notFound();
  return letter;
}

const describeLetter = (verb: string, { id, queue, body }: DeadLetter) => ({
  action: `site.dead-letter-${verb}`,
  target: { kind: "dead-letter", id, name: queue },
  details: { body },
});

/** Writes an event to the outbox again. @returns why it can't be; undefined when it is written */
async function writeAgain(transaction: Executor, body: unknown): Promise<string | undefined> {
  const event = outboxEventSchema.safeParse(body);
  if (!event.success) return "No program here knows what to do with this event.";
  const { repositoryId } = event.data;
  if (repositoryId !== null && !(await isThere(transaction, repositoryId))) {
    return "The repository that this event is about is gone.";
  }
  await writeEvents(transaction, [event.data]);
  return undefined;
}

async function isThere(transaction: Executor, repositoryId: number): Promise<boolean> {
  const { id } = repositories;
  const found = await transaction
    .select({ id })
    .from(repositories)
    .where(eq(id, repositoryId))
    .for("key share");
  return found.length > 0;
}

/** Sends a message to its queue again. @returns why it can't be; undefined when the queue has taken it */
async function sendAgain(env: Env, queue: string, body: unknown): Promise<string | undefined> {
  const send = prepareSending(env, queue, body);
  if (!send) return "No queue knows what to do with this message.";
  await send();
  return undefined;
}

/** How to send it to its queue again; undefined for what that queue wouldn't understand. */
function prepareSending(env: Env, queue: string, body: unknown): (() => Promise<unknown>) | undefined {
  if (queue === "imports") {
    const parsed = importsMessageSchema.safeParse(body);
    return parsed.success ? () => env.importsQueue.send(parsed.data) : undefined;
  }
  if (queue === "maintenance") {
    const parsed = maintenanceMessageSchema.safeParse(body);
    return parsed.success ? () => env.maintenanceQueue.send(parsed.data) : undefined;
  }
  if (queue === "deliveries") {
    const parsed = deliveriesMessageSchema.safeParse(body);
    return parsed.success ? () => env.deliveriesQueue.send(parsed.data) : undefined;
  }
  const parsed = runsMessageSchema.safeParse(body);
  return queue === "runs" && parsed.success ? () => env.runsQueue.send(parsed.data) : undefined;
}
