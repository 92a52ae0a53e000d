// Workflow definitions, runs and what happened in them. States change only along schema/run-states.ts.
import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import type { JobStatus, RunStatus, StepStatus } from "../run-states.ts";
import type { JobPlan } from "../wire/plan.ts";
import { users } from "./auth.ts";
import { createdAt, identity, moment, reference, updatedAt } from "./columns.ts";
import { repositories } from "./git.ts";

export const workflowDefinitions = pgTable(
  "workflow_definitions",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    path: text("path").notNull(),
    /** The blob's oid: one row for each content a path has had. */
    blobOid: text("blob_oid").notNull(),
    name: text("name").notNull(),
    /** The parsed workflow (workers/workflows/definition.ts), or null when `error` says why it didn't parse. */
    definition: jsonb("definition").$type<Record<string, unknown>>(),
    error: jsonb("error").$type<{ message: string; line: number; column: number }>(),
    /** Of the parser that read it (workers/workflows/parse-workflow.ts); a later one reads it again. */
    parserVersion: integer("parser_version").notNull().default(0),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex("workflow_definitions_content").on(table.repositoryId, table.path, table.blobOid)],
);

export const workflowRuns = pgTable(
  "workflow_runs",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    number: integer("number").notNull(),
    definitionId: reference("definition_id").references(() => workflowDefinitions.id),
    name: text("name").notNull(),
    event: text("event").notNull(),
    ref: text("ref").notNull(),
    headSha: text("head_sha").notNull(),
    /** The head commit's subject, kept here so that lists need no git read. */
    title: text("title").notNull().default(""),
    status: text("status").$type<RunStatus>().notNull().default("pending"),
    /** Why a run failed before or outside its steps; shown on its page. */
    failureReason: text("failure_reason"),
    actorId: reference("actor_id").references(() => users.id, { onDelete: "set null" }),
    cancelRequestedAt: moment("cancel_requested_at"),
    /** The seq of the newest event; taken under the row's lock, so seqs are gap-free and in commit order. */
    lastEventSeq: integer("last_event_seq").notNull().default(0),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("workflow_runs_number_unique").on(table.repositoryId, table.number),
    index("workflow_runs_head").on(table.repositoryId, table.headSha),
    index("workflow_runs_definition").on(table.definitionId),
    index("workflow_runs_actor").on(table.actorId),
    check(
      "workflow_runs_status",
      sql`${table.status} IN ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'needs_approval')`,
    ),
  ],
);

export const workflowJobs = pgTable(
  "workflow_jobs",
  {
    id: identity(),
    runId: reference("run_id")
      .notNull()
      .references(() => workflowRuns.id, { onDelete: "cascade" }),
    /** The id in the definition, such as `build`. */
    key: text("key").notNull(),
    name: text("name").notNull(),
    position: integer("position").notNull(),
    needs: text("needs").array().notNull(),
    plan: jsonb("plan").$type<JobPlan>().notNull(),
    status: text("status").$type<JobStatus>().notNull().default("pending"),
    failureReason: text("failure_reason"),
    priority: integer("priority").notNull().default(0),
    attempt: integer("attempt").notNull().default(0),
    gateway: text("gateway"),
    /** Which sandbox ran the newest attempt, as shown on the run's page: `bubblewrap`. */
    sandbox: text("sandbox"),
    leaseUntil: moment("lease_until"),
    /** SHA-256 of the attempt's run token; a new attempt has a new token, so a stale one is refused. */
    tokenHash: text("token_hash"),
    /** How many runner events of this attempt are stored; the runner resumes from here after a cut. */
    eventOffset: integer("event_offset").notNull().default(0),
    /** What runners of all its attempts have reported, held against a quota. */
    reportedEvents: integer("reported_events").notNull().default(0),
    reportedBytes: integer("reported_bytes").notNull().default(0),
    /** Milliseconds of each part of the start: {queue, claim, handover, checkout, firstOutput}. */
    timings: jsonb("timings").$type<Record<string, number>>().notNull().default({}),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("workflow_jobs_key_unique").on(table.runId, table.key),
    index("workflow_jobs_claimable")
      .on(table.priority, table.createdAt)
      .where(sql`${table.status} = 'waiting'`),
    index("workflow_jobs_leases").on(table.leaseUntil).where(sql`${table.status} = 'running'`),
    index("workflow_jobs_token").on(table.tokenHash),
    check(
      "workflow_jobs_status",
      sql`${table.status} IN ('pending', 'waiting', 'running', 'succeeded', 'failed', 'cancelled', 'skipped')`,
    ),
  ],
);

export const workflowSteps = pgTable(
  "workflow_steps",
  {
    id: identity(),
    jobId: reference("job_id")
      .notNull()
      .references(() => workflowJobs.id, { onDelete: "cascade" }),
    position: integer("position").notNull(),
    name: text("name").notNull(),
    status: text("status").$type<StepStatus>().notNull().default("pending"),
    exitCode: integer("exit_code"),
    failureReason: text("failure_reason"),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("workflow_steps_position_unique").on(table.jobId, table.position),
    check(
      "workflow_steps_status",
      sql`${table.status} IN ('pending', 'running', 'succeeded', 'failed', 'cancelled', 'skipped')`,
    ),
  ],
);

/** Append-only. (run_id, seq) is the order readers see; (job_id, attempt, offset) is what makes a repeat harmless. */
export const runEvents = pgTable(
  "run_events",
  {
    runId: reference("run_id")
      .notNull()
      .references(() => workflowRuns.id, { onDelete: "cascade" }),
    seq: integer("seq").notNull(),
    jobId: reference("job_id").references(() => workflowJobs.id, { onDelete: "cascade" }),
    attempt: integer("attempt").notNull().default(0),
    /** The runner's own count of this event within the attempt, from 1; null for events of the gateway or Worker. */
    offset: integer("offset"),
    stepId: reference("step_id").references(() => workflowSteps.id, { onDelete: "cascade" }),
    type: text("type").notNull(),
    data: jsonb("data").$type<Record<string, unknown>>().notNull(),
    at: moment("at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.seq] }),
    uniqueIndex("run_events_offset_unique").on(table.jobId, table.attempt, table.offset),
    index("run_events_step").on(table.stepId),
    check("run_events_type", sql`${table.type} IN ('log', 'step', 'job', 'run', 'error', 'done')`),
  ],
);

/** What the runs in an owner's repositories have reported on the newest day that any did; held against a quota. */
export const runUsage = pgTable("run_usage", {
  ownerId: reference("owner_id")
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  /** In UTC. */
  day: date("day").notNull(),
  reportedEvents: bigint("reported_events", { mode: "number" }).notNull(),
  reportedBytes: bigint("reported_bytes", { mode: "number" }).notNull(),
});

/** Standby and claimed sandboxes. A standby row carries no identity; a claim binds it to one job's attempt. */
export const runnerPool = pgTable(
  "runner_pool",
  {
    id: text("id").primaryKey(),
    gateway: text("gateway").notNull(),
    driver: text("driver").notNull(),
    state: text("state").notNull().default("standby"),
    jobId: reference("job_id").references(() => workflowJobs.id, { onDelete: "set null" }),
    attempt: integer("attempt"),
    leaseUntil: moment("lease_until").notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("runner_pool_job").on(table.jobId),
    index("runner_pool_standby").on(table.gateway).where(sql`${table.state} = 'standby'`),
    check("runner_pool_state", sql`${table.state} IN ('standby', 'claimed')`),
  ],
);
