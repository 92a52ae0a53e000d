// What is said of commits by those who test them: by anyone who may write, and by the runs themselves.
import type { RunStatus } from "../../schema/run-states.ts";
import { statusOfRun } from "../../schema/run-status-context.ts";
import { requireUser } from "../auth/require-user.ts";
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { ForgeError } from "../core/errors.ts";
import { STATUSES_PER_CONTEXT_MAX } from "../core/limits.ts";
import type { PageRequest } from "../core/paging.ts";
import { createObjectReader } from "../git/store/object-reader.ts";
import type { Repository } from "../repos/service.ts";
import * as store from "./store.ts";

export type { StatusRow } from "./store.ts";

/** The state of each of some contexts that anything has been said of, on one commit. */
export async function readContextStates(
  query: Executor,
  repositoryId: number,
  oid: string,
  contexts: readonly string[],
): Promise<ReadonlyMap<string, store.StatusState>> {
  const rows = await store.listNewest(query, repositoryId, oid, contexts);
  return new Map(rows.map(({ context, state }) => [context, state]));
}

interface WantedStatus {
  state: store.StatusState;
  context: string;
  description: string;
  /** Empty, or an address of the web. */
  targetUrl: string;
}

/**
 * Says something of a commit.
 * @throws ForgeError `invalid` when the repository has no such commit, or a context has been spoken of too often.
 */
export async function addStatus(
  services: { env: Env; database: Database },
  actor: Actor,
  repository: Repository,
  oid: string,
  wanted: WantedStatus,
): Promise<store.StatusRow> {
  const { userId } = requireUser(actor);
  const header = await createObjectReader(services.env, services.database, repository.id).readHeader(oid);
  if (header?.type !== "commit") throw refuse("sha", `No commit found for SHA: ${oid}`);
  return services.database.transaction(async (transaction) => {
    const said = await store.countContext(transaction, repository.id, oid, wanted.context);
    if (said >= STATUSES_PER_CONTEXT_MAX) {
      throw refuse("context", "This SHA and context has reached the maximum number of statuses.");
    }
    return store.insertStatus(transaction, {
      ...{ repositoryId: repository.id, oid, creatorId: userId, ...wanted },
    });
  });
}

function refuse(field: string, message: string): ForgeError {
  return new ForgeError("invalid", message, {
    fields: [{ resource: "Status", field, code: "custom", message }],
  });
}

/** All that was said of a commit, newest first. */
export async function listStatuses(
  database: Database,
  repositoryId: number,
  oid: string,
  page: PageRequest,
): Promise<{ statuses: store.StatusRow[]; total: number }> {
  const statuses = await store.listStatuses(database.query, repositoryId, oid, page);
  return { statuses, total: await store.countStatuses(database.query, repositoryId, oid) };
}

interface CombinedStatus {
  /** `failure` when any context failed, `pending` when any is, or when there is none. */
  state: "failure" | "pending" | "success";
  statuses: store.StatusRow[];
}

/** The newest of each context, and what they come to. */
export async function combineStatuses(
  database: Database,
  repositoryId: number,
  oid: string,
): Promise<CombinedStatus> {
  const statuses = await store.listNewest(database.query, repositoryId, oid);
  const states = statuses.map(({ state }) => state);
  if (states.some((state) => state === "failure" || state === "error")) return { state: "failure", statuses };
  const isPending = states.length === 0 || states.includes("pending");
  return { state: isPending ? "pending" : "success", statuses };
}

interface RunOfCommit {
  id: number;
  repositoryId: number;
  name: string;
  headSha: string;
  actorId: number | null;
}

/** Says of the runs' commits what the runs have come to, in the transaction that brings them there. */
export async function recordRunStatuses(
  transaction: Executor,
  runs: readonly RunOfCommit[],
  status: RunStatus,
): Promise<void> {
  await store.insertRunStatuses(
    transaction,
    runs.map((run) => ({
      repositoryId: run.repositoryId,
      oid: run.headSha,
      creatorId: run.actorId,
      runId: run.id,
      ...statusOfRun(run.name, status),
    })),
  );
}
