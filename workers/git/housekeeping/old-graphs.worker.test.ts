// Repositories whose graphs an older Worker wrote, wrong about large trees, right after the upgrade: what is cloned from
// them is whole, and housekeeping makes the graphs anew before it relies on them.
import { env } from "cloudflare:test";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { packs } from "../../../schema/tables/git.ts";
import { fetchObjects } from "../../testing/fetch-objects.ts";
import { database } from "../../testing/fixtures.ts";
import { findDamage, keepHouse, keepHouseFully, makeDue, readAll } from "../../testing/keep-house.ts";
import { makeWideHistory, type PackLayout, storeAsOld, withOldCode } from "../../testing/old-graphs.ts";
import { makeCommit, PushedRepository } from "../../testing/pushed-repository.ts";
import { GRAPH_REBUILT_IN_REQUEST_BYTES, GRAPH_REBUILT_IN_REQUEST_OBJECTS } from "../limits.ts";
import { ZERO_OID } from "../object/oid.ts";
import { GRAPH_VERSION, isOldGraph } from "../pack/pack-graph.ts";
import { readCurrentGraph } from "../store/current-graph.ts";
import { splitSidecars } from "../store/joined-pack.ts";
import { packKey, parseStorageKey, rebuiltGraphKey } from "../store/keys.ts";

const MAIN = "refs/heads/main";
const LAYOUTS: PackLayout[] = ["joined", "apart", "pieces"];

async function makeOld(layout: PackLayout) {
  const repository = await PushedRepository.create();
  const history = makeWideHistory(layout);
  await withOldCode(() => repository.move(MAIN, ZERO_OID, history.second, history.pack));
  await storeAsOld(repository, layout);
  return { repository, history };
}

const readVersions = async ({ id }: PushedRepository) =>
  (
    await database.query.select({ version: packs.graphVersion }).from(packs).where(eq(packs.repositoryId, id))
  ).map(({ version }) => version);

it("the fault made a clone of depth 1 lack blobs", async () => {
  const repository = await PushedRepository.create();
  const history = makeWideHistory("fault");
  await withOldCode(() => repository.move(MAIN, ZERO_OID, history.second, history.pack));
  const got = await fetchObjects(repository, [history.second], ["deepen 1"]);
  expect(history.tip.filter((oid) => !got.has(oid)).length).toBeGreaterThan(0);
});

describe.each(LAYOUTS)("a graph of version 1, its pack stored %s", (layout) => {
  it("is made anew where a fetch needs it, which then gets everything", async () => {
    const { repository, history } = await makeOld(layout);
    const shallow = await fetchObjects(repository, [history.second], ["deepen 1"]);
    expect(history.tip.filter((oid) => !shallow.has(oid))).toEqual([]);
    const whole = await fetchObjects(repository, [history.second]);
    expect(history.objects.filter((oid) => !whole.has(oid))).toEqual([]);
    const [pack] = await repository.listPacks();
    expect(await env.OBJECTS.head(rebuiltGraphKey(pack!.storageKey))).not.toBeNull();
    expect(await findDamage(repository)).toEqual([]);
  });

  it("is made anew by housekeeping first of all, which drops nothing that is needed", async () => {
    const { repository, history } = await makeOld(layout);
    const next = makeCommit({ "a.txt": "alone\n" });
    await repository.move("refs/heads/other", ZERO_OID, next.oid, next.pack);
    await repository.move("refs/heads/other", next.oid, ZERO_OID);
    await makeDue(repository);
    expect(await keepHouse(repository)).toBe("more");
    expect(await readVersions(repository)).toEqual([GRAPH_VERSION, GRAPH_VERSION]);
    await keepHouseFully(repository);
    expect(await readAll(repository, [...history.objects, ...next.objects])).toEqual(history.objects);
    expect(await findDamage(repository)).toEqual([]);
  });

  it("is made anew by a second step where the first was cut off", async () => {
    const { repository, history } = await makeOld(layout);
    const [pack] = await repository.listPacks();
    const failing = new Proxy(env.OBJECTS, {
      get: (bucket, name) =>
        name === "put" ? () => Promise.reject(new Error("cut off")) : Reflect.get(bucket, name).bind(bucket),
    });
    await expect(keepHouse(repository, {}, 0, failing)).rejects.toThrow("cut off");
    expect(await readVersions(repository)).toEqual([1]);
    expect(await env.OBJECTS.head(rebuiltGraphKey(pack!.storageKey))).toBeNull();
    await Promise.all([keepHouseFully(repository), fetchObjects(repository, [history.second], ["deepen 1"])]);
    expect(await readVersions(repository)).toEqual([GRAPH_VERSION]);
    expect(await findDamage(repository)).toEqual([]);
  });
});

it.each([
  ["objectCount", GRAPH_REBUILT_IN_REQUEST_OBJECTS],
  ["sizeBytes", GRAPH_REBUILT_IN_REQUEST_BYTES],
] as const)("a pack past the limit of %s waits for housekeeping", async (field, limit) => {
  const { repository } = await makeOld("joined");
  const [pack] = await repository.listPacks();
  const stored = new Uint8Array(await (await env.OBJECTS.get(packKey(pack!.storageKey)))!.arrayBuffer());
  const { idx, graph } = splitSidecars(stored.subarray(pack!.sizeBytes), pack!.objectCount);
  const past = readCurrentGraph(env.OBJECTS, { ...pack!, [field]: limit + 1 }, idx, graph);
  await expect(past).rejects.toMatchObject({ code: "unavailable", retryAfterMs: 60_000 });
  if (field === "sizeBytes") return;
  const made = await readCurrentGraph(env.OBJECTS, { ...pack!, [field]: limit }, idx, graph);
  expect(isOldGraph(made)).toBe(false);
});

it("a rebuilt graph belongs to its pack, and goes with it", () => {
  const key = "repos/1/joined/01234567-89ab-cdef-0123-456789abcdef";
  expect(parseStorageKey(rebuiltGraphKey(key))).toBe(key);
});
