// The SQL of imports. Invariant: every move between states is one statement that names the state it moves from, so of
// two that try one does.
import { and, asc, desc, eq, inArray, lt, notInArray, type SQL, sql } from "drizzle-orm";
import type { PgUpdateSetSource } from "drizzle-orm/pg-core";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { type ImportPhase, type ImportRef, type ImportResult, imports } from "../../schema/tables/imports.ts";
import type { Executor } from "../core/db.ts";
import {
  IMPORT_IDLE_MS,
  IMPORT_LEASE_MS,
  IMPORT_LEASE_MS_PER_GIB,
  IMPORTS_PER_REPOSITORY_MAX,
  IMPORTS_PER_SWEEP_MAX,
} from "../core/limits.ts";

export type Import = typeof imports.$inferSelect;

interface NewImport {
  repositoryId: number;
  actorId: number;
  format: "bundle" | "pack";
  isForced: boolean;
  sizeBytes: number;
  partBytes: number;
  refs: ImportRef[];
}

const ACTIVE = ["uploading", "queued", "indexing"] as const;
const after = (ms: number): SQL<Date> => sql<Date>`now() + ${ms} * interval '1 millisecond'`;
const now = sql`now()`;
const leaseEnd = sql<Date>`now() + (${IMPORT_LEASE_MS} + ${imports.sizeBytes} / 1073741824.0 * ${IMPORT_LEASE_MS_PER_GIB}) * interval '1 millisecond'`;

/** Begins an import, or undefined when the repository has as many as it may. To be called in a transaction. */
export async function insertImport(transaction: Executor, wanted: NewImport): Promise<Import | undefined> {
  // Whoever else begins one for this repository waits here.
  await transaction
    .select({ id: repositories.id })
    .from(repositories)
    .where(eq(repositories.id, wanted.repositoryId))
    .for("no key update");
  const active = await transaction
    .select({ id: imports.id })
    .from(imports)
    .where(and(eq(imports.repositoryId, wanted.repositoryId), inArray(imports.state, ACTIVE)));
  if (active.length >= IMPORTS_PER_REPOSITORY_MAX) return undefined;
  const [row] = await transaction
    .insert(imports)
    .values({ ...wanted, expiresAt: after(IMPORT_IDLE_MS) })
    .returning();
  return row;
}

export async function findImport(
  query: Executor,
  repositoryId: number,
  id: number,
): Promise<Import | undefined> {
  const [row] = await query
    .select()
    .from(imports)
    .where(and(eq(imports.id, id), eq(imports.repositoryId, repositoryId)));
  return row;
}

/** A repository's imports, the newest first, not more than `limit`. */
export async function listImports(query: Executor, repositoryId: number, limit: number): Promise<Import[]> {
  return query
    .select()
    .from(imports)
    .where(eq(imports.repositoryId, repositoryId))
    .orderBy(desc(imports.id))
    .limit(limit);
}

/** Puts the end of an upload off; false when it isn't uploading any more. */
export async function touchUpload(query: Executor, id: number): Promise<boolean> {
  const rows = await query
    .update(imports)
    .set({ expiresAt: after(IMPORT_IDLE_MS), updatedAt: now })
    .where(and(eq(imports.id, id), eq(imports.state, "uploading")))
    .returning({ id: imports.id });
  return rows.length > 0;
}

/** From `uploading` to `queued`, with the parts as they are now. */
export async function queueImport(
  query: Executor,
  id: number,
  partEtags: string[],
): Promise<Import | undefined> {
  const [row] = await query
    .update(imports)
    .set({ state: "queued", partEtags, leaseUntil: leaseEnd, updatedAt: now })
    .where(and(eq(imports.id, id), eq(imports.state, "uploading")))
    .returning();
  return row;
}

/** Ends an import that nobody indexes. */
export async function abortImport(query: Executor, id: number): Promise<Import | undefined> {
  const [row] = await query
    .update(imports)
    .set({ state: "aborted", updatedAt: now })
    .where(and(eq(imports.id, id), inArray(imports.state, ["uploading", "queued"])))
    .returning();
  return row;
}

/** Puts back what nobody works at any more. @returns the ids, to be told to the queue. */
export async function requeueStale(query: Executor, id?: number): Promise<number[]> {
  const rows = await query
    .update(imports)
    .set({ state: "queued", leaseUntil: leaseEnd, updatedAt: now })
    .where(
      and(
        inArray(imports.state, ["queued", "indexing"]),
        lt(imports.leaseUntil, now),
        id === undefined ? undefined : eq(imports.id, id),
      ),
    )
    .returning({ id: imports.id });
  return rows.map((row) => row.id);
}

/** Takes an import up: from `queued` to `indexing`, with the next number. Undefined when there is nothing to take. */
export async function claimImport(query: Executor, id: number): Promise<Import | undefined> {
  const [row] = await query
    .update(imports)
    .set({
      state: "indexing",
      attempt: sql`${imports.attempt} + 1`,
      phase: sql`coalesce(${imports.phase}, 'scanning')`,
      leaseUntil: leaseEnd,
      updatedAt: now,
    })
    .where(and(eq(imports.id, id), eq(imports.state, "queued")))
    .returning();
  return row;
}

/** The claim that a write speaks for. */
export type Claim = Pick<Import, "id" | "attempt">;

const held = ({ id, attempt }: Claim) =>
  and(eq(imports.id, id), eq(imports.attempt, attempt), eq(imports.state, "indexing"));

async function updateHeld(
  query: Executor,
  claim: Claim,
  set: PgUpdateSetSource<typeof imports>,
): Promise<boolean> {
  const rows = await query
    .update(imports)
    .set({ ...set, updatedAt: now })
    .where(held(claim))
    .returning({ id: imports.id });
  return rows.length > 0;
}

/** Says how far an attempt has come, and holds on to it; false when it is lost. */
export async function reportProgress(
  query: Executor,
  claim: Claim,
  progress: { phase: ImportPhase; done: number; total: number },
): Promise<boolean> {
  return updateHeld(query, claim, { ...progress, leaseUntil: leaseEnd });
}

/** The good end; false when the attempt had lost the import. */
export async function finishImport(
  query: Executor,
  claim: Claim,
  end: { operationId: number | null; result: ImportResult },
): Promise<boolean> {
  return updateHeld(query, claim, { state: "done", ...end, leaseUntil: null, failure: null });
}

/** Adds what the person is told, which is only known after the end. */
export async function addLines(query: Executor, id: number, lines: readonly string[]): Promise<void> {
  await query
    .update(imports)
    .set({ result: sql`jsonb_set(${imports.result}, '{lines}', ${JSON.stringify(lines)}::jsonb)` })
    .where(and(eq(imports.id, id), eq(imports.state, "done")));
}

/** The bad end; false when the attempt had lost the import. */
export async function failImport(query: Executor, claim: Claim, failure: string): Promise<boolean> {
  return updateHeld(query, claim, { state: "failed", failure, leaseUntil: null });
}

/** Puts an import back that has come a step further: the next attempt goes on from there. False when it was lost. */
export async function pauseImport(query: Executor, claim: Claim): Promise<boolean> {
  return updateHeld(query, claim, { state: "queued", savedAttempt: claim.attempt, leaseUntil: leaseEnd });
}

/** Gives an import back that couldn't be indexed for reasons of our own. */
export async function releaseImport(query: Executor, claim: Claim): Promise<void> {
  await updateHeld(query, claim, { state: "queued", leaseUntil: leaseEnd });
}

/** Ends uploads that nobody goes on with. */
export async function expireUploads(query: Executor): Promise<void> {
  await query
    .update(imports)
    .set({ state: "expired", updatedAt: now })
    .where(and(eq(imports.state, "uploading"), lt(imports.expiresAt, now)));
}

const endedWithParts = and(eq(imports.hasParts, true), notInArray(imports.state, [...ACTIVE]));

/** The import, if it has ended while its parts may still be stored. */
export async function findEndedWithParts(query: Executor, id: number): Promise<Import | undefined> {
  const [row] = await query
    .select()
    .from(imports)
    .where(and(eq(imports.id, id), endedWithParts));
  return row;
}

/** Imports that have ended while their parts may still be stored. */
export async function listEndedWithParts(query: Executor): Promise<Import[]> {
  return query
    .select()
    .from(imports)
    .where(endedWithParts)
    .orderBy(asc(imports.id))
    .limit(IMPORTS_PER_SWEEP_MAX);
}

export async function markPartsGone(query: Executor, id: number): Promise<void> {
  await query.update(imports).set({ hasParts: false }).where(eq(imports.id, id));
}

/** Where an import goes, and for whom, with what the git engine must know of both. */
export async function findTarget(query: Executor, wanted: { repositoryId: number; actorId: number }) {
  const owners = sql<string>`(SELECT username FROM users AS owner WHERE owner.id = ${repositories.ownerId})`;
  const [row] = await query
    .select({
      repository: {
        id: repositories.id,
        owner: owners,
        name: repositories.name,
        defaultBranch: repositories.defaultBranch,
        isPrivate: sql<boolean>`${repositories.visibility} <> 'public'`,
      },
      actor: { id: users.id, username: users.username },
    })
    .from(repositories)
    .innerJoin(users, eq(users.id, wanted.actorId))
    .where(eq(repositories.id, wanted.repositoryId));
  return row;
}
