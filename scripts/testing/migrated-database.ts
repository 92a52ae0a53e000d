// A database of its own for a test that looks at all there is in it, such as all jobs that wait.

import { migrateDatabase } from "../migrate.ts";
import { createTestDatabase, runStatement, type TestDatabase } from "./database.ts";

const TEMPLATE = "plue_migrated";

/** Migrates the database that createMigratedDatabase copies, once for all tests of a run. */
export async function makeMigratedTemplate(serverUrl: string): Promise<void> {
  await runStatement(serverUrl, `create database ${TEMPLATE} template template0`);
  const url = new URL(serverUrl);
  url.pathname = `/${TEMPLATE}`;
  await migrateDatabase(url.href);
}

/** Makes a database with every table and no row in the server of `serverUrl` (`inject("databaseUrl")`). */
export async function createMigratedDatabase(serverUrl: string): Promise<TestDatabase> {
  return createTestDatabase(serverUrl, TEMPLATE);
}
