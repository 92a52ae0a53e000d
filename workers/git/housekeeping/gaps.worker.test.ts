// Housekeeping removes nothing on the word of graphs and indexes: where what would remain has a gap, it stops, says so to
// admins, and goes on once the gap is closed.
import { env } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { users } from "../../../schema/tables/auth.ts";
import { packs, repositoryGaps } from "../../../schema/tables/git.ts";
import type { Browser } from "../../testing/browser.ts";
import { createPerson, database } from "../../testing/fixtures.ts";
import { housekeeping, keepHouse, keepHouseFully, makeDue, readAll } from "../../testing/keep-house.ts";
import { openSignedIn } from "../../testing/mail-account.ts";
import { makeWideHistory, withOldCode } from "../../testing/old-graphs.ts";
import { PushedRepository } from "../../testing/pushed-repository.ts";
import { GAPS_NAMED, UNREACHABLE_GRACE_MS } from "../limits.ts";
import { hashObject } from "../object/hash-object.ts";
import { ZERO_OID } from "../object/oid.ts";
import { listRemovedKeys, needsKey, packKey, parseStorageKey } from "../store/keys.ts";
import { PackBuilder, text } from "../testing/pack-builder.ts";
import { deleteRetiredPacks } from "./delete-packs.ts";
import { findGaps, VerifyBudget, verifyPacks } from "./find-gaps.ts";
import { housekeepRepository } from "./housekeep-repository.ts";

const MAIN = "refs/heads/main";
const AT_ONCE = { keptMs: 0, takeoverMs: 0 };

let admin: Browser;

beforeAll(async () => {
  const person = await createPerson();
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, person.id));
  admin = await openSignedIn(person.id);
});

async function readGap({ id }: PushedRepository): Promise<string | null> {
  const rows = await database.query.select().from(repositoryGaps).where(eq(repositoryGaps.repositoryId, id));
  return rows[0]?.problem ?? null;
}

const listStates = async (repository: PushedRepository) =>
  (await repository.listPacks()).map(({ sha, state }) => `${state} ${sha}`).sort();

/** Runs housekeeping, which stops; R2 and the catalog stay as they are. @returns what was logged */
async function expectStopped(repository: PushedRepository): Promise<unknown[]> {
  const logged: unknown[] = [];
  const before = { keys: await repository.listStored(), states: await listStates(repository) };
  const log = { error: (...said: unknown[]) => logged.push(said) };
  const outcome = await housekeepRepository({ ...housekeeping(), log }, repository.id, { graceMs: 0 });
  expect(outcome).toBe("stopped");
  expect({ keys: await repository.listStored(), states: await listStates(repository) }).toEqual(before);
  return logged;
}

/** A graph of today's format that is wrong: by it, the branch's only commit reaches half of its files alone. */
async function makeWrong() {
  const repository = await PushedRepository.create();
  const history = makeWideHistory("gap");
  await withOldCode(() => repository.move(MAIN, ZERO_OID, history.second, history.pack));
  const person = "A U Thor <author@example.com> 1790000001 +0000";
  const bytes = text(`tree ${history.tree}\nauthor ${person}\ncommitter ${person}\n\nalone\n`);
  const pack = new PackBuilder().add({ type: "commit", bytes }).finish();
  const alone = hashObject("commit", bytes);
  await repository.move(MAIN, history.second, alone, pack);
  return { repository, needed: [...history.tip.filter((oid) => oid !== history.second), alone] };
}

describe("a graph that hides objects of the tip", () => {
  it("stops housekeeping, which says so and removes nothing", async () => {
    const { repository, needed } = await makeWrong();
    await makeDue(repository);
    const logged = await expectStopped(repository);
    expect(JSON.stringify(logged)).toContain("what would remain has gaps");
    expect(await readGap(repository)).toMatch(
      /^object [0-9a-f]{40}, which pack [0-9a-f]{40} needs, is in no pack\n/,
    );
    expect((await readGap(repository))!.split("\n")).toHaveLength(GAPS_NAMED);
    expect(await readAll(repository, needed)).toEqual(needed);
    const page = await (await admin.get("/site-admin/queues")).text();
    expect(page).toContain(`${repository.person.username}/${repository.name}`);
    expect(page).toContain("is in no pack");
    // What is stored is whole, so the next step goes on, and stops where it would lose something again.
    await expectStopped(repository);
    const found = await database.query
      .select()
      .from(repositoryGaps)
      .where(eq(repositoryGaps.repositoryId, repository.id));
    expect(found[0]!.checkedAt.getTime()).toBeGreaterThan(found[0]!.foundAt.getTime());
  });
});

describe("a pack that is gone from the catalog", () => {
  it("stops consolidation, until it is back", async () => {
    const repository = await PushedRepository.create();
    const commits = await repository.commitMany(3);
    const [first] = await database.query
      .select()
      .from(packs)
      .where(eq(packs.repositoryId, repository.id))
      .limit(1);
    await database.query.delete(packs).where(eq(packs.id, first!.id));
    await expectStopped(repository);
    expect(await readGap(repository)).toContain("is in no pack");
    await expectStopped(repository);
    const { id: _, ...row } = first!;
    await database.query.insert(packs).values(row);
    await keepHouseFully(repository, UNREACHABLE_GRACE_MS);
    expect(await readGap(repository)).toBeNull();
    const oids = commits.flatMap(({ objects }) => objects);
    expect(await readAll(repository, oids)).toEqual(oids);
  });
});

describe("the deletion of retired packs", () => {
  it("waits while the pack that took their place is damaged or gone", async () => {
    const repository = await PushedRepository.create();
    await repository.commitMany(3);
    expect(await keepHouse(repository)).toBe("more");
    const [live] = (await repository.listPacks()).filter(({ state }) => state === "live");
    const key = packKey(live!.storageKey);
    const bytes = new Uint8Array(await (await env.OBJECTS.get(key))!.arrayBuffer());
    const only = { ...AT_ONCE, repositoryId: repository.id };
    await env.OBJECTS.delete([key, needsKey(live!.storageKey)]);
    expect(await deleteRetiredPacks(housekeeping(), only)).toBe(0);
    expect(await readGap(repository)).toBe(`${key} is not in R2`);
    const spoilt = bytes.slice();
    spoilt[40]! ^= 1;
    await env.OBJECTS.put(key, spoilt);
    await letGapBeLookedFor(repository);
    expect(await deleteRetiredPacks(housekeeping(), only)).toBe(0);
    expect(await readGap(repository)).toContain(`pack ${live!.sha} is damaged`);
    await env.OBJECTS.put(key, bytes);
    expect(await deleteRetiredPacks(housekeeping(), only)).toBe(0);
    await letGapBeLookedFor(repository);
    expect(await deleteRetiredPacks(housekeeping(), only)).toBe(3);
    await keepHouseFully(repository);
    expect(await readGap(repository)).toBeNull();
  });
});

/** Lets the time go by after which a gap is looked for again. */
async function letGapBeLookedFor({ id }: PushedRepository): Promise<void> {
  await database.query.execute(
    sql`UPDATE repository_gaps SET checked_at = now() - interval '1 hour' WHERE repository_id = ${id}`,
  );
}

describe("what a pack needs of others", () => {
  it("is read once, again where its record was damaged, and goes with the pack", async () => {
    const repository = await PushedRepository.create();
    const made = await repository.commitMany(2);
    const stored = await repository.listPacks();
    const tips = [made.at(-1)!.oid];
    const search = (budget: VerifyBudget) => findGaps(env.OBJECTS, stored, tips, budget);
    expect(await search(new VerifyBudget(0))).toEqual({ kind: "unread" });
    expect(await search(new VerifyBudget())).toEqual({ kind: "whole" });
    expect(await search(new VerifyBudget(0))).toEqual({ kind: "whole" });
    const key = needsKey(stored[0]!.storageKey);
    const bytes = new Uint8Array(await (await env.OBJECTS.get(key))!.arrayBuffer());
    bytes[bytes.length - 40]! ^= 1;
    await env.OBJECTS.put(key, bytes);
    expect(await search(new VerifyBudget(0))).toEqual({ kind: "unread" });
    expect(await search(new VerifyBudget())).toEqual({ kind: "whole" });
    expect(parseStorageKey(key)).toBe(stored[0]!.storageKey);
    expect(listRemovedKeys(stored[0]!)).toContain(key);
    expect(await search(new VerifyBudget())).toEqual({ kind: "whole" });
    expect(await findGaps(env.OBJECTS, stored, [ZERO_OID], new VerifyBudget())).toMatchObject({
      kind: "gaps",
    });
  });

  it("is read in as many steps as it takes", async () => {
    const repository = await PushedRepository.create();
    await repository.commitMany(3);
    const stored = await repository.listPacks();
    const steps: boolean[] = [];
    // Of each step the first pack alone fits.
    for (let at = 0; at < 3; at++) steps.push(await verifyPacks(env.OBJECTS, stored, new VerifyBudget(1)));
    expect(steps).toEqual([false, false, true]);
  });
});
