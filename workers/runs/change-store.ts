// Writing runs: making them in the transaction of a push, and cancelling what has not begun.
// Invariant: seqs of a run's events are taken under the lock of its row, so they are gap-free and in commit order.
import { and, eq, inArray, isNull, or, sql } from "drizzle-orm";
import {
  jobStatesBefore,
  type RunStatus,
  runStatesBefore,
  stepStatesBefore,
} from "../../schema/run-states.ts";
import { repositories } from "../../schema/tables/git.ts";
import {
  runEvents,
  workflowDefinitions,
  workflowJobs,
  workflowRuns,
  workflowSteps,
} from "../../schema/tables/runs.ts";
import type { JobPlan } from "../../schema/wire/plan.ts";
import type { RunEventData, RunEventType } from "../../schema/wire/run-events.ts";
import type { Executor } from "../core/db.ts";
import type { ParsedDefinition } from "../workflows/definition.ts";

export interface DefinitionFile {
  /** Of its row, where it has been stored. */
  id: number | null;
  path: string;
  blobOid: string;
  name: string;
  parsed: ParsedDefinition;
  /** Of the parser that read it; 0 where none has read it yet; null where there is nothing to read or store. */
  parserVersion: number | null;
}

/** What tells a content of a path from all others. */
export const keyOf = ({ path, blobOid }: Pick<DefinitionFile, "path" | "blobOid">): string =>
  `${path}\0${blobOid}`;

/** Stores contents that aren't stored yet. @returns ids by `keyOf` */
export async function upsertDefinitions(
  transaction: Executor,
  repositoryId: number,
  files: readonly DefinitionFile[],
): Promise<Map<string, number>> {
  if (files.length === 0) return new Map();
  const rows = await transaction
    .insert(workflowDefinitions)
    .values(
      files.map((file) => ({
        repositoryId,
        path: file.path,
        blobOid: file.blobOid,
        name: file.name,
        definition: file.parsed.parsed ? { ...file.parsed.definition } : null,
        error: file.parsed.parsed ? null : file.parsed.problem,
        parserVersion: file.parserVersion ?? 0,
      })),
    )
    .onConflictDoUpdate({
      target: [workflowDefinitions.repositoryId, workflowDefinitions.path, workflowDefinitions.blobOid],
      set: {
        name: sql`excluded.name`,
        definition: sql`excluded.definition`,
        error: sql`excluded.error`,
        parserVersion: sql`excluded.parser_version`,
      },
    })
    .returning({
      id: workflowDefinitions.id,
      path: workflowDefinitions.path,
      blobOid: workflowDefinitions.blobOid,
    });
  return new Map(rows.map((row) => [keyOf(row), row.id]));
}

/** Takes the next `count` run numbers of a repository. @returns the first of them. */
export async function takeRunNumbers(
  transaction: Executor,
  repositoryId: number,
  count: number,
): Promise<number> {
  const [row] = await transaction
    .update(repositories)
    .set({ runCount: sql`${repositories.runCount} + ${count}` })
    .where(eq(repositories.id, repositoryId))
    .returning({ runCount: repositories.runCount });
  return (row?.runCount ?? count) - count + 1;
}

type NewRun = typeof workflowRuns.$inferInsert;

/** @returns the new runs' ids in order. */
export async function insertRuns(transaction: Executor, runs: NewRun[]): Promise<number[]> {
  const rows = await transaction
    .insert(workflowRuns)
    .values(runs)
    .returning({ id: workflowRuns.id, number: workflowRuns.number });
  return rows.sort((left, right) => left.number - right.number).map((row) => row.id);
}

/** Makes the jobs of runs, each with its steps. Jobs that need nothing may be claimed at once. */
export async function insertJobs(
  transaction: Executor,
  runs: { runId: number; plans: JobPlan[] }[],
): Promise<void> {
  const jobs = runs.flatMap(({ runId, plans }) =>
    plans.map((plan, position) => ({
      runId,
      position,
      plan,
      key: plan.key,
      name: plan.name,
      needs: plan.needs,
      status: plan.needs.length === 0 ? ("waiting" as const) : ("pending" as const),
    })),
  );
  const rows = await transaction
    .insert(workflowJobs)
    .values(jobs)
    .returning({ id: workflowJobs.id, plan: workflowJobs.plan });
  await transaction
    .insert(workflowSteps)
    .values(
      rows.flatMap((job) =>
        job.plan.steps.map((step) => ({ jobId: job.id, position: step.position, name: step.name })),
      ),
    );
}

/** Locks the run's row, which every writer of its events does first. */
export async function lockRun(transaction: Executor, runId: number) {
  const [row] = await transaction
    .select({
      status: workflowRuns.status,
      repositoryId: workflowRuns.repositoryId,
      cancelRequestedAt: workflowRuns.cancelRequestedAt,
    })
    .from(workflowRuns)
    .where(eq(workflowRuns.id, runId))
    .for("update");
  return row;
}

export async function markCancelRequested(transaction: Executor, runId: number): Promise<void> {
  await transaction
    .update(workflowRuns)
    .set({
      cancelRequestedAt: sql`coalesce(${workflowRuns.cancelRequestedAt}, now())`,
      updatedAt: sql`now()`,
    })
    .where(eq(workflowRuns.id, runId));
}

/** Asks for the end of all runs that somebody caused, or that are in a repository of theirs. */
export async function markCancelRequestedOf(transaction: Executor, userId: number): Promise<void> {
  const theirs = transaction
    .select({ id: repositories.id })
    .from(repositories)
    .where(eq(repositories.ownerId, userId));
  await transaction
    .update(workflowRuns)
    .set({ cancelRequestedAt: sql`now()`, updatedAt: sql`now()` })
    .where(
      and(
        inArray(workflowRuns.status, runStatesBefore("cancelled")),
        isNull(workflowRuns.cancelRequestedAt),
        or(eq(workflowRuns.actorId, userId), inArray(workflowRuns.repositoryId, theirs)),
      ),
    );
}

/** Cancels the jobs that no attempt owns, with their steps. @returns those jobs. */
export async function cancelIdleJobs(transaction: Executor, runId: number) {
  const idle = jobStatesBefore("cancelled").filter((status) => status !== "running");
  const jobs = await transaction
    .update(workflowJobs)
    .set({ status: "cancelled", finishedAt: sql`now()`, updatedAt: sql`now()` })
    .where(and(eq(workflowJobs.runId, runId), inArray(workflowJobs.status, idle)))
    .returning({ id: workflowJobs.id, key: workflowJobs.key, attempt: workflowJobs.attempt });
  if (jobs.length > 0) {
    await transaction
      .update(workflowSteps)
      .set({ status: "cancelled", finishedAt: sql`now()`, updatedAt: sql`now()` })
      .where(
        and(
          inArray(
            workflowSteps.jobId,
            jobs.map((job) => job.id),
          ),
          inArray(workflowSteps.status, stepStatesBefore("cancelled")),
        ),
      );
  }
  return jobs;
}

export async function countUnendedJobs(transaction: Executor, runId: number): Promise<number> {
  const [row] = await transaction
    .select({ total: sql<number>`count(*)::int` })
    .from(workflowJobs)
    .where(
      and(eq(workflowJobs.runId, runId), inArray(workflowJobs.status, ["pending", "waiting", "running"])),
    );
  return row?.total ?? 0;
}

/** @returns the run, if it hadn't ended before. */
export async function endRun(transaction: Executor, runId: number, status: RunStatus) {
  return transaction
    .update(workflowRuns)
    .set({ status, finishedAt: sql`now()`, updatedAt: sql`now()` })
    .where(and(eq(workflowRuns.id, runId), inArray(workflowRuns.status, runStatesBefore(status))))
    .returning({
      id: workflowRuns.id,
      repositoryId: workflowRuns.repositoryId,
      name: workflowRuns.name,
      headSha: workflowRuns.headSha,
      actorId: workflowRuns.actorId,
    });
}

export type NewEvent = { [Type in RunEventType]: { type: Type; data: RunEventData[Type] } }[RunEventType];

/** Appends events to a run whose row the transaction has locked. */
export async function appendEvents(transaction: Executor, runId: number, events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const [row] = await transaction
    .update(workflowRuns)
    .set({ lastEventSeq: sql`${workflowRuns.lastEventSeq} + ${events.length}` })
    .where(eq(workflowRuns.id, runId))
    .returning({ last: workflowRuns.lastEventSeq });
  const first = (row?.last ?? events.length) - events.length + 1;
  await transaction.insert(runEvents).values(
    events.map((event, at) => ({
      runId,
      seq: first + at,
      jobId: "jobId" in event.data ? event.data.jobId : null,
      attempt: "attempt" in event.data ? event.data.attempt : 0,
      stepId: "stepId" in event.data ? event.data.stepId : null,
      type: event.type,
      data: { ...event.data },
    })),
  );
}
