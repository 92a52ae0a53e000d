// One transaction's change of one run. The run's row is locked first and its events are numbered from it, so
// the seqs of a run are gap-free and in commit order, and states, events and outbox change together or not at all.
import { eq, sql } from "drizzle-orm";
import type { RunStatus } from "../../schema/run-states.ts";
import { runEvents, workflowRuns } from "../../schema/tables/runs.ts";
import type { RunEventData, RunEventType } from "../../schema/wire/run-events.ts";
import { type OutboxEvent, writeEvents } from "../../schema/write-events.ts";
import type { Transaction } from "../database.ts";

interface LockedRun {
  readonly id: number;
  readonly repositoryId: number;
  readonly createdAt: Date;
  readonly cancelRequested: boolean;
  readonly failureReason: string | null;
  status: RunStatus;
}

/** A row of `run_events` as its readers get it. */
export interface StoredEvent {
  readonly seq: number;
  readonly type: string;
  readonly data: object;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

interface Origin {
  jobId?: number;
  attempt?: number;
  /** The runner's own number of the event; null for what the gateway says. */
  offset?: number;
  stepId?: number | null;
  atMs?: number;
}

type AnnouncedEvent = OutboxEvent extends infer Event
  ? Event extends OutboxEvent
    ? Omit<Event, "repositoryId">
    : never
  : never;
type EventRow = typeof runEvents.$inferInsert;

export interface RunChange {
  readonly transaction: Transaction;
  readonly run: LockedRun;
  lastSeq: number;
  readonly events: EventRow[];
  readonly notices: OutboxEvent[];
}

/** Locks the run until the transaction ends; null when there is no such run. */
export async function openRunChange(transaction: Transaction, runId: number): Promise<RunChange | null> {
  const [row] = await transaction
    .select({
      id: workflowRuns.id,
      repositoryId: workflowRuns.repositoryId,
      createdAt: workflowRuns.createdAt,
      cancelRequestedAt: workflowRuns.cancelRequestedAt,
      failureReason: workflowRuns.failureReason,
      status: workflowRuns.status,
      lastSeq: workflowRuns.lastEventSeq,
    })
    .from(workflowRuns)
    .where(eq(workflowRuns.id, runId))
    .for("no key update");
  if (!row) return null;
  const { lastSeq, cancelRequestedAt, ...run } = row;
  const locked = { ...run, cancelRequested: cancelRequestedAt !== null };
  return { transaction, run: locked, lastSeq, events: [], notices: [] };
}

/** Gives the event the run's next number; it is written when the change is. */
export function recordEvent<Type extends RunEventType>(
  change: RunChange,
  type: Type,
  data: RunEventData[Type],
  origin: Origin = {},
): void {
  change.lastSeq += 1;
  change.events.push({
    runId: change.run.id,
    seq: change.lastSeq,
    jobId: origin.jobId ?? null,
    attempt: origin.attempt ?? 0,
    offset: origin.offset ?? null,
    stepId: origin.stepId ?? null,
    type,
    data: { ...data },
    at: new Date(origin.atMs ?? Date.now()),
  });
}

/** Leaves a message for the Worker in the outbox of this transaction. */
export function announce(change: RunChange, event: AnnouncedEvent): void {
  change.notices.push({ ...event, repositoryId: change.run.repositoryId });
}

/** Writes what was recorded; the last statements of the transaction. The answer is what readers are to see. */
export async function writeRunChange(change: RunChange): Promise<StoredEvent[]> {
  const { transaction, events, notices } = change;
  await writeEvents(transaction, notices);
  if (events.length === 0) return [];
  await transaction.insert(runEvents).values(events);
  await transaction
    .update(workflowRuns)
    .set({ lastEventSeq: change.lastSeq, updatedAt: sql`now()` })
    .where(eq(workflowRuns.id, change.run.id));
  return events.map((event) => ({
    seq: event.seq,
    type: event.type,
    data: event.data,
    at: event.at?.getTime() ?? Date.now(),
  }));
}
