// The SQL that finds who a token belongs to. Invariant: by hash alone, live ones of active owners only, and the request
// is counted in the same statement.
import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import { accessTokens, users } from "../../schema/tables/auth.ts";
import { deployKeys } from "../../schema/tables/git.ts";
import { workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import type { Executor } from "../core/db.ts";
import { chargeColumn } from "../rate-limits/charge.ts";
import type { RequestRules } from "../rate-limits/request-rules.ts";

const limitedTo = sql<number[] | null>`CASE WHEN ${accessTokens.isRepositoryLimited} THEN ARRAY(
  SELECT reached.repository_id::float8 FROM access_token_repositories reached
  WHERE reached.token_id = ${accessTokens.id}) END`;

/** A column that is asked for along with the token: given the column of its owner's id, or null where it has no owner. */
export type Beside = (userId: SQL | null) => SQL<unknown>;

/** The live token with this hash and its active owner. */
export async function findTokenOwner(
  query: Executor,
  tokenHash: string,
  rules: RequestRules | null,
  beside: Beside,
) {
  const [row] = await query
    .select({
      userId: users.id,
      username: users.username,
      isAdmin: users.isAdmin,
      tokenId: accessTokens.id,
      scopes: accessTokens.scopes,
      repositoryIds: limitedTo,
      lastUsedAt: accessTokens.lastUsedAt,
      charge: chargeColumn(rules, {
        credential: sql`'token:' || ${accessTokens.id}`,
        account: sql`${users.id}::text`,
      }),
      beside: beside(sql`${accessTokens.userId}`),
    })
    .from(accessTokens)
    .innerJoin(users, eq(users.id, accessTokens.userId))
    .where(
      and(
        eq(accessTokens.tokenHash, tokenHash),
        isNull(accessTokens.revokedAt),
        sql`(${accessTokens.expiresAt} IS NULL OR ${accessTokens.expiresAt} > now())`,
        isNull(users.suspendedAt),
      ),
    );
  return row;
}

/** The deploy key with this hash. One that a suspended person made opens nothing while they are. */
export async function findDeployKey(
  query: Executor,
  tokenHash: string,
  rules: RequestRules | null,
  beside: Beside,
) {
  const [row] = await query
    .select({
      deployKeyId: deployKeys.id,
      repositoryId: deployKeys.repositoryId,
      canWrite: deployKeys.canWrite,
      lastUsedAt: deployKeys.lastUsedAt,
      charge: chargeColumn(rules, { credential: sql`'deploy:' || ${deployKeys.id}`, account: null }),
      beside: beside(null),
    })
    .from(deployKeys)
    .leftJoin(users, eq(users.id, deployKeys.createdBy))
    .where(and(eq(deployKeys.tokenHash, tokenHash), isNull(users.suspendedAt)));
  return row;
}

/** The running attempt that this run token belongs to. */
export async function findRunningJob(
  query: Executor,
  tokenHash: string,
  rules: RequestRules | null,
  beside: Beside,
) {
  const [row] = await query
    .select({
      jobId: workflowJobs.id,
      repositoryId: workflowRuns.repositoryId,
      charge: chargeColumn(rules, { credential: sql`'job:' || ${workflowJobs.id}`, account: null }),
      beside: beside(null),
    })
    .from(workflowJobs)
    .innerJoin(workflowRuns, eq(workflowRuns.id, workflowJobs.runId))
    .where(and(eq(workflowJobs.tokenHash, tokenHash), eq(workflowJobs.status, "running")));
  return row;
}

export async function touchToken(query: Executor, tokenId: number, lastUsedAddress: string): Promise<void> {
  await query
    .update(accessTokens)
    .set({ lastUsedAt: sql`now()`, lastUsedAddress })
    .where(eq(accessTokens.id, tokenId));
}

export async function touchDeployKey(query: Executor, id: number): Promise<void> {
  await query.update(deployKeys).set({ lastUsedAt: sql`now()` }).where(eq(deployKeys.id, id));
}
