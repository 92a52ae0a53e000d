// The outbox: the event a change causes is written in the transaction of the change, and sent from here.
// Delivery is at least once; every consumer is idempotent.
import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
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
    dispatchedAt: moment("dispatched_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("outbox_repository").on(table.repositoryId),
    index("outbox_pending").on(table.id).where(sql`${table.dispatchedAt} IS NULL`),
  ],
);
