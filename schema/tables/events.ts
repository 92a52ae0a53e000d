// The outbox: the event a change causes is written in the transaction of the change, and sent from here.
// Delivery is at least once; every consumer is idempotent.
import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, identity, moment, reference } from "./columns.ts";
import { repositories } from "./git.ts";

export const outbox = pgTable(
  "outbox",
  {
    id: identity(),
    /** Such as `push`, `run.queued`, `run.finished`; schema/wire/outbox.ts lists them with their payloads. */
    topic: text("topic").notNull(),
    repositoryId: reference("repository_id").references(() => repositories.id, { onDelete: "cascade" }),
    payload: jsonb("payload").$type<Record<string, unknown>>().notNull(),
    attempts: integer("attempts").notNull().default(0),
    /** Not to be tried before this: now, or once the wait after a failed attempt is over. */
    nextAttemptAt: moment("next_attempt_at").notNull().defaultNow(),
    /** Why the newest attempt failed, for an administrator; empty where none has. */
    problem: text("problem").notNull().default(""),
    dispatchedAt: moment("dispatched_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("outbox_repository").on(table.repositoryId),
    index("outbox_pending").on(table.id).where(sql`${table.dispatchedAt} IS NULL`),
  ],
);

/** When each part of the clock's work was last done, and why its newest try failed where it did. */
export const clockParts = pgTable("clock_parts", {
  name: text("name").primaryKey(),
  succeededAt: moment("succeeded_at"),
  failedAt: moment("failed_at"),
  /** Empty where the newest try succeeded. */
  problem: text("problem").notNull().default(""),
});

/** Messages that a queue gave up, as its dead-letter queue handed them over: to be looked at, and sent again. */
export const deadLetters = pgTable(
  "dead_letters",
  {
    id: identity(),
    /** The queue that gave it up, such as `imports`; `outbox` for an event that never reached a queue. */
    queue: text("queue").notNull(),
    /** The queue's own id of it: a message that arrives twice is kept once. */
    messageId: text("message_id").notNull(),
    body: jsonb("body").$type<unknown>().notNull(),
    /** What went wrong the last time, for an administrator; empty where nobody said. */
    problem: text("problem").notNull().default(""),
    replayedAt: moment("replayed_at"),
    /** When an admin let it go. */
    droppedAt: moment("dropped_at"),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("dead_letters_message").on(table.queue, table.messageId),
    index("dead_letters_waiting")
      .on(table.id)
      .where(sql`${table.replayedAt} IS NULL AND ${table.droppedAt} IS NULL`),
  ],
);

/** Why a message of a queue was not done the last time it was tried, until its dead letter takes that over. */
export const messageFailures = pgTable(
  "message_failures",
  {
    queue: text("queue").notNull(),
    /** SHA-256 of the message's body: a message that is tried again is the same one. */
    bodyHash: text("body_hash").notNull(),
    problem: text("problem").notNull(),
    failedAt: moment("failed_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.queue, table.bodyHash] }),
    index("message_failures_failed").on(table.failedAt),
  ],
);
