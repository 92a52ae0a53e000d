// What `npm start` prepares, against a real PostgreSQL: migrations that can be applied twice and at once, and a
// seed that keeps one token and one sign-in link live.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { hashSecret, isWellFormedToken } from "../schema/token.ts";
import { migrateDatabase } from "./migrate.ts";
import { seedDatabase } from "./seed.ts";
import { createTestDatabase, type TestDatabase } from "./testing/database.ts";

let database: TestDatabase;
let client: Client;
let folder: string;
let tokenFile: string;

beforeEach(async () => {
  database = await createTestDatabase(inject("databaseUrl"));
  folder = mkdtempSync(join(tmpdir(), "plue-seed-"));
  tokenFile = join(folder, "admin.token");
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterEach(async () => {
  await client.end();
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function count(query: string, values: unknown[] = []): Promise<number> {
  const result = await client.query<{ n: number }>(`select count(*)::int as n from ${query}`, values);
  return result.rows[0]?.n ?? -1;
}

test("two programs that migrate together both succeed, and again changes nothing", async () => {
  await Promise.all([migrateDatabase(database.url), migrateDatabase(database.url)]);
  const applied = await count("drizzle.__drizzle_migrations");
  expect(applied).toBeGreaterThan(0);
  await migrateDatabase(database.url);
  expect(await count("drizzle.__drizzle_migrations")).toBe(applied);
});

test("a migration that fails leaves nothing, and a changed one is noticed", async () => {
  const migrations = join(folder, "migrations");
  mkdirSync(join(migrations, "meta"), { recursive: true });
  const entries = [
    { tag: "0000_good", when: 1 },
    { tag: "0001_bad", when: 2 },
  ];
  writeFileSync(join(migrations, "meta/_journal.json"), JSON.stringify({ entries }));
  writeFileSync(join(migrations, "0000_good.sql"), "create table good (id int);");
  const bad = "create table bad (id int);\n--> statement-breakpoint\nselect nonsense;";
  writeFileSync(join(migrations, "0001_bad.sql"), bad);
  await expect(migrateDatabase(database.url, { folder: migrations })).rejects.toThrow(
    "Migration 0001_bad failed",
  );
  expect(await count("pg_tables where tablename in ('good', 'bad')")).toBe(1);
  expect(await count("drizzle.__drizzle_migrations")).toBe(1);
  writeFileSync(join(migrations, "0001_bad.sql"), "create table bad (id int);");
  await migrateDatabase(database.url, { folder: migrations });
  writeFileSync(join(migrations, "0000_good.sql"), "create table better (id int);");
  await expect(migrateDatabase(database.url, { folder: migrations })).rejects.toThrow(
    "0000_good was changed",
  );
});

test("the first seed makes admin, a token with every scope in a private file, and a link", async () => {
  await migrateDatabase(database.url);
  const secret = await seedDatabase(database.url, tokenFile);
  const token = readFileSync(tokenFile, "utf8").trim();
  expect(isWellFormedToken(token)).toBe(true);
  expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
  expect(await count("users where username = 'admin' and is_admin")).toBe(1);
  const live = "access_tokens where revoked_at is null and token_hash = $1 and 'repo:write' = any(scopes)";
  expect(await count(live, [await hashSecret(token)])).toBe(1);
  const usable = "sign_in_links where used_at is null and expires_at > now() and secret_hash = $1";
  expect(await count(usable, [await hashSecret(secret)])).toBe(1);
});

test("a second seed keeps the token and replaces the unused link", async () => {
  await migrateDatabase(database.url);
  const firstSecret = await seedDatabase(database.url, tokenFile);
  const token = readFileSync(tokenFile, "utf8");
  const secondSecret = await seedDatabase(database.url, tokenFile);
  expect(readFileSync(tokenFile, "utf8")).toBe(token);
  expect(secondSecret).not.toBe(firstSecret);
  expect(await count("users")).toBe(1);
  expect(await count("sign_in_links where used_at is null and expires_at > now()")).toBe(1);
});

test.each([
  ["lost", () => rmSync(tokenFile)],
  ["revoked", () => client.query("update access_tokens set revoked_at = now()")],
])("a %s token is replaced, and the old one is dead", async (_how, lose) => {
  await migrateDatabase(database.url);
  await seedDatabase(database.url, tokenFile);
  const oldToken = readFileSync(tokenFile, "utf8").trim();
  await lose();
  await seedDatabase(database.url, tokenFile);
  const newToken = readFileSync(tokenFile, "utf8").trim();
  expect(newToken).not.toBe(oldToken);
  const live = "access_tokens where revoked_at is null and token_hash = $1";
  expect(await count(live, [await hashSecret(oldToken)])).toBe(0);
  expect(await count(live, [await hashSecret(newToken)])).toBe(1);
});
