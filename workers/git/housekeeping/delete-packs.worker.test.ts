// Retired packs and orphans go, and no interleaving with a push of the same pack leaves a live row without its objects.
import { createExecutionContext, createMessageBatch, env, getQueueResult } from "cloudflare:test";
import { and, eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { outbox } from "../../../schema/tables/events.ts";
import { imports } from "../../../schema/tables/imports.ts";
import { parseEnv } from "../../core/env.ts";
import { createLog } from "../../core/log.ts";
import { createPerson, database, makeRepository } from "../../testing/fixtures.ts";
import {
  findDamage,
  housekeeping,
  keepHouse,
  keepHouseFully,
  makeDue,
  readAll,
} from "../../testing/keep-house.ts";
import { type MadeCommit, makeCommit, PushedRepository } from "../../testing/pushed-repository.ts";
import { runPush } from "../http/run-push.ts";
import { CROWDED_PACKS } from "../limits.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";
import {
  createJoinedKey,
  createPiecesKey,
  createStorageKey,
  importPartKey,
  indexKey,
  packKey,
  pieceKey,
  repositoryPrefix,
} from "../store/keys.ts";
import { NO_HOOKS } from "../testing/git-fixtures.ts";
import { consumeMaintenance, tickMaintenance } from "./consume-maintenance.ts";
import { deleteRetiredPacks } from "./delete-packs.ts";
import { sweepOrphans } from "./sweep-orphans.ts";

const HOUR_MS = 60 * 60 * 1000;
/** Deletes what is retired, of one repository, at once. */
const deleteAtOnce = (
  { id }: { id: number },
  at: Parameters<typeof housekeeping>[0] = {},
  takeoverMs = HOUR_MS,
) => deleteRetiredPacks(housekeeping(at), { keptMs: 0, takeoverMs, repositoryId: id });
const MAIN = "refs/heads/main";

/** A repository with one pack that was retired because no ref reaches what it holds. */
async function makeRetired() {
  const repository = await PushedRepository.create();
  const made = makeCommit({ "a.txt": "a\n" });
  await repository.move(MAIN, ZERO_OID, made.oid, made.pack);
  await repository.commit("other", { "o.txt": "o\n" });
  await repository.move("refs/heads/keep", ZERO_OID, made.oid);
  await database.query.execute(
    sql`DELETE FROM refs WHERE repository_id = ${repository.id} AND oid = ${made.oid}`,
  );
  await makeDue(repository);
  await keepHouseFully(repository);
  const [pack] = (await repository.listPacks()).filter(({ state }) => state === "retired");
  return { repository, made, sha: pack!.sha, pack: pack! };
}

const findPack = async (repository: PushedRepository, sha: Oid) =>
  (await repository.listPacks()).find((pack) => pack.sha === sha);
const stateOf = async (repository: PushedRepository, sha: Oid) => (await findPack(repository, sha))?.state;

const pushAgain = ({ repository, made }: Awaited<ReturnType<typeof makeRetired>>) =>
  repository.move("refs/heads/again", ZERO_OID, made.oid, made.pack);

async function expectWhole({ repository, made, sha }: Awaited<ReturnType<typeof makeRetired>>) {
  const pack = await findPack(repository, sha);
  expect(pack?.state).toBe("live");
  expect(await repository.countStored(pack!)).toBe(1);
  const named = (await repository.listPacks()).map((one) => one.storageKey);
  expect(await repository.listStored()).toEqual(named.sort());
  expect(await readAll(repository, made.objects)).toEqual(made.objects);
  expect(await findDamage(repository)).toEqual([]);
}

describe("deleteRetiredPacks", () => {
  it("deletes objects and row, but nothing that was retired only now", async () => {
    const { repository, sha, pack } = await makeRetired();
    await deleteRetiredPacks(housekeeping());
    expect(await stateOf(repository, sha)).toBe("retired");
    expect(await repository.countStored(pack)).toBe(1);
    await deleteAtOnce(repository);
    expect(await stateOf(repository, sha)).toBeUndefined();
    expect(await repository.countStored(pack)).toBe(0);
    expect(await findDamage(repository)).toEqual([]);
  });

  it("leaves a retired pack that is pushed again alone", async () => {
    const retired = await makeRetired();
    await pushAgain(retired);
    await deleteAtOnce(retired.repository);
    await expectWhole(retired);
  });

  it.each(["marked for deletion", "objects deleted"] as const)(
    "loses nothing of a push of the same pack that begins when it is: %s",
    async (step) => {
      const retired = await makeRetired();
      const pushes: Promise<void>[] = [];
      const at = async () => {
        if (pushes.length > 0) return;
        pushes.push(pushAgain(retired));
        await pushes[0];
      };
      await deleteAtOnce(retired.repository, { [step]: at });
      await Promise.all(pushes);
      await expectWhole(retired);
    },
  );

  it.each(["marked for deletion", "objects deleted"] as const)(
    "is begun again when it was cut off once it was: %s, but not before its holder must have ended",
    async (step) => {
      const { repository, sha, pack } = await makeRetired();
      const at = () => Promise.reject(new Error("cut off"));
      await expect(deleteAtOnce(repository, { [step]: at })).rejects.toThrow("cut off");
      await deleteAtOnce(repository);
      expect(await stateOf(repository, sha)).toBe("deleting");
      expect(await findDamage(repository)).toEqual([]);
      await database.query.execute(
        sql`UPDATE packs SET retired_at = now() - interval '2 hours' WHERE repository_id = ${repository.id} AND sha = ${sha}`,
      );
      await deleteAtOnce(repository);
      expect(await stateOf(repository, sha)).toBeUndefined();
      expect(await repository.countStored(pack)).toBe(0);
    },
  );
});

describe("a push during which objects are dropped", () => {
  const TAG = "refs/tags/gone";

  /** Pushes a commit that only a tag reaches. */
  async function pushTag(repository: PushedRepository): Promise<MadeCommit> {
    const made = makeCommit({ "gone.txt": "gone\n" });
    await repository.move(TAG, ZERO_OID, made.oid, made.pack);
    return made;
  }

  /** Pushes a commit to `late`; housekeeping comes by once its pack was found to be good. */
  async function pushDuring(repository: PushedRepository, made: MadeCommit, meanwhile: () => Promise<void>) {
    let passes = 0;
    const owner = repository.person.username;
    const end = await runPush({
      database,
      objects: env.OBJECTS,
      pusher: {
        repository: {
          id: repository.id,
          owner,
          name: repository.name,
          defaultBranch: "main",
          isPrivate: false,
        },
        actor: { id: repository.person.id, username: owner },
      },
      push: {
        updates: [{ name: "refs/heads/late", before: ZERO_OID, after: made.oid }],
        capabilities: new Map(),
        options: [],
        shallows: new Set(),
      },
      rest: { initial: made.pack, body: new ReadableStream({ start: (controller) => controller.close() }) },
      say: async () => undefined,
      preparePush: async () => {
        if (passes++ === 0) await meanwhile();
        return NO_HOOKS;
      },
    });
    return { end, passes };
  }

  it("is refused when it needs them, and moves nothing", async () => {
    const repository = await PushedRepository.create();
    const gone = await pushTag(repository);
    const late = makeCommit({ "late.txt": "late\n" }, gone.oid);
    const { end } = await pushDuring(repository, late, async () => {
      await repository.move(TAG, gone.oid, ZERO_OID);
      await makeDue(repository);
      await keepHouseFully(repository);
    });
    expect(end.refs).toEqual([{ name: "refs/heads/late", refusal: "missing necessary objects" }]);
    expect(end.lines).toEqual([`error: commit ${gone.oid} is missing; ${late.oid} needs it`]);
    expect(await readAll(repository, [late.oid])).toEqual([]);
    expect(await findDamage(repository)).toEqual([]);
  });

  it("looks again and lands when it doesn't need them", async () => {
    const repository = await PushedRepository.create();
    const gone = await pushTag(repository);
    const late = makeCommit({ "late.txt": "late\n" });
    const { end, passes } = await pushDuring(repository, late, async () => {
      await repository.move(TAG, gone.oid, ZERO_OID);
      await makeDue(repository);
      await keepHouseFully(repository);
    });
    expect(end.refs).toEqual([{ name: "refs/heads/late", refusal: null }]);
    expect(passes).toBe(2);
    expect(await readAll(repository, [...gone.objects, ...late.objects])).toEqual(late.objects);
    expect(await findDamage(repository)).toEqual([]);
  });

  it("lands at once when packs were only combined", async () => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(3);
    const late = makeCommit({ "late.txt": "late\n" }, commits.at(-1)!.oid);
    const { end, passes } = await pushDuring(repository, late, async () => {
      expect(await keepHouse(repository)).toBe("more");
    });
    expect(end.refs).toEqual([{ name: "refs/heads/late", refusal: null }]);
    expect(passes).toBe(1);
    expect(await findDamage(repository)).toEqual([]);
  });
});

describe("sweepOrphans", () => {
  const optionsFor = (
    repository: { id: number },
    more: { graceMs?: number; keysPerSlice?: number } = {},
  ) => ({
    graceMs: 0,
    passMs: 0,
    keysPerSlice: 1000,
    name: `test ${repository.id}`,
    prefix: repositoryPrefix(repository.id),
    ...more,
  });
  /** What uploads that were cut off may have left, now and when packs were named by their hash. */
  const orphanKeys = ({ id }: { id: number }) => [
    packKey(createStorageKey(id)),
    packKey(createJoinedKey(id)),
    pieceKey(createPiecesKey(id), 0),
    pieceKey(createPiecesKey(id), 12),
    indexKey(`${repositoryPrefix(id)}packs/${"7".repeat(40)}`),
    packKey(`${repositoryPrefix(id)}staging/${crypto.randomUUID()}`),
  ];

  it("deletes what no row names once its grace is over, and nothing else", async () => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(2);
    await repository.nameByHash((await repository.listPacks())[0]!);
    const importing = { repositoryId: repository.id, actorId: repository.person.id, format: "pack" as const };
    const sizes = { sizeBytes: 10, partBytes: 10, expiresAt: new Date() };
    const rows = [
      { ...importing, ...sizes },
      { ...importing, ...sizes, hasParts: false },
    ];
    const [going, ended] = await database.query.insert(imports).values(rows).returning({ id: imports.id });
    const left = [...orphanKeys(repository), importPartKey(repository.id, ended!.id, 1)];
    const others = importPartKey(repository.id, going!.id, 1);
    for (const key of [...left, others]) await env.OBJECTS.put(key, "left behind");
    const young = optionsFor(repository, { graceMs: 60_000 });
    expect(await sweepOrphans(housekeeping(), young)).toEqual({ deleted: 0, isPassOver: true });
    expect(await env.OBJECTS.head(left[0]!)).not.toBeNull();
    expect(await sweepOrphans(housekeeping(), optionsFor(repository))).toEqual({
      deleted: 7,
      isPassOver: true,
    });
    for (const key of left) expect(await env.OBJECTS.head(key)).toBeNull();
    expect(await env.OBJECTS.head(others)).not.toBeNull();
    const oids = commits.flatMap(({ objects }) => objects);
    expect(await readAll(repository, oids)).toEqual(oids);
    expect(await findDamage(repository)).toEqual([]);
  });

  it("goes on where it stopped, and looks at a slice again that it was cut off in", async () => {
    const repository = await makeRepository(await createPerson());
    const keys = Array.from({ length: 6 }, () => packKey(createStorageKey(repository.id)));
    for (const key of keys) await env.OBJECTS.put(key, "left behind");
    const options = optionsFor(repository, { keysPerSlice: 2 });
    const cut = housekeeping({ "orphans found": () => Promise.reject(new Error("cut off")) });
    await expect(sweepOrphans(cut, options)).rejects.toThrow("cut off");
    const outcomes = [];
    for (let slice = 0; slice < 3; slice++) outcomes.push(await sweepOrphans(housekeeping(), options));
    expect(outcomes.map(({ isPassOver }) => isPassOver)).toEqual([false, false, true]);
    const left = await env.OBJECTS.list({ prefix: repositoryPrefix(repository.id) });
    expect(left.objects).toEqual([]);
  });

  it("loses nothing of a push that brings the orphaned pack itself", async () => {
    const repository = await PushedRepository.create();
    const made = makeCommit({ "a.txt": "a\n" });
    await repository.move(MAIN, ZERO_OID, made.oid, made.pack);
    const [orphan] = await repository.listPacks();
    await database.query.execute(sql`DELETE FROM refs WHERE repository_id = ${repository.id}`);
    await database.query.execute(sql`DELETE FROM packs WHERE repository_id = ${repository.id}`);
    const at = () => repository.move(MAIN, ZERO_OID, made.oid, made.pack);
    await sweepOrphans(housekeeping({ "orphans found": at }), optionsFor(repository));
    const [pack] = await repository.listPacks();
    expect(pack).toMatchObject({ sha: orphan!.sha, state: "live" });
    expect(await repository.listStored()).toEqual([pack!.storageKey]);
    expect(await repository.countStored(pack!)).toBe(1);
    expect(await findDamage(repository)).toEqual([]);
  });
});

describe("a pack that is named by its hash, as all were once", () => {
  it("is served, checked, kept when it is pushed again, and deleted", async () => {
    const repository = await PushedRepository.create();
    const made = await repository.commit("main", { "a.txt": "a\n" });
    const [pushed] = await repository.listPacks();
    const storageKey = await repository.nameByHash(pushed!);
    expect(await readAll(repository, made.objects)).toEqual(made.objects);
    await repository.move("refs/heads/again", ZERO_OID, made.oid, made.pack);
    expect(await repository.listStored()).toEqual([storageKey]);
    expect(await findDamage(repository)).toEqual([]);
    await repository.commit("main", { "b.txt": "b\n" }, made.oid);
    await keepHouseFully(repository);
    await deleteAtOnce(repository);
    const [repacked] = await repository.listPacks();
    expect(await repository.listStored()).toEqual([repacked!.storageKey]);
    expect(await readAll(repository, made.objects)).toEqual(made.objects);
    expect(await findDamage(repository)).toEqual([]);
  });
});

describe("the maintenance queue", () => {
  /** A queue that keeps what it is sent, for nobody to work on meanwhile. */
  function makeServices() {
    const sent: unknown[] = [];
    const metadata = { metrics: { backlogCount: 0, backlogBytes: 0, oldestMessageTimestamp: new Date(0) } };
    const maintenanceQueue: typeof env.MAINTENANCE_QUEUE = {
      ...env.MAINTENANCE_QUEUE,
      send: async (body) => {
        sent.push(body);
        return { metadata };
      },
      sendBatch: async (messages) => {
        sent.push(...[...messages].map(({ body }) => body));
        return { metadata };
      },
    };
    return { services: { env: { ...parseEnv(env), maintenanceQueue }, database, log: createLog({}) }, sent };
  }
  const crowdedEvents = async ({ id }: PushedRepository) =>
    (
      await database.query
        .select()
        .from(outbox)
        .where(and(eq(outbox.repositoryId, id), eq(outbox.topic, "repository.crowded")))
    ).length;

  it("hears of a repository with one pack too many, not before", async () => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(CROWDED_PACKS);
    expect(await crowdedEvents(repository)).toBe(0);
    await repository.commit("main", { "one.txt": "more\n" }, commits.at(-1)!.oid);
    expect(await crowdedEvents(repository)).toBe(1);
  });

  it("is told by the clock what is due, and takes one step for each message", async () => {
    const repository = await PushedRepository.create();
    await repository.commitMany(2);
    await makeDue(repository);
    const { services, sent } = makeServices();
    await tickMaintenance(services);
    expect(sent).toContainEqual({ kind: "housekeep", repositoryId: repository.id });
  });

  it("is done with a message it has worked on, and tries one again that failed", async () => {
    const repository = await PushedRepository.create();
    await repository.commitMany(2);
    const damaged = await PushedRepository.create();
    await damaged.commitMany(2);
    await database.query.execute(
      sql`UPDATE refs SET oid = ${"5".repeat(40)} WHERE repository_id = ${damaged.id}`,
    );
    await makeDue(damaged);
    const messages = [repository.id, damaged.id, "nonsense"].map((repositoryId) => ({
      id: String(repositoryId),
      timestamp: new Date(),
      attempts: 1,
      body: { kind: "housekeep", repositoryId },
    }));
    const batch = createMessageBatch<unknown>("maintenance", messages);
    const { services, sent } = makeServices();
    await consumeMaintenance(services, batch);
    expect(sent).toEqual([{ kind: "housekeep", repositoryId: repository.id }]);
    const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
    expect(explicitAcks).toEqual([String(repository.id), "nonsense"]);
    expect(retryMessages.map(({ msgId }) => msgId)).toEqual([String(damaged.id)]);
    expect((await damaged.listPacks()).map(({ state }) => state)).toEqual(["live", "live"]);
    const again = makeServices();
    await tickMaintenance(again.services);
    expect(again.sent).not.toContainEqual({ kind: "housekeep", repositoryId: damaged.id });
    expect(await keepHouse(repository)).toBe("settled");
  });
});
