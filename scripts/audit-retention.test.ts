// How long the audit log is kept, against a real PostgreSQL: as the site's setting says, and within bounds whatever it says.
import { Client } from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { AUDIT_RETENTION_DAYS_MAX, AUDIT_RETENTION_DAYS_MIN } from "../workers/core/limits.ts";
import { migrateDatabase } from "./migrate.ts";
import { createTestDatabase, type TestDatabase } from "./testing/database.ts";

let database: TestDatabase;
let owner: Client;

beforeEach(async () => {
  database = await createTestDatabase(inject("databaseUrl"));
  await migrateDatabase(database.url);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterEach(async () => {
  await owner.end();
  await database.drop();
});

/** Adds events of these ages. */
async function addEvents(...ages: number[]): Promise<void> {
  // Only a superuser gets past the trigger that dates events.
  await owner.query("set session_replication_role = replica");
  for (const days of ages) {
    await owner.query(`insert into audit_events (action, created_at) values ('old', now() - $1::interval)`, [
      `${days} days`,
    ]);
  }
  await owner.query("set session_replication_role = origin");
}

const setRetention = (days: number) =>
  owner.query(
    `insert into site_settings (name, value) values ('auditRetentionDays', to_jsonb($1::int))
     on conflict (name) do update set value = excluded.value`,
    [days],
  );

/** The ages in days of the events that are left after a sweep, oldest first. */
async function sweep(): Promise<number[]> {
  await owner.query("select end_old_audit_events(1000)");
  const left = await owner.query<{ days: number }>(
    "select extract(day from now() - created_at)::int as days from audit_events order by created_at",
  );
  return left.rows.map(({ days }) => days);
}

test("without a setting events are kept for 400 days", async () => {
  await addEvents(399, 401);
  expect(await sweep()).toEqual([399]);
});

test("a shorter or longer time that is set holds from the next sweep on", async () => {
  await addEvents(100, 199, 201, 500);
  await setRetention(600);
  expect(await sweep()).toEqual([500, 201, 199, 100]);
  await setRetention(200);
  expect(await sweep()).toEqual([199, 100]);
});

test("no setting lets anything younger than the least go, by the function or without it", async () => {
  await addEvents(AUDIT_RETENTION_DAYS_MIN - 1, AUDIT_RETENTION_DAYS_MIN + 1);
  await setRetention(AUDIT_RETENTION_DAYS_MIN - 1);
  expect(await sweep()).toEqual([AUDIT_RETENTION_DAYS_MIN - 1]);
  await setRetention(0);
  expect(await sweep()).toEqual([AUDIT_RETENTION_DAYS_MIN - 1]);
  await expect(owner.query("delete from audit_events")).rejects.toMatchObject({ code: "42501" });
});

test("no setting keeps anything for longer than the most", async () => {
  await addEvents(AUDIT_RETENTION_DAYS_MAX - 1, AUDIT_RETENTION_DAYS_MAX + 1);
  await setRetention(AUDIT_RETENTION_DAYS_MAX + 100);
  expect(await sweep()).toEqual([AUDIT_RETENTION_DAYS_MAX - 1]);
});
