// Brings a database up to schema/migrations, in the table that drizzle-kit uses too. Invariant: migrations run one at
// a time, each at most once, however many programs start together. (Our own few lines and not drizzle's migrator,
// whose import alone costs half a second of every start.)
// Run alone: `MIGRATION_DATABASE_URL=postgres://… DATABASE_URL=postgres://… node scripts/migrate.ts`, the owner's address
// and the programs'. Without the first, the programs' role owns the tables.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Client } from "pg";
import { z } from "zod";
import { grantApplicationRole } from "./application-role.ts";

const migrationsFolder = resolve(import.meta.dirname, "../schema/migrations");
const journalSchema = z.object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) });

// Any number will do, as long as nothing else locks it.
const migrationLock = 7_583_001;

type Migration = { tag: string; when: number; hash: string; statements: string[] };

type MigrationOptions = {
  /** Where the migrations are, in drizzle-kit's layout; schema/migrations unless given. */
  folder?: string;
  /** The role of the programs, where it isn't the one that migrates: it gets what it needs of every table. */
  applicationRole?: string | undefined;
};

/**
 * Applies what the database lacks, in order, each migration in a transaction of its own.
 * @throws when a migration fails (it left nothing behind), or when one was changed after it was applied.
 */
export async function migrateDatabase(databaseUrl: string, options: MigrationOptions = {}): Promise<void> {
  const migrations = readMigrations(options.folder ?? migrationsFolder);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    const applied = await readApplied(client);
    for (const migration of migrations) {
      const hash = applied.get(migration.when);
      if (hash === undefined) await applyMigration(client, migration);
      else if (hash !== migration.hash) {
        throw new Error(`Migration ${migration.tag} was changed after this database applied it.`);
      }
    }
    if (options.applicationRole !== undefined) await grantApplicationRole(client, options.applicationRole);
  } finally {
    await client.end();
  }
}

function readMigrations(folder: string): Migration[] {
  const journal = journalSchema.parse(JSON.parse(readFileSync(join(folder, "meta/_journal.json"), "utf8")));
  return journal.entries.map(({ tag, when }) => {
    const text = readFileSync(join(folder, `${tag}.sql`), "utf8");
    const hash = createHash("sha256").update(text).digest("hex");
    return { tag, when, hash, statements: text.split("--> statement-breakpoint") };
  });
}

/** The hashes of the applied migrations, by their journal's `when`. */
async function readApplied(client: Client): Promise<Map<number, string>> {
  const found = await client.query(
    "select to_regclass('drizzle.__drizzle_migrations') is not null as is_there",
  );
  if (found.rows[0]?.is_there !== true) {
    await client.query("create schema if not exists drizzle");
    await client.query(
      "create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)",
    );
  }
  const rows = await client.query<{ hash: string; when: string }>(
    "select hash, created_at as when from drizzle.__drizzle_migrations",
  );
  return new Map(rows.rows.map(({ hash, when }) => [Number(when), hash]));
}

/** The role that an address signs in as. */
export function readRole(databaseUrl: string): string {
  return decodeURIComponent(new URL(databaseUrl).username);
}

async function applyMigration(client: Client, migration: Migration): Promise<void> {
  await client.query("begin");
  try {
    for (const statement of migration.statements) await client.query(statement);
    await client.query("insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)", [
      migration.hash,
      migration.when,
    ]);
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback");
    throw new Error(`Migration ${migration.tag} failed: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

if (import.meta.main) {
  const { DATABASE_URL, MIGRATION_DATABASE_URL } = process.env;
  if (DATABASE_URL === undefined) throw new Error("Set DATABASE_URL to the database to migrate.");
  if (MIGRATION_DATABASE_URL === undefined) await migrateDatabase(DATABASE_URL);
  else await migrateDatabase(MIGRATION_DATABASE_URL, { applicationRole: readRole(DATABASE_URL) });
}
