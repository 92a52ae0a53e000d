// What runners may report, counted with the report itself: by job over all its attempts, by run, and by owner and day.
// A sandbox decides what it sends, so nothing but these counts bounds the rows that it makes.
import { and, eq, sql } from "drizzle-orm";
import { repositories } from "../../schema/tables/git.ts";
import { runUsage, workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import {
  EVENTS_PER_JOB_MAX,
  EVENTS_PER_OWNER_DAY_MAX,
  EVENTS_PER_RUN_MAX,
  REPORTED_BYTES_PER_JOB_MAX,
  REPORTED_BYTES_PER_OWNER_DAY_MAX,
  REPORTED_BYTES_PER_RUN_MAX,
} from "../limits.ts";
import type { RunChange } from "./run-change.ts";

interface Usage {
  events: number;
  bytes: number;
}

const LIMITS = {
  job: { events: EVENTS_PER_JOB_MAX, bytes: REPORTED_BYTES_PER_JOB_MAX, whose: "this job may" },
  run: { events: EVENTS_PER_RUN_MAX, bytes: REPORTED_BYTES_PER_RUN_MAX, whose: "one run may" },
  owner: {
    ...{ events: EVENTS_PER_OWNER_DAY_MAX, bytes: REPORTED_BYTES_PER_OWNER_DAY_MAX },
    whose: "all runs of its owner may on one day",
  },
} as const;

const today = sql`(now() AT TIME ZONE 'UTC')::date`;
const sumOf = (expression: ReturnType<typeof sql>) => sql<string>`coalesce(sum(${expression}), 0)`;

/** The counts of one write: begun from what is stored, and stored with the events they count. */
export class ReportQuota {
  readonly #change: RunChange;
  readonly #jobId: number;
  readonly #ownerId: number;
  readonly #used: Record<keyof typeof LIMITS, Usage>;
  readonly #added: Usage = { events: 0, bytes: 0 };

  private constructor(
    change: RunChange,
    jobId: number,
    ownerId: number,
    used: Record<keyof typeof LIMITS, Usage>,
  ) {
    this.#change = change;
    this.#jobId = jobId;
    this.#ownerId = ownerId;
    this.#used = used;
  }

  /** Reads what the job, its run and its owner have used. */
  static async open(change: RunChange, jobId: number): Promise<ReportQuota> {
    const isJob = eq(workflowJobs.id, jobId);
    const [run] = await change.transaction
      .select({
        ownerId: repositories.ownerId,
        jobEvents: sumOf(sql`CASE WHEN ${isJob} THEN ${workflowJobs.reportedEvents} ELSE 0 END`),
        jobBytes: sumOf(sql`CASE WHEN ${isJob} THEN ${workflowJobs.reportedBytes} ELSE 0 END`),
        runEvents: sumOf(sql`${workflowJobs.reportedEvents}`),
        runBytes: sumOf(sql`${workflowJobs.reportedBytes}`),
      })
      .from(workflowJobs)
      .innerJoin(workflowRuns, eq(workflowRuns.id, workflowJobs.runId))
      .innerJoin(repositories, eq(repositories.id, workflowRuns.repositoryId))
      .where(eq(workflowJobs.runId, change.run.id))
      .groupBy(repositories.ownerId);
    if (!run) throw new Error(`run ${change.run.id} has no jobs or no repository`);
    const [owner] = await change.transaction
      .select({ events: runUsage.reportedEvents, bytes: runUsage.reportedBytes })
      .from(runUsage)
      .where(and(eq(runUsage.ownerId, run.ownerId), eq(runUsage.day, today)));
    return new ReportQuota(change, jobId, run.ownerId, {
      job: { events: Number(run.jobEvents), bytes: Number(run.jobBytes) },
      run: { events: Number(run.runEvents), bytes: Number(run.runBytes) },
      owner: owner ?? { events: 0, bytes: 0 },
    });
  }

  /** Counts the event. @returns why it is too much; null when it is within all quotas. */
  count(event: RunnerEvent): string | null {
    const bytes = measureEvent(event);
    for (const kind of ["job", "run", "owner"] as const) {
      const limit = LIMITS[kind];
      const used = this.#used[kind];
      if (used.events + this.#added.events + 1 > limit.events)
        return `it reported more than ${limit.whose}: ${limit.events} events`;
      if (used.bytes + this.#added.bytes + bytes > limit.bytes)
        return `it reported more than ${limit.whose}: ${limit.bytes} bytes`;
    }
    this.#added.events += 1;
    this.#added.bytes += bytes;
    return null;
  }

  /** Stores what was counted; among the last statements of the transaction, as an owner's row is shared by runs. */
  async write(): Promise<void> {
    const { events, bytes } = this.#added;
    if (events === 0) return;
    const { transaction } = this.#change;
    await transaction
      .update(workflowJobs)
      .set({
        reportedEvents: sql`${workflowJobs.reportedEvents} + ${events}`,
        reportedBytes: sql`${workflowJobs.reportedBytes} + ${bytes}`,
      })
      .where(eq(workflowJobs.id, this.#jobId));
    const carried = (column: typeof runUsage.reportedEvents | typeof runUsage.reportedBytes) =>
      sql`CASE WHEN ${runUsage.day} = ${today} THEN ${column} ELSE 0 END`;
    await transaction
      .insert(runUsage)
      .values({ ownerId: this.#ownerId, day: today, reportedEvents: events, reportedBytes: bytes })
      .onConflictDoUpdate({
        target: runUsage.ownerId,
        set: {
          day: today,
          reportedEvents: sql`${carried(runUsage.reportedEvents)} + ${events}`,
          reportedBytes: sql`${carried(runUsage.reportedBytes)} + ${bytes}`,
        },
      });
  }
}

/** The text that an event brings. */
function measureEvent(event: RunnerEvent): number {
  if (event.type === "log") return Buffer.byteLength(event.text);
  return event.type === "phase" ? 0 : Buffer.byteLength(event.reason ?? "");
}
