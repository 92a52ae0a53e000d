// A database of its own for a test that looks at all there is in it, such as all jobs that wait.
import { migrateDatabase } from "../migrate.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";

/** Makes a database with every table and no row in the server of `serverUrl` (`inject("databaseUrl")`). */
export async function createMigratedDatabase(serverUrl: string): Promise<TestDatabase> {
  const database = await createTestDatabase(serverUrl);
  await migrateDatabase(database.url);
  return database;
}
