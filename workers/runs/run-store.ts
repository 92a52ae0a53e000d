// Reading runs, jobs, steps and events.
import { and, asc, desc, eq, gt, inArray, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import {
  runEvents,
  workflowDefinitions,
  workflowJobs,
  workflowRuns,
  workflowSteps,
} from "../../schema/tables/runs.ts";
import type { Executor } from "../core/db.ts";
import { RUNS_PER_COMMIT_MAX, SHOWN_LOG_CHARACTERS_MAX, SHOWN_LOG_EVENTS_MAX } from "../core/limits.ts";

const shape = {
  id: workflowRuns.id,
  repositoryId: workflowRuns.repositoryId,
  number: workflowRuns.number,
  name: workflowRuns.name,
  path: workflowDefinitions.path,
  event: workflowRuns.event,
  ref: workflowRuns.ref,
  headSha: workflowRuns.headSha,
  title: workflowRuns.title,
  status: workflowRuns.status,
  failureReason: workflowRuns.failureReason,
  actor: users.username,
  cancelRequestedAt: workflowRuns.cancelRequestedAt,
  lastEventSeq: workflowRuns.lastEventSeq,
  startedAt: workflowRuns.startedAt,
  finishedAt: workflowRuns.finishedAt,
  createdAt: workflowRuns.createdAt,
};

const selectRuns = (query: Executor) =>
  query
    .select(shape)
    .from(workflowRuns)
    .leftJoin(users, eq(users.id, workflowRuns.actorId))
    .leftJoin(workflowDefinitions, eq(workflowDefinitions.id, workflowRuns.definitionId));

export type RunRow = Awaited<ReturnType<typeof listRuns>>[number];
export type JobRow = Awaited<ReturnType<typeof listJobs>>[number];
export type StepRow = Awaited<ReturnType<typeof listSteps>>[number];
export type TailRow = Awaited<ReturnType<typeof listLogTails>>[number];

export async function listRuns(query: Executor, repositoryId: number, offset: number, limit: number) {
  return selectRuns(query)
    .where(eq(workflowRuns.repositoryId, repositoryId))
    .orderBy(desc(workflowRuns.number))
    .offset(offset)
    .limit(limit);
}

export async function countRuns(query: Executor, repositoryId: number): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(workflowRuns)
    .where(eq(workflowRuns.repositoryId, repositoryId));
  return row?.total ?? 0;
}

export async function findRun(query: Executor, id: number): Promise<RunRow | undefined> {
  const [row] = await selectRuns(query).where(eq(workflowRuns.id, id));
  return row;
}

export async function findRunByNumber(
  query: Executor,
  repositoryId: number,
  number: number,
): Promise<RunRow | undefined> {
  const [row] = await selectRuns(query).where(
    and(eq(workflowRuns.repositoryId, repositoryId), eq(workflowRuns.number, number)),
  );
  return row;
}

/** The runs of one commit, newest first. */
export async function listRunsOfCommit(query: Executor, repositoryId: number, headSha: string) {
  return query
    .select({ number: workflowRuns.number, name: workflowRuns.name, status: workflowRuns.status })
    .from(workflowRuns)
    .where(and(eq(workflowRuns.repositoryId, repositoryId), eq(workflowRuns.headSha, headSha)))
    .orderBy(desc(workflowRuns.number))
    .limit(RUNS_PER_COMMIT_MAX);
}

export async function listJobs(query: Executor, runId: number) {
  return query
    .select({
      id: workflowJobs.id,
      key: workflowJobs.key,
      name: workflowJobs.name,
      needs: workflowJobs.needs,
      status: workflowJobs.status,
      failureReason: workflowJobs.failureReason,
      attempt: workflowJobs.attempt,
      // Older rows say versions and paths of the machine after the name.
      sandbox: sql<string | null>`split_part(${workflowJobs.sandbox}, ' ', 1)`,
      timings: workflowJobs.timings,
      startedAt: workflowJobs.startedAt,
      finishedAt: workflowJobs.finishedAt,
    })
    .from(workflowJobs)
    .where(eq(workflowJobs.runId, runId))
    .orderBy(asc(workflowJobs.position));
}

export async function listSteps(query: Executor, runId: number) {
  return query
    .select({
      id: workflowSteps.id,
      jobId: workflowSteps.jobId,
      position: workflowSteps.position,
      name: workflowSteps.name,
      status: workflowSteps.status,
      exitCode: workflowSteps.exitCode,
      failureReason: workflowSteps.failureReason,
      startedAt: workflowSteps.startedAt,
      finishedAt: workflowSteps.finishedAt,
    })
    .from(workflowSteps)
    .innerJoin(workflowJobs, eq(workflowJobs.id, workflowSteps.jobId))
    .where(eq(workflowJobs.runId, runId))
    .orderBy(asc(workflowSteps.jobId), asc(workflowSteps.position));
}

const event = {
  runId: runEvents.runId,
  seq: runEvents.seq,
  jobId: runEvents.jobId,
  attempt: runEvents.attempt,
  stepId: runEvents.stepId,
  type: runEvents.type,
  data: runEvents.data,
  at: runEvents.at,
};

/** Events after `afterSeq`, in order. */
export async function listEvents(query: Executor, runId: number, afterSeq: number, limit: number) {
  return query
    .select(event)
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), gt(runEvents.seq, afterSeq)))
    .orderBy(asc(runEvents.seq))
    .limit(limit);
}

/** What one job printed after `afterSeq`, in order. */
export async function listJobLogs(query: Executor, jobId: number, afterSeq: number, limit: number) {
  return query
    .select({ seq: runEvents.seq, text: sql<string>`${runEvents.data} ->> 'text'` })
    .from(runEvents)
    .where(and(eq(runEvents.jobId, jobId), eq(runEvents.type, "log"), gt(runEvents.seq, afterSeq)))
    .orderBy(asc(runEvents.seq))
    .limit(limit);
}

/** The last of what each step of each job's newest attempt printed, with how much of it there is before. */
export async function listLogTails(query: Executor, runId: number) {
  const place = sql`PARTITION BY ${runEvents.jobId}, ${runEvents.stepId} ORDER BY ${runEvents.seq} DESC`;
  const tails = query
    .select({
      ...event,
      rank: sql<number>`row_number() OVER (${place})`.as("rank"),
      characters: sql<number>`sum(length(${runEvents.data} ->> 'text')) OVER (${place})`.as("characters"),
      total: sql<number>`(count(*) OVER (PARTITION BY ${runEvents.jobId}, ${runEvents.stepId}))::int`.as(
        "total",
      ),
    })
    .from(runEvents)
    .innerJoin(workflowJobs, eq(workflowJobs.id, runEvents.jobId))
    .where(
      and(
        eq(runEvents.runId, runId),
        inArray(runEvents.type, ["log", "error"]),
        eq(runEvents.attempt, workflowJobs.attempt),
      ),
    )
    .as("tails");
  return query
    .select()
    .from(tails)
    .where(
      sql`${tails.rank} = 1 OR (${tails.rank} <= ${SHOWN_LOG_EVENTS_MAX} AND ${tails.characters} <= ${SHOWN_LOG_CHARACTERS_MAX})`,
    )
    .orderBy(asc(tails.seq));
}
