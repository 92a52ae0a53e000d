// Consolidation and collection against real PostgreSQL and R2: with pushes at every point, and stopped at every point.
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { repositories } from "../../../schema/tables/git.ts";
import { database } from "../../testing/fixtures.ts";
import { findDamage, keepHouse, keepHouseFully, makeDue, readAll } from "../../testing/keep-house.ts";
import { makeCommit, PushedRepository } from "../../testing/pushed-repository.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";

const STEPS = ["planned", "stored", "committed"] as const;
const MAIN = "refs/heads/main";

const livePacks = async (repository: PushedRepository) =>
  (await repository.listPacks()).filter(({ state }) => state === "live");

/** A repository whose `main` was pushed over: what was on it first is unreachable now. */
async function makeForced() {
  const repository = await PushedRepository.create();
  const gone = await repository.commit("main", { "gone.txt": "gone\n", "both.txt": "in both\n" });
  const kept = makeCommit({ "kept.txt": "kept\n", "both.txt": "in both\n" });
  await repository.move(MAIN, gone.oid, kept.oid, kept.pack);
  const onlyGone = gone.objects.filter((oid) => !kept.objects.includes(oid));
  return { repository, gone, kept, onlyGone };
}

describe("consolidation", () => {
  it("makes one pack of many and keeps every object", async () => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(6);
    const oids = [...new Set(commits.flatMap(({ objects }) => objects))];
    expect(await keepHouse(repository)).toBe("more");
    expect(await livePacks(repository)).toMatchObject([{ class: "repack", objectCount: oids.length }]);
    expect((await repository.listPacks()).filter(({ state }) => state === "retired")).toHaveLength(6);
    expect(await readAll(repository, oids)).toEqual(oids);
    expect(await findDamage(repository)).toEqual([]);
    expect(await keepHouse(repository)).toBe("settled");
  });

  it("keeps each object once when a pack holds all of another", async () => {
    const repository = await PushedRepository.create();
    const first = makeCommit({ "a.txt": "a\n" });
    await repository.move(MAIN, ZERO_OID, first.oid, first.pack);
    const second = makeCommit({ "a.txt": "a\n" }, first.oid);
    await repository.move(MAIN, first.oid, second.oid, second.pack);
    expect(await keepHouse(repository)).toBe("more");
    expect(await livePacks(repository)).toMatchObject([{ objectCount: 4 }]);
    expect(await findDamage(repository)).toEqual([]);
  });

  it.each(STEPS)("loses no push that lands when it has reached: %s", async (step) => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(3);
    const pushed: Oid[] = [];
    await keepHouse(repository, {
      [step]: async () => {
        const made = await repository.commit("main", { "new.txt": "new\n" }, commits.at(-1)!.oid);
        pushed.push(...made.objects);
      },
    });
    const oids = [...commits.flatMap(({ objects }) => objects), ...pushed];
    expect(await readAll(repository, oids)).toEqual(oids);
    expect(await findDamage(repository)).toEqual([]);
    await keepHouseFully(repository);
    expect(await findDamage(repository)).toEqual([]);
  });

  it.each(STEPS)("can be cut off once it has reached: %s, and begun again", async (step) => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(3);
    const cut = keepHouse(repository, { [step]: () => Promise.reject(new Error("cut off")) });
    await expect(cut).rejects.toThrow("cut off");
    expect(await findDamage(repository)).toEqual([]);
    await keepHouseFully(repository);
    expect(await livePacks(repository)).toHaveLength(1);
    const oids = commits.flatMap(({ objects }) => objects);
    expect(await readAll(repository, oids)).toEqual(oids);
  });

  it("is done by one worker at a time, and a worker that vanished is waited for no longer than its lease", async () => {
    const repository = await PushedRepository.create();
    await repository.commitMany(2);
    const meanwhile: string[] = [];
    await keepHouse(repository, {
      planned: async () => {
        meanwhile.push(await keepHouse(repository));
      },
    });
    expect(meanwhile).toEqual(["busy"]);
    await repository.commit("other", { "o.txt": "o\n" });
    await database.query.execute(
      sql`UPDATE repositories SET housekeeping_until = now() - interval '1 second' WHERE id = ${repository.id}`,
    );
    expect(await keepHouse(repository)).not.toBe("busy");
  });

  it("does no harm when two ignore the lease", async () => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(3);
    const outcomes: string[] = [];
    const first = await keepHouse(repository, {
      stored: async () => {
        await database.query.execute(
          sql`UPDATE repositories SET housekeeping_until = NULL WHERE id = ${repository.id}`,
        );
        outcomes.push(await keepHouse(repository));
      },
    });
    expect([...outcomes, first]).toEqual(["more", "outdated"]);
    expect(await livePacks(repository)).toHaveLength(1);
    const oids = commits.flatMap(({ objects }) => objects);
    expect(await readAll(repository, oids)).toEqual(oids);
    expect(await findDamage(repository)).toEqual([]);
  });
});

describe("collection", () => {
  it("drops exactly what no ref reaches", async () => {
    const { repository, kept, onlyGone } = await makeForced();
    await makeDue(repository);
    await keepHouseFully(repository);
    expect(await readAll(repository, [...kept.objects, ...onlyGone])).toEqual(kept.objects);
    expect(await findDamage(repository)).toEqual([]);
  });

  it("leaves a repository without refs with nothing", async () => {
    const repository = await PushedRepository.create();
    const { oid, objects, pack } = makeCommit({ "a.txt": "a\n" });
    await repository.move("refs/tags/only", ZERO_OID, oid, pack);
    await repository.move("refs/tags/only", oid, ZERO_OID);
    await makeDue(repository);
    await keepHouseFully(repository);
    expect(await livePacks(repository)).toEqual([]);
    expect(await readAll(repository, objects)).toEqual([]);
  });

  it("keeps what only a hidden ref reaches", async () => {
    const { repository, gone, kept } = await makeForced();
    await database.query.execute(
      sql`INSERT INTO refs (repository_id, name, oid) VALUES (${repository.id}, 'refs/plue/kept', ${gone.oid})`,
    );
    await makeDue(repository);
    await keepHouseFully(repository);
    const oids = [...new Set([...gone.objects, ...kept.objects])];
    expect(await readAll(repository, oids)).toEqual(oids);
  });

  it("keeps what came within the grace, and looks again after it", async () => {
    const { repository, onlyGone } = await makeForced();
    await makeDue(repository);
    await keepHouseFully(repository, 60_000);
    expect(await readAll(repository, onlyGone)).toEqual(onlyGone);
    const [row] = await database.query
      .select({ later: sql<boolean>`housekeep_at > now()` })
      .from(repositories)
      .where(eq(repositories.id, repository.id));
    expect(row).toEqual({ later: true });
    await makeDue(repository);
    await keepHouseFully(repository);
    expect(await readAll(repository, onlyGone)).toEqual([]);
  });

  it("keeps an old object that a young one refers to, though no ref reaches either", async () => {
    const { repository, gone, kept, onlyGone } = await makeForced();
    await database.query.execute(
      sql`UPDATE packs SET created_at = now() - interval '1 day' WHERE repository_id = ${repository.id}`,
    );
    const young = makeCommit({ "young.txt": "young\n" }, gone.oid);
    await repository.move("refs/heads/young", ZERO_OID, young.oid, young.pack);
    await repository.move("refs/heads/young", young.oid, ZERO_OID);
    await makeDue(repository);
    await keepHouseFully(repository, 60_000);
    expect(await readAll(repository, onlyGone)).toEqual(onlyGone);
    await repository.move("refs/heads/again", ZERO_OID, young.oid);
    expect(await findDamage(repository)).toEqual([]);
    expect(await readAll(repository, kept.objects)).toEqual(kept.objects);
  });

  it.each(["planned", "stored"] as const)(
    "drops nothing that a push makes reachable again when it has reached: %s",
    async (step) => {
      const { repository, gone } = await makeForced();
      await makeDue(repository);
      const outcome = await keepHouse(repository, {
        [step]: () => repository.move("refs/heads/back", ZERO_OID, gone.oid),
      });
      expect(outcome).toBe("outdated");
      expect(await readAll(repository, gone.objects)).toEqual(gone.objects);
      expect(await findDamage(repository)).toEqual([]);
    },
  );

  it("goes on when a push meanwhile needs nothing of what is dropped", async () => {
    const { repository, kept, onlyGone } = await makeForced();
    await makeDue(repository);
    const pushed: Oid[] = [];
    const outcome = await keepHouse(repository, {
      stored: async () => {
        const made = await repository.commit("main", { "new.txt": "new\n" }, kept.oid);
        pushed.push(...made.objects);
      },
    });
    expect(outcome).toBe("more");
    expect(await readAll(repository, onlyGone)).toEqual([]);
    expect(await readAll(repository, pushed)).toEqual(pushed);
    expect(await findDamage(repository)).toEqual([]);
  });

  it.each(STEPS)("can be cut off once it has reached: %s, and begun again", async (step) => {
    const { repository, kept, onlyGone } = await makeForced();
    await makeDue(repository);
    const cut = keepHouse(repository, { [step]: () => Promise.reject(new Error("cut off")) });
    await expect(cut).rejects.toThrow("cut off");
    expect(await findDamage(repository)).toEqual([]);
    await keepHouseFully(repository);
    expect(await readAll(repository, [...kept.objects, ...onlyGone])).toEqual(kept.objects);
  });

  it("leaves a damaged repository alone", async () => {
    const { repository } = await makeForced();
    await database.query.execute(
      sql`UPDATE refs SET oid = ${"5".repeat(40)} WHERE repository_id = ${repository.id}`,
    );
    await makeDue(repository);
    await expect(keepHouse(repository)).rejects.toThrow("This repository is damaged.");
    expect(await livePacks(repository)).toHaveLength(2);
  });
});
