// The topics of the outbox with their payloads. A new topic is added here before anyone writes it.
import { z } from "zod";

export const outboxPayloads = {
  /** Refs of a repository moved. */
  push: z.object({
    repositoryId: z.number().int(),
    operationId: z.number().int(),
    changes: z.array(z.object({ name: z.string(), before: z.string(), after: z.string() })),
  }),
  /** A push left a repository with so many packs that they should be combined now. */
  "repository.crowded": z.object({ repositoryId: z.number().int() }),
  /** A run has jobs that may be claimed: the gateway should look now. */
  "run.queued": z.object({ runId: z.number().int() }),
  "run.started": z.object({ runId: z.number().int() }),
  /** A mail was written, or is to be. */
  "mail.queued": z.object({ mailId: z.number().int() }),
  "run.finished": z.object({ runId: z.number().int(), status: z.string() }),
} as const;

export type OutboxTopic = keyof typeof outboxPayloads;

/** A message of the `runs` queue. It only hints; the gateway reads what is to be done from Postgres. */
export const runsMessageSchema = z.object({ kind: z.literal("wake"), runId: z.number().int() });
export type RunsMessage = z.infer<typeof runsMessageSchema>;

/** A message of the `maintenance` queue. It only hints: what is to be done is read from Postgres. */
export const maintenanceMessageSchema = z.object({
  kind: z.literal("housekeep"),
  repositoryId: z.number().int(),
});
export type MaintenanceMessage = z.infer<typeof maintenanceMessageSchema>;
