// The SQL of commit statuses. Of each context of a commit the newest row counts.
import { and, desc, eq, inArray, sql } from "drizzle-orm";
import { users } from "../../schema/tables/auth.ts";
import { commitStatuses } from "../../schema/tables/git.ts";
import { workflowRuns } from "../../schema/tables/runs.ts";
import type { Executor } from "../core/db.ts";

export type StatusState = "error" | "failure" | "pending" | "success";

const shape = {
  id: commitStatuses.id,
  oid: commitStatuses.oid,
  context: commitStatuses.context,
  state: sql<StatusState>`${commitStatuses.state}`,
  description: commitStatuses.description,
  targetUrl: commitStatuses.targetUrl,
  /** Of the run that says so; null for what came by the API. */
  runNumber: workflowRuns.number,
  creatorId: users.id,
  creator: users.username,
  createdAt: commitStatuses.createdAt,
  updatedAt: commitStatuses.updatedAt,
};

const select = (query: Executor) =>
  query
    .select(shape)
    .from(commitStatuses)
    .leftJoin(users, eq(users.id, commitStatuses.creatorId))
    .leftJoin(workflowRuns, eq(workflowRuns.id, commitStatuses.runId));

export type StatusRow = Awaited<ReturnType<typeof listStatuses>>[number];

export async function listStatuses(
  query: Executor,
  repositoryId: number,
  oid: string,
  page: { offset: number; limit: number },
) {
  return select(query)
    .where(and(eq(commitStatuses.repositoryId, repositoryId), eq(commitStatuses.oid, oid)))
    .orderBy(desc(commitStatuses.id))
    .offset(page.offset)
    .limit(page.limit);
}

export async function countStatuses(query: Executor, repositoryId: number, oid: string): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(commitStatuses)
    .where(and(eq(commitStatuses.repositoryId, repositoryId), eq(commitStatuses.oid, oid)));
  return row?.total ?? 0;
}

/** How often something has been said of a commit in one context. */
export async function countContext(
  query: Executor,
  repositoryId: number,
  oid: string,
  context: string,
): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(commitStatuses)
    .where(
      and(
        eq(commitStatuses.repositoryId, repositoryId),
        eq(commitStatuses.oid, oid),
        eq(commitStatuses.context, context),
      ),
    );
  return row?.total ?? 0;
}

// The newest of each context.
const newestOf = (repositoryId: number, oid: string) => sql`(
  SELECT DISTINCT ON (newest.context) newest.id FROM commit_statuses newest
  WHERE newest.repository_id = ${repositoryId} AND newest.oid = ${oid}
  ORDER BY newest.context, newest.id DESC)`;

/** The newest status of each context, by context. */
export async function listNewest(
  query: Executor,
  repositoryId: number,
  oid: string,
  contexts?: readonly string[],
): Promise<StatusRow[]> {
  return select(query)
    .where(
      and(
        sql`${commitStatuses.id} IN ${newestOf(repositoryId, oid)}`,
        contexts === undefined ? undefined : inArray(commitStatuses.context, [...contexts]),
      ),
    )
    .orderBy(commitStatuses.context);
}

export async function insertStatus(
  query: Executor,
  status: typeof commitStatuses.$inferInsert,
): Promise<StatusRow> {
  const [row] = await query.insert(commitStatuses).values(status).returning({ id: commitStatuses.id });
  const [stored] = await select(query).where(eq(commitStatuses.id, row?.id ?? 0));
  if (stored === undefined) throw new Error("an INSERT gave no row");
  return stored;
}

/** What runs say; a state that one has said already is not said again. */
export async function insertRunStatuses(
  transaction: Executor,
  statuses: (typeof commitStatuses.$inferInsert)[],
): Promise<void> {
  if (statuses.length > 0) await transaction.insert(commitStatuses).values(statuses).onConflictDoNothing();
}
