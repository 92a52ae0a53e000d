// What all tests of one `vitest` process share: the site's assets, built; a PostgreSQL in a temporary folder, migrated, and the bridge
// before it. Tests find them by `inject("databaseUrl")`; each makes rows (or a database) of its own.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { makeApplicationRole } from "../application-role.ts";
import { buildAssets } from "../build-assets.ts";
import { startNeonBridge } from "../dev/neon-bridge/bridge.ts";
import { startPostgres } from "../dev/postgres.ts";
import { migrateDatabase } from "../migrate.ts";
import { runStatement } from "./database.ts";
import { makeMigratedTemplate } from "./migrated-database.ts";
import { serveSchemas } from "./schema-server.ts";
import { serveTroubledDatabase } from "./troubled-database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A direct connection to the tests' database, as the role that owns it. */
    databaseUrl: string;
    /** The Worker's DATABASE_URL and NEON_PROXY: the same database through the Neon bridge, as the programs' role. */
    bridgeUrl: string;
    neonProxy: string;
    /** Where the way to the database breaks as the path says; see troubled-database.ts. */
    troubledDatabase: string;
    /** Where answers are held to GitHub's schemas and to our own; see schema-server.ts. */
    schemasUrl: string;
    /** How many requests the test of the whole API makes to each operation: `PLUE_API_CASES`. */
    apiCases: number;
  }
}

/** Some forty seconds; `PLUE_API_CASES=50` is ten times as many. */
const API_CASES_DEFAULT = 5;

/** Vitest calls this once before all projects' tests, and the function it returns after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildAssets();
  const folder = mkdtempSync(join(tmpdir(), "plue-test-"));
  // PostgreSQL may run as another user, who must get in.
  chmodSync(folder, 0o711);
  const postgres = await startPostgres({
    dataFolder: join(folder, "postgres"),
    password: "test",
    logFile: join(folder, "postgres.log"),
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
  });
  const applicationUrl = await makeApplicationRole(postgres.url, "plue_app", "test");
  await migrateDatabase(postgres.url, { applicationRole: "plue_app" });
  await makeMigratedTemplate(postgres.url);
  // Who tests how a statement is planned refreshes the statistics it is planned by.
  await runStatement(postgres.url, "grant maintain on all tables in schema public to plue_app");
  const bridge = await startNeonBridge({ databaseUrl: applicationUrl });
  project.provide("databaseUrl", postgres.url);
  project.provide("bridgeUrl", bridge.databaseUrl);
  project.provide("neonProxy", bridge.address);
  const troubled = await serveTroubledDatabase(bridge.address);
  project.provide("troubledDatabase", troubled.address);
  const schemas = await serveSchemas();
  project.provide("schemasUrl", schemas.url);
  project.provide("apiCases", Number(process.env.PLUE_API_CASES ?? API_CASES_DEFAULT));
  return async () => {
    await schemas.stop();
    await troubled.stop();
    await bridge.stop();
    await postgres.server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
