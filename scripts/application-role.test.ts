// The programs' own database role, against a real PostgreSQL: it does all they need, and of the audit log nothing but
// read it, add to it and have what is old ended.
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { z } from "zod";
import { makeApplicationRole } from "./application-role.ts";
import { migrateDatabase } from "./migrate.ts";
import { createTestDatabase, type TestDatabase } from "./testing/database.ts";

const journalSchema = z.object({ entries: z.array(z.looseObject({ tag: z.string() })) });

let database: TestDatabase;
let owner: Client;
let role: string;
/** The programs' address. */
let url: string;

beforeEach(async () => {
  database = await createTestDatabase(inject("databaseUrl"));
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  role = `app "${randomBytes(6).toString("hex")}`;
  url = await makeApplicationRole(database.url, role, "a' \"b/@:");
});

afterEach(async () => {
  const name = owner.escapeIdentifier(role);
  await owner.query(`drop owned by ${name}`);
  await owner.query(`drop role ${name}`);
  await owner.end();
  await database.drop();
});

/** Runs one statement as the programs would. */
async function run(statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

const addEvent = "insert into audit_events (action) values ('token.create')";
const countEvents = "select count(*)::int as n from audit_events";

test("it adds to the audit log and reads it, and nothing it tries changes what is there", async () => {
  await migrateDatabase(database.url, { applicationRole: role });
  await run(addEvent);
  for (const attempt of [
    "update audit_events set action = 'nothing'",
    "update audit_events set created_at = now() - interval '2 years'",
    "delete from audit_events",
    "truncate audit_events",
    "truncate users cascade",
    "drop table audit_events",
    "alter table audit_events disable trigger all",
    "alter table audit_events owner to current_user",
    "drop trigger audit_events_append_only on audit_events",
    "drop function keep_audit_events() cascade",
    "create or replace function keep_audit_events() returns trigger language plpgsql as 'begin return old; end'",
    "create or replace function end_old_audit_events(integer) returns integer language sql as 'select 1'",
    "create trigger mine before delete on audit_events for each row execute function keep_audit_events()",
    "create rule mine as on insert to audit_events do instead nothing",
    "set session_replication_role = replica; delete from audit_events",
    "insert into audit_events (action) values ('x') on conflict (id) do update set action = 'y'",
    "select * from audit_events for update",
    "select * from drizzle.__drizzle_migrations",
  ]) {
    await expect(run(attempt), attempt).rejects.toMatchObject({
      code: expect.stringMatching(/^42501$|^42P13$/),
    });
  }
  // A date of its own making is not taken either.
  await run("insert into audit_events (action, created_at) values ('x', now() - interval '2 years')");
  expect(await run(`${countEvents} where created_at > now() - interval '1 hour'`)).toEqual([{ n: 2 }]);
});

test("events past their age go by the one function for it, at most so many in a call, and no others", async () => {
  await migrateDatabase(database.url, { applicationRole: role });
  const old = (days: number) =>
    `insert into audit_events (action, created_at) values ('old', now() - interval '${days} days')`;
  // Only a superuser gets past the trigger that dates events.
  await owner.query(
    `set session_replication_role = replica; ${old(401)}; ${old(500)}; ${old(402)}; ${old(399)}`,
  );
  await run(addEvent);
  expect(await run("select end_old_audit_events(2) as ended")).toEqual([{ ended: 2 }]);
  expect(await run(`${countEvents} where created_at < now() - interval '400 days'`)).toEqual([{ n: 1 }]);
  expect(await run("select end_old_audit_events(2) as ended")).toEqual([{ ended: 1 }]);
  expect(await run("select end_old_audit_events(2) as ended")).toEqual([{ ended: 0 }]);
  expect(await run(countEvents)).toEqual([{ n: 2 }]);
});

test("a database of an earlier version, with rows of the owner's, serves the role after its upgrade", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plue-role-"));
  try {
    cpSync(resolve(import.meta.dirname, "../schema/migrations"), folder, { recursive: true });
    const journalFile = join(folder, "meta/_journal.json");
    const journal = journalSchema.parse(JSON.parse(readFileSync(journalFile, "utf8")));
    const entries = journal.entries.filter(({ tag }) => tag < "0013");
    writeFileSync(journalFile, JSON.stringify({ entries }));
    await migrateDatabase(database.url, { folder });
    await owner.query(`insert into users (username) values ('before'); ${addEvent}`);
    await expect(run("select from users")).rejects.toMatchObject({ code: "42501" });

    await migrateDatabase(database.url, { applicationRole: role });
    await run("update users set display_name = 'Before' where username = 'before'");
    expect(
      await run("insert into users (username) values ('after') returning id > 0 as is_numbered"),
    ).toEqual([{ is_numbered: true }]);
    expect(await run(countEvents)).toEqual([{ n: 1 }]);
    await expect(run("delete from audit_events")).rejects.toMatchObject({ code: "42501" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("it may do to every other table what programs do, and owns none", async () => {
  await migrateDatabase(database.url, { applicationRole: role });
  const { rows } = await owner.query(
    `select relname, wanted from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) wanted
     where relnamespace = 'public'::regnamespace and relkind = 'r' and (relowner = to_regrole(quote_ident($1))
     or (relname <> 'audit_events' and not has_table_privilege($1, c.oid, wanted)))`,
    [role],
  );
  expect(rows).toEqual([]);
});

test.each([
  ["owns the tables", "isOwner", (name: string) => `grant plue to ${name}`],
  ["writes all tables", "canUpdate, canDelete", (name: string) => `grant pg_write_all_data to ${name}`],
  ["is a superuser", "isSuperuser", (name: string) => `alter role ${name} superuser`],
])("a role that %s is refused, and gets nothing", async (_name, right, give) => {
  await owner.query(give(owner.escapeIdentifier(role)));
  await expect(migrateDatabase(database.url, { applicationRole: role })).rejects.toThrow(right);
  const { rows } = await owner.query(
    "select relacl::text as acl from pg_class where relname = 'audit_events'",
  );
  expect(rows[0]?.acl ?? "").not.toContain(role);
});

test("a role that isn't there is named", async () => {
  await expect(migrateDatabase(database.url, { applicationRole: "nobody" })).rejects.toThrow(
    "There is no database role nobody.",
  );
});
