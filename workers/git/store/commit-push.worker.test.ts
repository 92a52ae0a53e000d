// The one way refs move: all of it is written or nothing, and only from what the caller saw.
import { eq, sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { repositories } from "../../../schema/tables/git.ts";
import type { Executor } from "../../core/db.ts";
import { database } from "../../testing/fixtures.ts";
import { ZERO_OID } from "../object/oid.ts";
import { EMPTY_STATE, openTestRepository, readState, type TestRepository } from "../testing/git-fixtures.ts";
import { readCatalog } from "./catalog.ts";
import { commitPush } from "./commit-push.ts";
import { createStorageKey } from "./keys.ts";

const [A, B, C] = ["a", "b", "c"].map((digit) => digit.repeat(40)) as [string, string, string];
const PACK = { sha: "d".repeat(40), sizeBytes: 3_000_000_000, objectCount: 7 };
const move = (name: string, before: string, after: string, peeled: string | null = null) => ({
  ...{ name: `refs/heads/${name}`, before, after, peeled },
});

let repository: TestRepository;
beforeEach(async () => {
  repository = await openTestRepository();
});

type Commit = (
  transaction: Executor,
  operationId: number,
  accepted: readonly { name: string }[],
) => Promise<void>;

async function run(
  moves: ReturnType<typeof move>[],
  more: { isAtomic?: boolean; commit?: Commit; pack?: typeof PACK; packEpoch?: number } = {},
) {
  const { isAtomic = false, commit = async () => undefined, pack = null } = more;
  const { packEpoch = (await readCatalog(database.query, repository.id)).packEpoch } = more;
  const { id: repositoryId, actor } = repository;
  const push = {
    repositoryId,
    actorId: actor.id,
    kind: "push",
    moves,
    isAtomic,
    pack: pack && { ...pack, storageKey: createStorageKey(repositoryId) },
    packEpoch,
    judge: async () => new Map<string, string>(),
    commit,
  } as const;
  return commitPush(database, push);
}

describe("moving refs", () => {
  it("moves nothing of an archived repository", async () => {
    await database.query
      .update(repositories)
      .set({ archivedAt: new Date() })
      .where(eq(repositories.id, repository.id));
    const { outcomes, operationId } = await run([move("x", ZERO_OID, A)]);
    expect(outcomes).toEqual([
      { name: "refs/heads/x", status: "refused", reason: "this repository is archived" },
    ]);
    expect(operationId).toBeNull();
  });

  it("makes, moves and deletes in one operation", async () => {
    await run([move("x", ZERO_OID, A), move("y", ZERO_OID, A)]);
    const { outcomes } = await run([move("x", A, B, C), move("y", A, ZERO_OID), move("z", ZERO_OID, C)], {
      pack: PACK,
    });
    expect(outcomes.map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
    const state = await readState(repository);
    expect(state).toMatchObject({
      refs: { "refs/heads/x": B, "refs/heads/z": C },
      packs: 1,
      operations: 2,
      pushEvents: 2,
    });
  });

  it.each([
    ["live", true],
    ["retired", true],
    ["deleting", false],
  ])("keeps where a pack is that was stored before and is %s: %s", async (state, isKept) => {
    const first = await run([move("x", ZERO_OID, A)], { pack: PACK });
    await database.query.execute(
      sql`UPDATE packs SET state = ${state}, retired_at = CASE WHEN ${state} = 'live' THEN NULL ELSE now() END
        WHERE storage_key = ${first.storageKey}`,
    );
    const second = await run([move("x", A, B)], { pack: PACK });
    expect(second.storageKey === first.storageKey).toBe(isKept);
    const { packs } = await readCatalog(database.query, repository.id);
    expect(packs).toEqual([{ ...PACK, storageKey: second.storageKey }]);
  });

  it("makes the first branch the default one where the repository had none", async () => {
    const defaultBranch = async () => {
      const [row] = await database.query
        .select({ name: repositories.defaultBranch })
        .from(repositories)
        .where(eq(repositories.id, repository.id));
      return row?.name;
    };
    await run([{ ...move("", ZERO_OID, A), name: "refs/tags/v1" }]);
    expect(await defaultBranch()).toBe("main");
    await run([move("topic", ZERO_OID, A), move("master", ZERO_OID, A)]);
    expect(await defaultBranch()).toBe("master");
    // It is taken for the default branch from then on, whatever comes later.
    await run([move("main", ZERO_OID, A), move("other", ZERO_OID, A)]);
    expect(await defaultBranch()).toBe("master");
    const { outcomes } = await run([move("master", A, ZERO_OID)]);
    expect(outcomes).toEqual([{ name: "refs/heads/master", status: "default-branch" }]);
  });

  it("leaves the default branch as it is where it is among the first", async () => {
    await run([move("a", ZERO_OID, A), move("main", ZERO_OID, A)]);
    const { outcomes } = await run([move("main", A, ZERO_OID), move("a", A, ZERO_OID)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["default-branch", "ok"]);
  });

  it("runs what the caller adds within the transaction, with the refs that moved", async () => {
    await run([move("x", ZERO_OID, A)]);
    const seen: string[] = [];
    const { operationId } = await run([move("x", B, C), move("y", ZERO_OID, B)], {
      commit: async (transaction, id, accepted) => {
        const found = await transaction.execute(sql`SELECT 1 FROM ref_operations WHERE id = ${id}`);
        seen.push(
          JSON.stringify(found).includes("rows") ? "written" : "missing",
          ...accepted.map(({ name }) => name),
        );
      },
    });
    expect(operationId).toBeGreaterThan(0);
    expect(seen).toEqual(["written", "refs/heads/y"]);
  });

  it("writes nothing when every ref is refused", async () => {
    let ran = false;
    const { operationId, outcomes } = await run([move("x", A, B)], {
      pack: PACK,
      commit: async () => {
        ran = true;
      },
    });
    expect([operationId, outcomes[0]?.status, ran]).toEqual([null, "stale", false]);
    expect(await readState(repository)).toEqual(EMPTY_STATE);
    const [row] = await database.query.select().from(repositories).where(eq(repositories.id, repository.id));
    expect(row?.pushedAt).toBeNull();
  });

  it("writes nothing when one is refused and all were to move", async () => {
    const { outcomes } = await run([move("x", ZERO_OID, A), move("y", A, B)], { isAtomic: true, pack: PACK });
    expect(outcomes.map(({ status }) => status)).toEqual(["atomic", "stale"]);
    expect(await readState(repository)).toEqual(EMPTY_STATE);
  });

  it("undoes everything when what the caller adds fails", async () => {
    const failing = run([move("x", ZERO_OID, A)], {
      pack: PACK,
      commit: () => Promise.reject(new Error("no")),
    });
    await expect(failing).rejects.toThrow("no");
    expect(await readState(repository)).toEqual(EMPTY_STATE);
  });

  it("finds that the repository is gone", async () => {
    await database.query.delete(repositories).where(eq(repositories.id, repository.id));
    expect((await run([move("x", ZERO_OID, A)])).outcomes).toEqual([
      { name: "refs/heads/x", status: "gone" },
    ]);
  });

  it("writes nothing once objects that were counted on may have gone", async () => {
    const { packEpoch } = await readCatalog(database.query, repository.id);
    const result = await run([move("x", ZERO_OID, A)], { pack: PACK, packEpoch: packEpoch + 1 });
    expect(result).toMatchObject({ operationId: null, outcomes: [], storageKey: null, isOutdated: true });
    expect(await readState(repository)).toEqual(EMPTY_STATE);
  });

  it("keeps a ref out of the way of those in the database, above and below", async () => {
    await run([
      move("a/b", ZERO_OID, A),
      move("c", ZERO_OID, A),
      move("dx", ZERO_OID, A),
      move("d-x/y", ZERO_OID, A),
    ]);
    const { outcomes } = await run([
      move("a", ZERO_OID, A),
      move("c/d/e", ZERO_OID, A),
      move("d", ZERO_OID, A),
    ]);
    expect(outcomes).toEqual([
      { name: "refs/heads/a", status: "conflict", other: "refs/heads/a/b" },
      { name: "refs/heads/c/d/e", status: "conflict", other: "refs/heads/c" },
      { name: "refs/heads/d", status: "ok" },
    ]);
  });

  it("from one value by many at once succeeds exactly once each round", async () => {
    await run([move("x", ZERO_OID, A)]);
    let at = A;
    for (const digit of ["1", "2", "3"]) {
      const next = digit.repeat(40);
      const results = await Promise.all(Array.from({ length: 8 }, () => run([move("x", at, next)])));
      expect(results.filter(({ outcomes }) => outcomes[0]?.status === "ok")).toHaveLength(1);
      at = next;
    }
    expect(await readState(repository)).toMatchObject({ refs: { "refs/heads/x": at }, operations: 4 });
  });
});
