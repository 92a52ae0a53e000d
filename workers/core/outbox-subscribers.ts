// Who hears of which event: one table from topic to subscribers, each of which turns a payload into a message of a queue.
import type { z } from "zod";
import type { DeliveriesMessage } from "../../schema/wire/mail.ts";
import {
  type MaintenanceMessage,
  type OutboxTopic,
  outboxPayloads,
  type RunsMessage,
} from "../../schema/wire/outbox.ts";

/** The queues that events are sent to, with their messages. */
export interface QueueMessages {
  runs: RunsMessage;
  maintenance: MaintenanceMessage;
  deliveries: DeliveriesMessage;
}

export type QueueName = keyof QueueMessages;

export type QueueMessage = {
  [Name in QueueName]: { queue: Name; body: QueueMessages[Name] };
}[QueueName];

/** @throws ZodError for a payload that isn't its topic's */
type Subscriber = (payload: unknown) => QueueMessage;

const subscribe =
  <Payload>(schema: z.ZodType<Payload>, toMessage: (payload: Payload) => QueueMessage): Subscriber =>
  (payload) =>
    toMessage(schema.parse(payload));

/** Every topic. One without subscribers has no listener outside the database yet. */
const SUBSCRIBERS: Readonly<Record<OutboxTopic, readonly Subscriber[]>> = {
  push: [],
  "repository.crowded": [
    subscribe(outboxPayloads["repository.crowded"], ({ repositoryId }) => ({
      queue: "maintenance",
      body: { kind: "housekeep", repositoryId },
    })),
  ],
  "run.queued": [
    subscribe(outboxPayloads["run.queued"], ({ runId }) => ({
      queue: "runs",
      body: { kind: "wake", runId },
    })),
  ],
  "run.started": [],
  "run.finished": [],
  "mail.queued": [
    subscribe(outboxPayloads["mail.queued"], ({ mailId }) => ({
      queue: "deliveries",
      body: { kind: "mail", mailId },
    })),
  ],
};

const subscribersOf = new Map(Object.entries(SUBSCRIBERS));

/** The topics that this program knows; events of all others are left to one that does. */
export const knownTopics: readonly string[] = [...subscribersOf.keys()];

/** Those of them that somebody hears of. */
export const heardTopics: readonly string[] = knownTopics.filter(
  (topic) => (subscribersOf.get(topic) ?? []).length > 0,
);

/** The messages that an event becomes. @throws ZodError where its payload isn't its topic's */
export function toMessages(topic: string, payload: unknown): QueueMessage[] {
  return (subscribersOf.get(topic) ?? []).map((toMessage) => toMessage(payload));
}
