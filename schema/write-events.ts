// The one way into the outbox, for the Worker and the gateway alike. Invariant: an event is written in the transaction of
// the change that caused it, and only with a payload of its topic's shape.

import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { z } from "zod";
import { outbox } from "./tables/events.ts";
import { type OutboxTopic, outboxPayloads } from "./wire/outbox.ts";

const repositoryId = z.number().int().nullable();
const event = <Topic extends OutboxTopic>(topic: Topic) =>
  z.object({ topic: z.literal(topic), repositoryId, payload: outboxPayloads[topic] });

/** `repositoryId`: null when the event is of no repository. */
export const outboxEventSchema = z.discriminatedUnion("topic", [
  event("push"),
  event("repository.crowded"),
  event("run.queued"),
  event("run.started"),
  event("run.finished"),
  event("mail.queued"),
]);
export type OutboxEvent = z.infer<typeof outboxEventSchema>;

/** Writes events, in order, in one statement. @throws ZodError where a payload isn't its topic's */
export async function writeEvents(
  transaction: PgDatabase<PgQueryResultHKT>,
  events: readonly OutboxEvent[],
): Promise<void> {
  if (events.length === 0) return;
  await transaction.insert(outbox).values(events.map((event) => outboxEventSchema.parse(event)));
}
