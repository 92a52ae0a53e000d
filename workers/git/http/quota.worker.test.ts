// What one repository may hold: up to the limit to the byte and the object, and not one more.
import { eq } from "drizzle-orm";
import { expect, it } from "vitest";
import { repositories } from "../../../schema/tables/git.ts";
import { database } from "../../testing/fixtures.ts";
import { findDamage } from "../../testing/keep-house.ts";
import { type MadeCommit, makeCommit, PushedRepository } from "../../testing/pushed-repository.ts";
import { REPOSITORY_LIMIT_BYTES, REPOSITORY_OBJECT_LIMIT } from "../limits.ts";
import { ZERO_OID } from "../object/oid.ts";
import { readCatalog } from "../store/catalog.ts";
import { commitPush } from "../store/commit-push.ts";
import { createStorageKey } from "../store/keys.ts";

const TOPIC = "refs/heads/topic";

async function setQuota({ id }: PushedRepository, quotaBytes: number | null, quotaObjects: number | null) {
  await database.query.update(repositories).set({ quotaBytes, quotaObjects }).where(eq(repositories.id, id));
}

/** A repository with a commit on `main`, and another commit that isn't pushed yet. */
async function makeHalf() {
  const repository = await PushedRepository.create();
  const first = await repository.commit("main", { "a.txt": "a\n" });
  return { repository, first, next: makeCommit({ "b.txt": "b\n" }) };
}

const push = (repository: PushedRepository, made: MadeCommit) =>
  repository.push(TOPIC, ZERO_OID, made.oid, made.pack);

it("takes a pack that fills the repository to the byte, and none that is one byte larger", async () => {
  const { repository, first, next } = await makeHalf();
  const totalBytes = first.pack.length + next.pack.length;
  await setQuota(repository, totalBytes - 1, null);
  const refused = await push(repository, next);
  expect(refused).toContain(`unpack the pack is larger than ${next.pack.length - 1} bytes`);
  expect((await repository.listPacks()).length).toBe(1);
  await setQuota(repository, totalBytes, null);
  expect(await push(repository, next)).toContain(`ok ${TOPIC}`);
  expect(await findDamage(repository)).toEqual([]);
});

it("takes as many objects as the repository may have, and not one more", async () => {
  const { repository, first, next } = await makeHalf();
  const total = first.objects.length + next.objects.length;
  await setQuota(repository, null, total - 1);
  expect(await push(repository, next)).toContain("unpack the pack holds 3 objects; the limit is 2");
  await setQuota(repository, null, total);
  expect(await push(repository, next)).toContain(`ok ${TOPIC}`);
});

it("lets a full repository be tidied up", async () => {
  const { repository, first } = await makeHalf();
  await setQuota(repository, 0, 0);
  await repository.move("refs/tags/v1", ZERO_OID, first.oid);
  await repository.move("refs/tags/v1", first.oid, ZERO_OID);
});

it("holds where pushes at once fit by themselves, but not together", async () => {
  const { repository, first, next } = await makeHalf();
  const { packEpoch } = await readCatalog(database.query, repository.id);
  const commit = (sizeBytes: number, objectCount: number) =>
    commitPush(database, {
      repositoryId: repository.id,
      actorId: null,
      kind: "push",
      moves: [{ name: TOPIC, before: ZERO_OID, after: next.oid, peeled: null }],
      isAtomic: false,
      pack: { sha: "6".repeat(40), storageKey: createStorageKey(repository.id), sizeBytes, objectCount },
      packEpoch,
      judge: async () => new Map(),
      commit: async () => undefined,
    });
  const [used] = await repository.listPacks();
  const leftBytes = REPOSITORY_LIMIT_BYTES - first.pack.length;
  const leftObjects = REPOSITORY_OBJECT_LIMIT - used!.objectCount;
  for (const [bytes, objects] of [
    [leftBytes + 1, 1],
    [1, leftObjects + 1],
  ] as const) {
    expect((await commit(bytes, objects)).outcomes).toEqual([{ name: TOPIC, status: "over-quota" }]);
    expect(await repository.listPacks()).toHaveLength(1);
  }
  expect((await commit(leftBytes, leftObjects)).outcomes).toEqual([{ name: TOPIC, status: "ok" }]);
});
