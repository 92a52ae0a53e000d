// Refs are listed in the order of their bytes, page by page, without those that nobody may see.
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { refs } from "../../../schema/tables/git.ts";
import { database } from "../../testing/fixtures.ts";
import { openTestRepository, type TestRepository } from "../testing/git-fixtures.ts";
import { findRefs, listRefs, pageRefs, resolveRefs } from "./refs.ts";
import { readSnapshot } from "./snapshot.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)];
const MANY = 12_000;
const NAMES = [
  "refs/heads/main",
  "refs/heads/é",
  "refs/heads/z",
  "refs/heads/Z",
  "refs/tags/main",
  "refs/plue/x",
];
const { query } = database;

let small: TestRepository;
let large: TestRepository;
beforeAll(async () => {
  [small, large] = [await openTestRepository(), await openTestRepository()];
  await query
    .insert(refs)
    .values(NAMES.map((name) => ({ repositoryId: small.id, name, oid: name.includes("plue") ? B : A })));
  await query.execute(sql`INSERT INTO refs (repository_id, name, oid)
    SELECT ${large.id}, 'refs/heads/b' || n, ${A} FROM generate_series(1, ${MANY}::integer) AS n`);
});

async function listAll(repository: TestRepository, prefixes?: string[]): Promise<string[][]> {
  const pages: string[][] = [];
  for await (const page of pageRefs(query, repository.id, prefixes)) pages.push(page.map(({ name }) => name));
  return pages;
}

describe("refs", () => {
  it("come in the order of their bytes, without the forge's own", async () => {
    expect(await listAll(small)).toEqual([
      ["refs/heads/Z", "refs/heads/main", "refs/heads/z", "refs/heads/é", "refs/tags/main"],
    ]);
    expect(await listAll(small, ["refs/plue/"])).toEqual([]);
  });

  it("come in pages, each once", async () => {
    const pages = await listAll(large);
    expect(pages.map((page) => page.length)).toEqual([5000, 5000, 2000]);
    const names = pages.flat();
    expect(new Set(names).size).toBe(MANY);
    expect(names).toEqual([...names].sort());
  });

  it("are found by prefix, in bytes", async () => {
    expect(await listAll(large, ["refs/heads/b1199"])).toEqual([
      Array.from({ length: 11 }, (_, at) => `refs/heads/b1199${at === 0 ? "" : at - 1}`),
    ]);
    expect(await listAll(small, ["refs/heads/z", "refs/tags/"])).toEqual([
      ["refs/heads/z", "refs/tags/main"],
    ]);
    expect(await listAll(small, ["refs/heads/_", "%"])).toEqual([]);
    expect(await listRefs(query, small.id, { prefixes: [""], limit: 2 })).toHaveLength(2);
  });

  it("are found by name, and by the short name as git resolves it", async () => {
    expect(
      (await findRefs(query, small.id, ["refs/plue/x", "refs/heads/none"])).map(({ oid }) => oid),
    ).toEqual([B]);
    const resolved = await resolveRefs(query, small.id, ["main", "heads/main", "none", "main"]);
    expect(resolved.map((ref) => ref?.name)).toEqual([
      "refs/tags/main",
      "refs/heads/main",
      undefined,
      "refs/tags/main",
    ]);
  });
});

describe("a snapshot", () => {
  it("knows the asked ids that visible refs point at, and the asked names", async () => {
    const snapshot = await readSnapshot(query, small.id, {
      oids: [A, B],
      names: ["refs/heads/z", "refs/plue/x", "no"],
    });
    expect(snapshot).toEqual({
      repositoryId: small.id,
      version: 0,
      packs: [],
      tips: new Set([A]),
      refs: [{ name: "refs/heads/z", oid: A, peeled: null }],
      tags: [],
    });
  });
});
