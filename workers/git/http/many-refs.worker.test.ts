// 100,000 refs: listed page by page at the client's pace, and by prefix without looking at the others.
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { database } from "../../testing/fixtures.ts";
import { listRefs, pageRefs } from "../store/refs.ts";
import { command, openTestRepository, request, type TestRepository } from "../testing/git-fixtures.ts";
import { readAnswer } from "../testing/git-requests.ts";

const MANY = 100_000;
const A = "a".repeat(40);

let repository: TestRepository;
beforeAll(async () => {
  repository = await openTestRepository();
  await database.query.execute(sql`INSERT INTO refs (repository_id, name, oid)
    SELECT ${repository.id}, 'refs/heads/b' || lpad(n::text, 6, '0'), ${A} FROM generate_series(1, ${MANY}::integer) AS n`);
  await database.query.execute(sql`INSERT INTO refs (repository_id, name, oid) VALUES
    (${repository.id}, 'refs/heads/main', ${A}), (${repository.id}, 'refs/tags/v1', ${A})`);
  await database.query.execute(sql`ANALYZE refs`);
});

describe("100,000 refs", () => {
  it("are all listed, in v2 and in v0", async () => {
    const { lines } = await command(repository, "ls-refs", []);
    expect(lines).toHaveLength(MANY + 4);
    expect([lines[0], lines[1], lines.at(-2)]).toEqual([
      `${A} HEAD`,
      `${A} refs/heads/b000001`,
      `${A} refs/tags/v1`,
    ]);
    const advertised = await request(repository, "info/refs?service=git-upload-pack");
    const old = readAnswer(new Uint8Array(await advertised.arrayBuffer())).lines;
    expect(old).toHaveLength(MANY + 6);
  });

  it("are held 5,000 at a time", async () => {
    const sizes: number[] = [];
    for await (const page of pageRefs(database.query, repository.id)) sizes.push(page.length);
    expect(Math.max(...sizes)).toBe(5000);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(MANY + 2);
  });

  it.each([
    [["refs/tags/"], 1],
    [["refs/heads/b09999"], 10],
    [Array.from({ length: 1000 }, (_, at) => `refs/heads/b${String(100 * at).padStart(6, "0")}`), 999],
    [["refs/heads/b0999", "refs/heads/b09999", "refs/heads/b099999"], 100],
    [["HEAD", "refs/heads/b09999", "refs/tags/", "refs/heads/main"], 12],
  ])("are found by prefixes in the index, case %#, without reading the others", async (prefixes, count) => {
    const args = prefixes.map((prefix) => `ref-prefix ${prefix}`);
    const isHead = prefixes.includes("HEAD") ? 1 : 0;
    expect((await command(repository, "ls-refs", args)).lines).toHaveLength(count + isHead + 1);
    const readRows = await database.transaction(async (transaction) => {
      // What the session did before may still be counted.
      const countRows = async () => {
        const [row] = await transaction
          .select({ rows: sql<number>`(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0))::integer` })
          .from(sql`pg_stat_xact_user_tables`)
          .where(sql`relname = 'refs'`);
        return row?.rows ?? 0;
      };
      const before = await countRows();
      const found = await listRefs(transaction, repository.id, { prefixes, limit: 5000 });
      expect(found).toHaveLength(count);
      return (await countRows()) - before;
    });
    // Rows that several ranges are looked up for are counted twice.
    expect(readRows).toBeLessThanOrEqual(2 * count);
  });
});
