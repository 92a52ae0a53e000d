// What the `unit` and `worker` projects share: one PostgreSQL for the whole `vitest` process, in a temporary
// folder, migrated. Tests find it by `inject("databaseUrl")`; each makes rows (or a database) of its own.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startNeonBridge } from "../dev/neon-bridge/bridge.ts";
import { startPostgres } from "../dev/postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A direct connection to the tests' database, as the gateway has one. */
    databaseUrl: string;
    /** The Worker's DATABASE_URL and NEON_PROXY: the same database through the Neon bridge. */
    bridgeUrl: string;
    neonProxy: string;
  }
}

type Shared = { databaseUrl: string; bridgeUrl: string; neonProxy: string; stop(): Promise<void> };

declare global {
  // Each project loads this module anew; the process-wide slot is what makes them share one server.
  var plueTestServices: { users: number; started: Promise<Shared> } | undefined;
}

/** Vitest calls this once per project before its tests, and the function it returns after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  globalThis.plueTestServices ??= { users: 0, started: startShared() };
  const services = globalThis.plueTestServices;
  services.users += 1;
  const shared = await services.started;
  project.provide("databaseUrl", shared.databaseUrl);
  project.provide("bridgeUrl", shared.bridgeUrl);
  project.provide("neonProxy", shared.neonProxy);
  return async () => {
    services.users -= 1;
    if (services.users > 0) return;
    globalThis.plueTestServices = undefined;
    await shared.stop();
  };
}

async function startShared(): Promise<Shared> {
  const folder = mkdtempSync(join(tmpdir(), "plue-test-"));
  chmodSync(folder, 0o711);
  const postgres = await startPostgres({
    dataFolder: join(folder, "postgres"),
    password: "test",
    logFile: join(folder, "postgres.log"),
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
  });
  const bridge = await startNeonBridge({ databaseUrl: postgres.url });
  return {
    databaseUrl: postgres.url,
    bridgeUrl: bridge.databaseUrl,
    neonProxy: bridge.address,
    stop: async () => {
      await bridge.stop();
      await postgres.server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
