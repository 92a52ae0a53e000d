// R2 failing at random, by a seed, while house is kept and large packs arrive. Invariant: nothing that a ref reaches is
// ever missing or damaged, and when all is over R2 holds what the catalog names and nothing else.
import { env } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFaulty } from "../../testing/faulty-bucket.ts";
import { database } from "../../testing/fixtures.ts";
import { findDamage, keepHouseFully, makeDue, readAll } from "../../testing/keep-house.ts";
import { PushedRepository } from "../../testing/pushed-repository.ts";
import { SPOOL_PARTS_LENT } from "../limits.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";
import { listPackKeys, needsKey, repositoryPrefix } from "../store/keys.ts";
import { findRefs } from "../store/refs.ts";
import { spoolMemory } from "../store/spool-memory.ts";
import { makeCommit, makePack } from "../testing/git-requests.ts";
import { createRandom } from "../testing/seeded-history.ts";
import { deleteRetiredPacks } from "./delete-packs.ts";
import { housekeepRepository } from "./housekeep-repository.ts";
import { sweepOrphans } from "./sweep-orphans.ts";

const random = createRandom(77);
const MAIN = "refs/heads/main";
const KEEPING_ROUNDS = 12;
const STEPS_PER_ROUND = 4;
/** At most: no more are made once some were undone and some weren't. */
const LARGE_PUSHES = 10;

/** What was thrown for something else than R2's failing. */
function requireFault(error: unknown): void {
  const text = error instanceof AggregateError ? error.errors.join() : String(error);
  const cause = error instanceof Error ? String(error.cause) : "";
  expect(`${text} ${cause}`).toMatch(/R2 failed|R2's body broke off|gave \d+ bytes of|ends within|short/);
}

/** Deletes all that may be deleted once every grace is over, and expects R2 to hold what the catalog names. */
async function expectNothingLeft(repository: PushedRepository): Promise<void> {
  const context = { bucket: env.OBJECTS, database };
  await deleteRetiredPacks(context, { keptMs: 0, takeoverMs: 0, repositoryId: repository.id });
  const prefix = repositoryPrefix(repository.id);
  await sweepOrphans(context, {
    graceMs: 0,
    passMs: 0,
    keysPerSlice: 1000,
    name: `faults ${repository.id}`,
    prefix,
  });
  const catalog = await repository.listPacks();
  expect(catalog.filter(({ state }) => state !== "live")).toEqual([]);
  const { objects } = await env.OBJECTS.list({ prefix });
  const named = catalog.flatMap((pack) => listPackKeys(pack));
  // What was read of packs may be kept beside them.
  const records = new Set(catalog.map(({ storageKey }) => needsKey(storageKey)));
  const others = objects.map(({ key }) => key).filter((key) => !records.has(key));
  expect(others.sort()).toEqual(named.sort());
}

async function readMain({ id }: PushedRepository): Promise<Oid> {
  const [ref] = await findRefs(database.query, id, [MAIN]);
  return ref?.oid ?? ZERO_OID;
}

/** A step makes some twenty calls, so that about half of them succeed. */
const HOUSEKEEPING_FAULT_SHARE = 0.04;

describe("R2 that fails while house is kept", () => {
  it("harms nothing that a ref reaches, and leaves nothing in the end", async () => {
    const repository = await PushedRepository.create();
    const { bucket, faults } = makeFaulty(env.OBJECTS, random, HOUSEKEEPING_FAULT_SHARE);
    let tip = await repository.commit("main", { "a.txt": "a\n" });
    let [failed, done] = [0, 0];
    for (let round = 0; round < KEEPING_ROUNDS; round++) {
      tip = await repository.commit("main", { [`${round}.txt`]: `${round}\n` }, tip.oid);
      // A branch that is pushed over, so that something is to be dropped too.
      const side = await repository.commit(`side-${round}`, { "side.txt": `${random()}\n` });
      await repository.move(`refs/heads/side-${round}`, side.oid, tip.oid);
      await makeDue(repository);
      for (let step = 0; step < STEPS_PER_ROUND; step++) {
        try {
          const context = { bucket, database };
          const outcome = await housekeepRepository(context, repository.id, { graceMs: 0 });
          const deleting = { keptMs: 0, takeoverMs: 0, repositoryId: repository.id };
          await deleteRetiredPacks(context, deleting);
          done++;
          if (outcome === "settled") break;
        } catch (error) {
          requireFault(error);
          failed++;
          expect(await findDamage(repository), String(error)).toEqual([]);
        }
      }
    }
    expect(Math.min(failed, done)).toBeGreaterThan(KEEPING_ROUNDS / 3);
    expect(faults.get("put")).toBeGreaterThan(0);
    await keepHouseFully(repository);
    expect(await readAll(repository, tip.objects)).toEqual(tip.objects);
    expect(await findDamage(repository)).toEqual([]);
    await expectNothingLeft(repository);
  });
});

describe("R2 that fails while large packs arrive", () => {
  // No room in memory: every pack above one part goes through R2.
  beforeAll(() => {
    for (let part = 0; part < SPOOL_PARTS_LENT; part++) spoolMemory.borrow();
  });
  afterAll(() => spoolMemory.giveBack(SPOOL_PARTS_LENT));

  it("undoes pushes wholly or not at all, and leaves nothing in the end", async () => {
    const repository = await PushedRepository.create();
    const { bucket, faults } = makeFaulty(env.OBJECTS, random, 0.09);
    const noise = Array.from({ length: 140 }, () => crypto.getRandomValues(new Uint8Array(65_536)));
    const files = { large: Buffer.concat(noise).toString("base64") };
    let before: Oid = ZERO_OID;
    let [undone, landed] = [0, 0];
    const isTold = () => undone > 0 && landed > 0 && faults.has("put");
    for (let at = 0; at < LARGE_PUSHES && !isTold(); at++) {
      const { oid, objects } = makeCommit(files, at === 0 ? [] : [before], at);
      const pack = makePack(objects);
      const report = await repository.push(MAIN, before, oid, pack, bucket).catch(String);
      const hasLanded = report.includes(`ok ${MAIN}`);
      if (hasLanded) landed++;
      else undone++;
      expect(await readMain(repository), report).toBe(hasLanded ? oid : before);
      if (!hasLanded) await repository.move(MAIN, before, oid, pack);
      before = oid;
    }
    expect({ undone, landed, faults: [...faults.keys()] }).toSatisfy(isTold);
    expect(await findDamage(repository)).toEqual([]);
    await expectNothingLeft(repository);
  });
});
