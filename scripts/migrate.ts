// Brings a database up to schema/migrations. Invariant: migrations run one at a time, each at most once, however
// many programs start together. Run alone: `DATABASE_URL=postgres://… node scripts/migrate.ts`.
import { resolve } from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { Client } from "pg";

const migrationsFolder = resolve(import.meta.dirname, "../schema/migrations");

// Any number will do, as long as nothing else locks it.
const migrationLock = 7_583_001;

/** Applies what the database lacks. @throws when a migration fails; that migration then left nothing behind. */
export async function migrateDatabase(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    // "schema already exists, skipping" at every start is no news.
    await client.query("set client_min_messages = warning");
    await migrate(drizzle(client), { migrationsFolder });
  } finally {
    await client.end();
  }
}

if (import.meta.main) {
  const databaseUrl = process.env.DATABASE_URL;
  if (databaseUrl === undefined) throw new Error("Set DATABASE_URL to the database to migrate.");
  await migrateDatabase(databaseUrl);
}
