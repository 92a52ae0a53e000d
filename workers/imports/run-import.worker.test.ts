// Indexing: what a bundle or pack does to a repository's refs, what it is refused for, and attempts that come twice, get
// lost or come too late.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { outbox } from "../../schema/tables/events.ts";
import { refOperations } from "../../schema/tables/git.ts";
import { imports } from "../../schema/tables/imports.ts";
import type { ImportsMessage } from "../../schema/wire/imports.ts";
import { IMPORT_ATTEMPTS_MAX } from "../core/limits.ts";
import { listPacks } from "../git/store/catalog.ts";
import { importPartKey, importPrefix } from "../git/store/keys.ts";
import { listFirstRefs } from "../git/store/refs.ts";
import { makeBundle, makeCommit, makePack } from "../testing/bundles.ts";
import { createPerson, database, makeRepository } from "../testing/fixtures.ts";
import { createImportServices, importsOf } from "../testing/imports.ts";
import { consumeImports } from "./consume-queue.ts";
import { runImport } from "./run-import.ts";
import { abortImport, cleanUpEnded, completeImport, getImport, sweepImports } from "./service.ts";
import { claimImport, finishImport } from "./store.ts";

async function setUp() {
  const person = await createPerson();
  const repository = await makeRepository(person);
  const services = createImportServices();
  const over = importsOf(person, repository.name);
  /** Uploads and completes; the message of the queue is the test's to deliver. */
  const queue = async (bytes: Uint8Array, wanted?: object) => {
    const { id } = await over.upload(bytes, wanted);
    await completeImport(services, repository.id, id);
    return id;
  };
  const importNow = async (bytes: Uint8Array, wanted?: object) =>
    runImport(services, await queue(bytes, wanted));
  const refs = async () =>
    Object.fromEntries(
      (await listFirstRefs(database.query, repository.id, "refs/", 100)).map(({ name, oid }) => [name, oid]),
    );
  const rowOf = async (id: number) => (await getImport(services, repository.id, id)).row;
  const countOperations = async () =>
    (await database.query.select().from(refOperations).where(eq(refOperations.repositoryId, repository.id)))
      .length;
  return { person, repository, services, over, queue, importNow, refs, rowOf, countOperations };
}

const lapse = (id: number) =>
  database.query
    .update(imports)
    .set({ leaseUntil: sql`now() - interval '1 second'` })
    .where(eq(imports.id, id));

/** Has the queue deliver messages of these ids. */
const deliver = async (services: ReturnType<typeof createImportServices>, ids: number[]) => {
  const batch = createMessageBatch<ImportsMessage>(
    "imports",
    ids.map((importId, at) => ({
      id: `m${at}`,
      timestamp: new Date(),
      attempts: 1,
      body: { kind: "import", importId },
    })),
  );
  await consumeImports(services, batch);
  return getQueueResult(batch, createExecutionContext());
};

describe("what an import does", () => {
  it("moves refs as a push does: with an operation, an event, and a pack that is served", async () => {
    const { repository, services, queue, refs, rowOf, person } = await setUp();
    const first = makeCommit("one");
    const second = makeCommit("two", first.oid);
    const bundle = makeBundle(
      {
        "refs/heads/main": second.oid,
        "refs/tags/v1": first.oid,
        "refs/remotes/origin/main": second.oid,
        "refs/plue/secret": second.oid,
        HEAD: second.oid,
      },
      makePack([first, second]),
    );
    const id = await queue(bundle);
    expect(await runImport(services, id)).toEqual({ kind: "done" });
    expect(await refs()).toEqual({ "refs/heads/main": second.oid, "refs/tags/v1": first.oid });
    const row = await rowOf(id);
    expect(row).toMatchObject({
      state: "done",
      result: {
        moved: 2,
        unchanged: 0,
        skipped: 2,
        skippedNames: ["refs/remotes/origin/main", "refs/plue/secret"],
      },
    });
    const [operation] = await database.query
      .select()
      .from(refOperations)
      .where(eq(refOperations.id, row.operationId ?? 0));
    expect(operation).toMatchObject({ kind: "push", actorId: person.id, repositoryId: repository.id });
    const events = await database.query.select().from(outbox).where(eq(outbox.repositoryId, repository.id));
    expect(events).toMatchObject([{ topic: "push", payload: { operationId: row.operationId } }]);
    expect(await listPacks(database.query, repository.id)).toMatchObject([{ objectCount: 6 }]);
    await services.settle();
  });

  it("takes a bundle on top of what is there, and says so when what it needs is not", async () => {
    const { importNow, refs } = await setUp();
    const first = makeCommit("one");
    const second = makeCommit("two", first.oid);
    const onTop = makeBundle({ "refs/heads/main": second.oid }, makePack([second]), [first.oid]);
    expect(await importNow(onTop)).toEqual({
      kind: "failed",
      reason: `the bundle needs commits that the repository lacks: ${first.oid}`,
    });
    expect(await refs()).toEqual({});
    expect(await importNow(makeBundle({ "refs/heads/main": first.oid }, makePack([first])))).toEqual({
      kind: "done",
    });
    expect(await importNow(onTop)).toEqual({ kind: "done" });
    expect(await importNow(onTop)).toEqual({ kind: "done" });
    expect(await refs()).toEqual({ "refs/heads/main": second.oid });
  });

  it("loses no commits unless it is forced to", async () => {
    const { importNow, refs } = await setUp();
    const [ours, theirs] = [makeCommit("ours"), makeCommit("theirs")];
    const bundleOf = (commit: typeof ours) =>
      makeBundle({ "refs/heads/main": commit.oid, "refs/tags/v1": commit.oid }, makePack([commit]));
    await importNow(bundleOf(ours));
    const refused = await importNow(bundleOf(theirs));
    expect(refused).toMatchObject({ kind: "failed" });
    expect(refused).toHaveProperty(
      "reason",
      expect.stringMatching(/main: .* would be lost.*\n.*v1: the tag exists/),
    );
    expect(await refs()).toEqual({ "refs/heads/main": ours.oid, "refs/tags/v1": ours.oid });
    expect(await importNow(bundleOf(theirs), { format: "bundle", force: true })).toEqual({ kind: "done" });
    expect(await refs()).toEqual({ "refs/heads/main": theirs.oid, "refs/tags/v1": theirs.oid });
  });

  it("takes a bare pack for the refs that were named", async () => {
    const { importNow, refs } = await setUp();
    const commit = makeCommit("one");
    const wanted = { format: "pack", refs: [{ name: "refs/heads/main", oid: commit.oid }] };
    expect(await importNow(makePack([commit]), wanted)).toEqual({ kind: "done" });
    expect(await refs()).toEqual({ "refs/heads/main": commit.oid });
  });
});

describe("what an import is refused for", () => {
  const commit = makeCommit("one");
  const pack = makePack([commit]);
  const orphan = makeCommit("two", commit.oid);
  const flipped = Uint8Array.from(pack, (byte, at) => (at === pack.length - 1 ? byte ^ 1 : byte));
  const noTree = makePack([{ ...commit, objects: commit.objects.slice(2) }]);
  const whole = makeBundle({ "refs/heads/main": commit.oid }, pack);

  it.each<[string, Uint8Array, RegExp]>([
    ["no bundle at all", pack, /not a git bundle/],
    ["a head that is cut", whole.slice(0, 40), /ends within its head/],
    ["a pack that is cut", whole.slice(0, -30), /ends|truncated/],
    ["a flipped bit", makeBundle({ "refs/heads/main": commit.oid }, flipped), /checksum/],
    ["bytes behind the pack", new Uint8Array([...whole, 0]), /garbage/],
    ["a missing parent", makeBundle({ "refs/heads/main": orphan.oid }, makePack([orphan])), /is missing/],
    ["a missing tree", makeBundle({ "refs/heads/main": commit.oid }, noTree), /is missing/],
    ["a ref to nothing", makeBundle({ "refs/heads/main": orphan.oid }, pack), /missing necessary objects/],
    ["a name that none may have", makeBundle({ "refs/heads/a..b": commit.oid }, pack), /funny refname/],
    [
      "names that can't both be",
      makeBundle({ "refs/heads/a": commit.oid, "refs/heads/a/b": commit.oid }, pack),
      /'refs\/heads\/a' exists/,
    ],
  ])("%s: the reason is told and nothing moves", async (_what, bytes, reason) => {
    const { repository, services, queue, refs, rowOf, countOperations } = await setUp();
    const id = await queue(bytes);
    expect(await runImport(services, id)).toMatchObject({ kind: "failed" });
    const row = await rowOf(id);
    expect(row.state).toBe("failed");
    expect(row.failure).toMatch(reason);
    expect(await refs()).toEqual({});
    expect(await countOperations()).toBe(0);
    expect(await listPacks(database.query, repository.id)).toEqual([]);
  });

  it("parts that were changed after the end of the upload are never read", async () => {
    const { repository, services, queue, refs, rowOf } = await setUp();
    const id = await queue(whole);
    await services.env.objects.put(importPartKey(repository.id, id, 1), new Uint8Array(whole.length));
    await expect(runImport(services, id)).rejects.toThrow("can't be read");
    expect((await rowOf(id)).state).toBe("queued");
    expect(await refs()).toEqual({});
  });
});

describe("attempts", () => {
  const commit = makeCommit("one");
  const bundle = makeBundle({ "refs/heads/main": commit.oid }, makePack([commit]));
  it("a message that comes twice, or for nothing, does nothing twice", async () => {
    const { services, queue, rowOf, countOperations } = await setUp();
    const id = await queue(bundle);
    expect(services.sent).toEqual([id]);
    const ends = await Promise.all([runImport(services, id), runImport(services, id)]);
    expect(ends.map(({ kind }) => kind).sort()).toEqual(["done", "nothing"]);
    const result = await deliver(services, [id, id, 2 ** 40]);
    expect(result.explicitAcks).toEqual(["m0", "m1", "m2"]);
    expect(await countOperations()).toBe(1);
    expect((await rowOf(id)).attempt).toBe(1);
  });

  it("a lost message is sent again, by whoever asks or by the clock, and not before its time", async () => {
    const { repository, services, queue } = await setUp();
    const id = await queue(bundle);
    services.sent.length = 0;
    await getImport(services, repository.id, id);
    expect(services.sent).toEqual([]);
    await lapse(id);
    await getImport(services, repository.id, id);
    await getImport(services, repository.id, id);
    expect(services.sent).toEqual([id]);
    await lapse(id);
    await sweepImports(services);
    expect(services.sent.filter((one) => one === id)).toHaveLength(2);
    await deliver(services, [id]);
    expect((await getImport(services, repository.id, id)).row).toMatchObject({
      state: "done",
      hasParts: false,
    });
  });

  it("one that was given up for dead and comes to its end after all changes nothing", async () => {
    const { repository, services, queue, refs, rowOf, countOperations } = await setUp();
    const id = await queue(bundle);
    const dead = await claimImport(database.query, id);
    expect(dead?.attempt).toBe(1);
    expect(await runImport(services, id)).toEqual({ kind: "nothing" });
    await lapse(id);
    await getImport(services, repository.id, id);
    expect(await runImport(services, id)).toEqual({ kind: "done" });
    const end = {
      operationId: null,
      result: { moved: 0, unchanged: 9, skipped: 0, skippedNames: [], lines: [] },
    };
    expect(await finishImport(database.query, { id, attempt: 1 }, end)).toBe(false);
    expect(await rowOf(id)).toMatchObject({ attempt: 2, result: { moved: 1 } });
    expect(await refs()).toEqual({ "refs/heads/main": commit.oid });
    expect(await countOperations()).toBe(1);
  });

  it("one that loses its import while it works moves nothing", async () => {
    const { repository, services, queue, refs, rowOf } = await setUp();
    const id = await queue(bundle);
    const { objects } = services.env;
    // Another takes over while this one's pack is stored, just before its transaction.
    const objectsWithThief = new Proxy(objects, {
      get(target, name) {
        if (name !== "put") return Reflect.get(target, name).bind(target);
        return async (key: string, value: Uint8Array) => {
          await lapse(id);
          await getImport(services, repository.id, id);
          await claimImport(database.query, id);
          return target.put(key, value);
        };
      },
    });
    const robbed = { ...services, env: { ...services.env, objects: objectsWithThief } };
    expect(await runImport(robbed, id)).toEqual({ kind: "lost" });
    expect(await refs()).toEqual({});
    expect((await rowOf(id)).state).toBe("indexing");
  });

  it("end with a failure when none of so many came to its end", async () => {
    const { services, queue, rowOf } = await setUp();
    const id = await queue(bundle);
    const begun = (attempt: number) =>
      database.query.update(imports).set({ attempt, state: "queued" }).where(eq(imports.id, id));
    await begun(IMPORT_ATTEMPTS_MAX);
    expect(await runImport(services, id)).toMatchObject({ kind: "failed" });
    expect((await rowOf(id)).failure).toContain(`begun ${IMPORT_ATTEMPTS_MAX} times`);
    await begun(IMPORT_ATTEMPTS_MAX - 1);
    expect(await runImport(services, id)).toEqual({ kind: "done" });
  });

  it("what fails for reasons of our own is tried again", async () => {
    const { services, queue, rowOf } = await setUp();
    const id = await queue(bundle);
    const away = { ...services, env: { ...services.env, objects: services.env.objects } };
    away.env.objects = new Proxy(services.env.objects, {
      get: () => () => Promise.reject(new Error("R2 is away")),
    });
    const result = await deliver(away, [id]);
    expect(result.retryMessages).toMatchObject([{ msgId: "m0" }]);
    expect((await rowOf(id)).state).toBe("queued");
    await deliver(services, [id]);
    expect((await rowOf(id)).state).toBe("done");
  });
});

it("an upload that nobody goes on with is given up by the clock, and its parts are removed", async () => {
  const { repository, services, over, rowOf } = await setUp();
  const [idle, busy] = [await over.upload(new Uint8Array(10)), await over.upload(new Uint8Array(10))];
  await database.query
    .update(imports)
    .set({ expiresAt: sql`now() - interval '1 second'` })
    .where(eq(imports.id, idle.id));
  await sweepImports(services);
  expect(await rowOf(idle.id)).toMatchObject({ state: "expired", hasParts: false });
  expect((await rowOf(busy.id)).state).toBe("uploading");
  expect(await services.env.objects.head(importPartKey(repository.id, idle.id, 1))).toBeNull();
  expect(await services.env.objects.head(importPartKey(repository.id, busy.id, 1))).not.toBeNull();
});

describe("an import of several slices", () => {
  /** A history whose every commit, tree and blob is an object of its own. */
  const commits = [makeCommit("0")];
  for (let at = 1; at < 40; at++) commits.push(makeCommit(`${at}`, commits.at(-1)?.oid));
  const tip = commits.at(-1)?.oid ?? "";
  const large = makeBundle({ "refs/heads/main": tip }, makePack(commits));
  const SLICE = { inflatedBytes: Number.MAX_SAFE_INTEGER, objects: 25 };

  const listKeys = async (bucket: R2Bucket, repositoryId: number, id: number) =>
    (await bucket.list({ prefix: importPrefix(repositoryId, id) })).objects.map(({ key }) => key);

  it("goes on from slice to slice, keeps one state at a time, and leaves none", async () => {
    const { repository, services, queue, refs, rowOf } = await setUp();
    const id = await queue(large);
    const ends: string[] = [];
    const kept: number[] = [];
    do {
      ends.push((await runImport({ ...services, slice: SLICE }, id)).kind);
      kept.push((await listKeys(services.env.objects, repository.id, id)).length);
    } while (ends.at(-1) === "paused");
    expect(ends).toEqual(["paused", "paused", "paused", "paused", "done"]);
    // The parts and one state.
    expect(kept).toEqual([2, 2, 2, 2, 2]);
    expect(await refs()).toEqual({ "refs/heads/main": tip });
    expect(await listPacks(database.query, repository.id)).toMatchObject([{ objectCount: 120 }]);
    expect((await rowOf(id)).state).toBe("done");
    await cleanUpEnded(services, id);
    expect(await listKeys(services.env.objects, repository.id, id)).toEqual([]);
  });

  it("one that dies in a slice goes on from the last, and one that gets nowhere has failed", async () => {
    const { services, queue, refs, rowOf } = await setUp();
    const id = await queue(large);
    const sliced = { ...services, slice: SLICE };
    expect(await runImport(sliced, id)).toEqual({ kind: "paused" });
    for (let attempt = 0; attempt < IMPORT_ATTEMPTS_MAX; attempt++) {
      await claimImport(database.query, id);
      await lapse(id);
      await sweepImports(services);
    }
    const row = await rowOf(id);
    expect(row).toMatchObject({ state: "queued", attempt: 1 + IMPORT_ATTEMPTS_MAX, savedAttempt: 1 });
    await database.query.update(imports).set({ attempt: IMPORT_ATTEMPTS_MAX }).where(eq(imports.id, id));
    expect(await runImport(sliced, id)).toEqual({ kind: "paused" });
    expect((await rowOf(id)).savedAttempt).toBe(1 + IMPORT_ATTEMPTS_MAX);
    for (let attempt = 0; attempt < IMPORT_ATTEMPTS_MAX; attempt++) {
      await claimImport(database.query, id);
      await lapse(id);
      await sweepImports(services);
    }
    expect(await runImport(sliced, id)).toMatchObject({ kind: "failed" });
    expect((await rowOf(id)).failure).toContain("never came further");
    expect(await refs()).toEqual({});
  });

  it("is sent to the queue again after each slice, and can be given up between two", async () => {
    const { repository, services, queue, rowOf } = await setUp();
    const id = await queue(large);
    const sliced = { ...services, slice: SLICE };
    services.sent.length = 0;
    const result = await deliver(sliced, [id]);
    expect(result.explicitAcks).toEqual(["m0"]);
    expect(services.sent).toEqual([id]);
    expect(await rowOf(id)).toMatchObject({ state: "queued", savedAttempt: 1, phase: "scanning" });
    await abortImport(services, repository.id, id);
    expect(await listKeys(services.env.objects, repository.id, id)).toEqual([]);
    expect(await runImport(sliced, id)).toEqual({ kind: "nothing" });
  });
});
