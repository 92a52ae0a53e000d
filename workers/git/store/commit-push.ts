// The one way refs move. Invariant: either every accepted ref, the pack, the operation and its event are written in one
// transaction, or nothing is; a ref moves only from the value that the caller saw.

import { eq, sql } from "drizzle-orm";
import { z } from "zod";
import { repositories } from "../../../schema/tables/git.ts";
import { writeEvents } from "../../../schema/write-events.ts";
import type { Database, Executor } from "../../core/db.ts";
import {
  CROWDED_PACKS,
  REPOSITORY_LIMIT_BYTES,
  REPOSITORY_OBJECT_LIMIT,
  UNREACHABLE_GRACE_MS,
} from "../limits.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";
import { GRAPH_VERSION } from "../pack/pack-graph.ts";
import { listParentNames } from "../wire/ref-name.ts";
import { REVIVE_PACK, type StoredPack } from "./catalog.ts";
import { judgeUpdates, type RefOutcome } from "./judge-updates.ts";
import { type JudgeMoves, type ProtectedBranch, protectedBranch, type RefMove } from "./protection.ts";
import { bigintColumn, queryRows } from "./query-rows.ts";

interface PushCommit {
  readonly repositoryId: number;
  readonly actorId: number | null;
  readonly kind: "push" | "undo" | "restore" | "merge" | "api";
  readonly moves: readonly RefMove[];
  /** All refs move, or none. */
  readonly isAtomic: boolean;
  /** The stored pack that the moves need, or null when they need none. */
  readonly pack: StoredPack | null;
  /** As it was when the repository's packs were listed: all that was found in them then must still be there. */
  readonly packEpoch: number;
  readonly judge: JudgeMoves;
  /** Runs in the transaction once the refs have moved, with those that did. What it throws undoes everything. */
  readonly commit: (
    transaction: Executor,
    operationId: number,
    accepted: readonly RefMove[],
  ) => Promise<void>;
}

interface PushResult {
  /** The number of the operation, or null when no ref moved and nothing was written. */
  readonly operationId: number | null;
  /** In the order of the moves. */
  readonly outcomes: readonly RefOutcome[];
  /** Where the pack is: another than the caller's when the catalog has it already. Null when nothing was written. */
  readonly storageKey: string | null;
  /** Stored objects may have gone: nothing was written, and the caller is to check its pack again. */
  readonly isOutdated: boolean;
  /** Whether the outbox holds word for housekeeping. */
  readonly isCrowded: boolean;
}

/** Undoes the transaction of a push whose pack is too much for the repository. */
class IsOverQuota extends Error {}

const refuse = (outcomes: readonly RefOutcome[]): PushResult => ({
  ...{ operationId: null, outcomes, storageKey: null },
  ...{ isOutdated: false, isCrowded: false },
});

const OUTDATED: PushResult = { ...refuse([]), isOutdated: true };

/**
 * Moves refs. Expected refusals are outcomes, not errors. Pushes to one repository wait for each other here, for
 * as long as this transaction takes.
 */
export async function commitPush(
  database: Pick<Database, "transaction">,
  push: PushCommit,
): Promise<PushResult> {
  try {
    return await commitOnce(database, push);
  } catch (error) {
    if (error instanceof IsOverQuota) {
      return refuse(push.moves.map(({ name }) => ({ name, status: "over-quota" })));
    }
    throw error;
  }
}

function commitOnce(database: Pick<Database, "transaction">, push: PushCommit): Promise<PushResult> {
  return database.transaction(async (transaction) => {
    const { repositoryId, moves } = push;
    const [repository] = await transaction
      .select({
        defaultBranch: repositories.defaultBranch,
        packEpoch: repositories.packEpoch,
        archivedAt: repositories.archivedAt,
      })
      .from(repositories)
      .where(eq(repositories.id, repositoryId))
      .for("no key update");
    if (repository === undefined) return refuse(moves.map(({ name }) => ({ name, status: "gone" })));
    if (repository.packEpoch !== push.packEpoch) return OUTDATED;
    const { current, protection } = await readCurrent(transaction, repositoryId, moves);
    const refusals =
      repository.archivedAt === null
        ? await judgeByRules(transaction, push, current, protection)
        : new Map(moves.map(({ name }) => [name, "this repository is archived"]));
    const outcomes = judgeUpdates(current, moves, {
      isAtomic: push.isAtomic,
      defaultRef: `refs/heads/${repository.defaultBranch}`,
      refusals,
    });
    const accepted = moves.filter((_, at) => outcomes[at]?.status === "ok");
    if (accepted.length === 0) return refuse(outcomes);
    const firstBranch = push.kind === "push" ? findFirstBranch(accepted, repository.defaultBranch) : null;
    const written = await writeMoves(transaction, push, accepted, firstBranch);
    const { id: operationId, storageKey, isCrowded } = written;
    const changes = accepted.map(({ name, before, after }) => ({ name, before, after }));
    await writeEvents(transaction, [
      { topic: "push", repositoryId, payload: { repositoryId, operationId, changes } },
      ...(isCrowded
        ? [{ topic: "repository.crowded", repositoryId, payload: { repositoryId } } as const]
        : []),
    ]);
    await push.commit(transaction, operationId, accepted);
    return { operationId, outcomes, storageKey, isOutdated: false, isCrowded };
  });
}

const NO_REFUSALS: ReadonlyMap<string, string> = new Map();

async function judgeByRules(
  transaction: Executor,
  { moves, judge }: PushCommit,
  current: ReadonlyMap<string, Oid>,
  protection: readonly ProtectedBranch[],
): Promise<ReadonlyMap<string, string>> {
  if (protection.length === 0) return NO_REFUSALS;
  const fresh = moves.filter(({ name, before }) => (current.get(name) ?? ZERO_OID) === before);
  return fresh.length === 0 ? NO_REFUSALS : judge(transaction, protection, fresh);
}

const BRANCH_PREFIX = "refs/heads/";

/** The branch by which a repository without branches is to be known from now on; null when its own is among them. */
function findFirstBranch(accepted: readonly RefMove[], defaultBranch: string): string | null {
  const made = accepted
    .filter(({ name, after }) => name.startsWith(BRANCH_PREFIX) && after !== ZERO_OID)
    .map(({ name }) => name.slice(BRANCH_PREFIX.length));
  if (made.includes(defaultBranch)) return null;
  return ["main", "master"].find((name) => made.includes(name)) ?? made[0] ?? null;
}

const currentRow = z.object({
  refs: z.array(z.object({ name: z.string(), oid: z.string() })),
  protection: z.array(protectedBranch),
});

// The refs to be moved, those that a new ref can't exist beside, above it or one below it, and the rules for branches. Whoever
// changes the rules holds the repository's row, so after its lock these are the newest.
async function readCurrent(
  transaction: Executor,
  repositoryId: number,
  moves: readonly RefMove[],
): Promise<{ current: Map<string, Oid>; protection: readonly ProtectedBranch[] }> {
  const created = moves.filter((move) => move.after !== ZERO_OID).map((move) => move.name);
  const names = new Set(moves.map((move) => move.name));
  for (const name of created) for (const parent of listParentNames(name)) names.add(parent);
  const [row] = await queryRows(
    transaction,
    sql`WITH found AS (
      SELECT name, oid FROM refs
        WHERE repository_id = ${repositoryId} AND name = ANY(${sql.param([...names])}::text[])
      UNION
      SELECT below.name, below.oid FROM unnest(${sql.param(created)}::text[]) AS created (name),
        LATERAL (SELECT refs.name, refs.oid FROM refs
          WHERE repository_id = ${repositoryId} AND refs.name > created.name || '/' AND refs.name < created.name || '0'
            AND refs.name <> ALL(${sql.param(moves.map((move) => move.name))}::text[])
          LIMIT 1) AS below
    ) SELECT
      (SELECT coalesce(json_agg(json_build_object('name', name, 'oid', oid)), '[]') FROM found) AS refs,
      (SELECT coalesce(json_agg(json_build_object(
          'id', id, 'pattern', pattern, 'priority', priority, 'rules', rules)), '[]')
        FROM protected_branches WHERE repository_id = ${repositoryId}) AS protection`,
    currentRow,
  );
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  return {
    current: new Map(row.refs.map(({ name, oid }) => [name, oid])),
    protection: row.protection,
  };
}

// One statement, one round trip: everything below it is written or nothing. Its parts see the refs as they were before.
async function writeMoves(
  transaction: Executor,
  push: PushCommit,
  accepted: readonly RefMove[],
  firstBranch: string | null,
): Promise<{ readonly id: number; readonly storageKey: string | null; readonly isCrowded: boolean }> {
  const { repositoryId, actorId, kind, pack } = push;
  const changes = JSON.stringify(accepted.map(({ name, before, after }) => ({ name, before, after })));
  const packs = JSON.stringify(pack === null ? [] : [pack]);
  const [row] = await queryRows(
    transaction,
    sql`WITH moves AS (
        SELECT * FROM jsonb_to_recordset(${JSON.stringify(accepted)}::jsonb) AS move (name text, after text, peeled text)
      ), deleted AS (
        DELETE FROM refs USING moves
        WHERE refs.repository_id = ${repositoryId} AND refs.name = moves.name AND moves.after = ${ZERO_OID}
      ), moved AS (
        INSERT INTO refs (repository_id, name, oid, peeled)
        SELECT ${repositoryId}::bigint, name, after, peeled FROM moves WHERE after <> ${ZERO_OID}
        ON CONFLICT (repository_id, name)
        DO UPDATE SET oid = excluded.oid, peeled = excluded.peeled, updated_at = now()
      ), stored AS (
        INSERT INTO packs (repository_id, sha, storage_key, size_bytes, object_count, graph_version)
        SELECT ${repositoryId}::bigint, sha, "storageKey", "sizeBytes", "objectCount", ${GRAPH_VERSION}::integer
        FROM jsonb_to_recordset(${packs}::jsonb)
          AS pack (sha text, "storageKey" text, "sizeBytes" bigint, "objectCount" integer)
        ON CONFLICT (repository_id, sha) DO UPDATE SET ${REVIVE_PACK} RETURNING storage_key
      ), pushed AS (
        UPDATE repositories SET pushed_at = now(), updated_at = now(), housekeep_at =
          coalesce(housekeep_at, now() + ${UNREACHABLE_GRACE_MS}::double precision * interval '1 millisecond'),
          default_branch = CASE WHEN EXISTS (SELECT FROM refs WHERE repository_id = repositories.id
              AND name >= ${BRANCH_PREFIX} AND name < ${`${BRANCH_PREFIX.slice(0, -1)}0`})
            THEN default_branch ELSE coalesce(${firstBranch}::text, default_branch) END
        WHERE id = ${repositoryId}
      ), operation AS (
        INSERT INTO ref_operations (repository_id, actor_id, kind, changes)
        VALUES (${repositoryId}, ${actorId}, ${kind}, ${changes}::jsonb) RETURNING id
      )
      SELECT id, (SELECT storage_key FROM stored) AS "storageKey", (EXISTS (SELECT FROM stored)
          AND (SELECT count(*) FROM packs WHERE repository_id = ${repositoryId} AND state = 'live') >= ${CROWDED_PACKS}
        ) AS "isCrowded", (
        SELECT coalesce(sum(size_bytes), 0) + ${pack?.sizeBytes ?? 0}::bigint
            > coalesce(quota_bytes, ${REPOSITORY_LIMIT_BYTES}::bigint)
          OR coalesce(sum(object_count), 0) + ${pack?.objectCount ?? 0}::bigint
            > coalesce(quota_objects, ${REPOSITORY_OBJECT_LIMIT}::integer)
        FROM repositories LEFT JOIN packs
          ON repository_id = repositories.id AND state = 'live' AND sha <> ${pack?.sha ?? ""}
        WHERE repositories.id = ${repositoryId} GROUP BY repositories.id
      ) AS "isOver" FROM operation`,
    z.object({
      id: bigintColumn,
      storageKey: z.string().nullable(),
      isCrowded: z.boolean(),
      isOver: z.boolean(),
    }),
  );
  if (row === undefined) throw new Error("an INSERT gave no row");
  if (pack !== null && row.isOver) throw new IsOverQuota();
  return row;
}
