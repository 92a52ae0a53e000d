// What fsck finds: nothing in a good repository, and each kind of damage by name.
import { env } from "cloudflare:test";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { SIGNATURE_HEADER, signRequest } from "../../../schema/signature.ts";
import { database, send } from "../../testing/fixtures.ts";
import { findDamage } from "../../testing/keep-house.ts";
import { PushedRepository } from "../../testing/pushed-repository.ts";
import { createStorageKey, graphKey, indexKey, packKey } from "../store/keys.ts";
import { blob, PackBuilder } from "../testing/pack-builder.ts";

/** With two packs: one in one object, as small ones are, or in three. */
async function makePushed(layout: "joined" | "apart" = "joined") {
  const repository = await PushedRepository.create();
  const [first, second] = await repository.commitMany(2);
  const [pack] = (await repository.listPacks()).sort((left, right) => left.objectCount - right.objectCount);
  const storageKey = layout === "joined" ? pack!.storageKey : await repository.nameByHash(pack!);
  return { repository, first: first!, second: second!, storageKey };
}

/** Changes what R2 holds, as nothing in the Worker ever does. */
async function rewrite(key: string, change: (bytes: Uint8Array) => void): Promise<void> {
  const stored = await env.OBJECTS.get(key);
  const bytes = new Uint8Array(await stored!.arrayBuffer());
  change(bytes);
  await env.OBJECTS.put(key, bytes);
}

async function ask(path: string, secret: string) {
  const signature = await signRequest(secret, { method: "GET", path, body: "" });
  return send(path, { headers: { [SIGNATURE_HEADER]: signature } });
}

describe("the check of a repository", () => {
  it("finds nothing wrong where nothing is", async () => {
    const { repository } = await makePushed();
    expect(await findDamage(repository)).toEqual([]);
  });

  it("finds a byte that changed in a pack", async () => {
    const { repository, storageKey } = await makePushed("apart");
    await rewrite(packKey(storageKey), (bytes) => {
      bytes[bytes.length - 25]! ^= 1;
    });
    expect((await findDamage(repository)).join("\n")).toContain(`${storageKey}.pack is damaged`);
  });

  it("finds an index and a graph behind a pack that aren't the pack's", async () => {
    const { repository, storageKey } = await makePushed();
    const [pack] = (await repository.listPacks()).filter((one) => one.storageKey === storageKey);
    await rewrite(packKey(storageKey), (bytes) => {
      bytes[pack!.sizeBytes + 1050]! ^= 1;
      bytes[bytes.length - 1]! ^= 1;
    });
    const damage = (await findDamage(repository)).join("\n");
    expect(damage).toContain(`${storageKey}.idx isn't the index of the pack`);
    expect(damage).toMatch(new RegExp(`${storageKey}\\.graph is (damaged|wrong)`));
  });

  it("finds another pack under a pack's name", async () => {
    const { repository, storageKey } = await makePushed();
    await env.OBJECTS.put(packKey(storageKey), new PackBuilder().add(blob("other")).finish());
    const damage = (await findDamage(repository)).join("\n");
    expect(damage).toMatch(/the catalog says \d+/);
    expect(damage).toContain("is the pack ");
    expect(damage).toContain("isn't the index of the pack");
  });

  it("finds an index and a graph that aren't the pack's", async () => {
    const { repository, storageKey } = await makePushed("apart");
    await rewrite(indexKey(storageKey), (bytes) => {
      bytes[bytes.length - 60]! ^= 1;
    });
    await rewrite(graphKey(storageKey), (bytes) => {
      bytes[bytes.length - 1]! ^= 1;
    });
    const damage = (await findDamage(repository)).join("\n");
    expect(damage).toContain(`${storageKey}.idx isn't the index of the pack`);
    expect(damage).toMatch(new RegExp(`${storageKey}\\.graph is (damaged|wrong)`));
  });

  it("finds a graph that says another reference than the tree has", async () => {
    const { repository, storageKey } = await makePushed("apart");
    await rewrite(graphKey(storageKey), (bytes) => {
      const view = new DataView(bytes.buffer);
      const numbersAt = 44 + 4 * (view.getUint32(8, true) + 1);
      // Two of the ids that its lists name change places.
      const first = view.getUint32(numbersAt, true);
      view.setUint32(numbersAt, view.getUint32(numbersAt + 4, true), true);
      view.setUint32(numbersAt + 4, first, true);
    });
    expect((await findDamage(repository)).join("\n")).toMatch(
      new RegExp(`${storageKey}\\.graph is wrong about (tree|commit) [0-9a-f]{40}: it says other references`),
    );
  });

  it.each([packKey, indexKey, graphKey])("finds an object that is gone from R2", async (keyOf) => {
    const { repository, storageKey } = await makePushed("apart");
    await env.OBJECTS.delete(keyOf(storageKey));
    expect(await findDamage(repository)).toContain(`${keyOf(storageKey)} is not in R2`);
  });

  it("finds a history with a pack missing, and refs that point nowhere", async () => {
    const { repository, first, second } = await makePushed();
    const [oldest] = await repository.listPacks();
    await database.query.execute(
      sql`DELETE FROM packs WHERE repository_id = ${repository.id} AND sha = ${oldest!.sha}`,
    );
    await database.query.execute(
      sql`INSERT INTO refs (repository_id, name, oid, peeled) VALUES
        (${repository.id}, 'refs/tags/nowhere', ${"4".repeat(40)}, NULL),
        (${repository.id}, 'refs/tags/peeled', ${second.oid}, ${second.oid})`,
    );
    const damage = (await findDamage(repository)).join("\n");
    expect(damage).toContain(`needs commit ${first.oid}, which is missing`);
    expect(damage).toContain(`refs/tags/nowhere points at ${"4".repeat(40)}, which is missing`);
    expect(damage).toContain(`refs/tags/peeled is peeled to ${second.oid}, but ${second.oid} is no tag`);
    expect(damage).toContain("the refs' history has a gap");
  });
});

describe("GET /internal/fsck/repositories", () => {
  it("streams what it finds, orphans too, to whoever has the secret", async () => {
    const { repository } = await makePushed();
    const orphan = packKey(createStorageKey(repository.id));
    await env.OBJECTS.put(orphan, "half a pack");
    const path = `/internal/fsck/repositories/${repository.id}`;
    for (const part of [`${path}/packs`, `${path}/packs/${"1".repeat(40)}`, `${path}/references`]) {
      expect((await send(part)).status).toBe(404);
      expect((await ask(part, "another secret, as long as the real one")).status).toBe(404);
    }
    const { packs } = await (await ask(`${path}/packs`, env.GATEWAY_SECRET)).json<{ packs: string[] }>();
    expect(packs).toEqual((await repository.listPacks()).map(({ sha }) => sha).sort());
    const read = async (part: string) => {
      const response = await ask(`${path}/${part}`, env.GATEWAY_SECRET);
      const lines = (await response.text()).trim().split("\n");
      return lines.map((line) => JSON.parse(line));
    };
    const ofPack = await read(`packs/${packs[0]}`);
    expect(ofPack).toMatchObject([
      { level: "note", message: expect.stringContaining("is whole") },
      { level: "end" },
    ]);
    const lines = await read("references");
    expect(lines.at(-1)).toEqual({ level: "end" });
    expect(lines).toContainEqual({
      level: "note",
      message: `orphan: ${orphan}`,
    });
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("lists repositories from a number on", async () => {
    const { repository } = await makePushed();
    const path = `/internal/fsck/repositories?after=${repository.id - 1}`;
    const answer = await ask(path, env.GATEWAY_SECRET);
    const name = `${repository.person.username}/${repository.name}`;
    expect(await answer.json()).toMatchObject({ repositories: [{ id: repository.id, name }] });
  });
});
