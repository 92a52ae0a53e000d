// The Worker's way to Postgres: HTTP for single statements, a session opened and closed within the call for
// transactions. Invariant: no connection outlives the call that opened it.
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { drizzle as drizzleHttp } from "drizzle-orm/neon-http";
import { drizzle as drizzleSession } from "drizzle-orm/neon-serverless";
import type { PgDatabase, PgQueryResultHKT, PgTransactionConfig } from "drizzle-orm/pg-core";
import type { Env } from "./env.ts";
import { DATABASE_ANSWER_WAIT_MS, DATABASE_SESSION_WAIT_MS } from "./limits.ts";

/** Runs statements: either each on its own, or all within one transaction. */
export type Executor = PgDatabase<PgQueryResultHKT>;

export interface Database {
  /** For single statements; each is its own transaction. */
  query: Executor;
  /**
   * Runs `work` in one transaction, READ COMMITTED. Its queries run one after the other.
   * What `work` throws rolls back and is thrown on.
   */
  transaction<Result>(work: (transaction: Executor) => Promise<Result>): Promise<Result>;
  /** As `transaction`, REPEATABLE READ and read-only: every query sees the same moment. */
  snapshot<Result>(work: (query: Executor) => Promise<Result>): Promise<Result>;
}

// The driver holds writes back for a moment to join them; one query waits for the other here, so that only costs.
neonConfig.coalesceWrites = false;

/** A database handle for one request. Opens nothing until it is used. */
export function createDatabase(env: Pick<Env, "databaseUrl" | "neonProxy">): Database {
  useProxy(env.neonProxy);
  return {
    query: drizzleHttp(neon(env.databaseUrl)),
    transaction: (work) => runInSession(env.databaseUrl, work),
    snapshot: (work) =>
      runInSession(env.databaseUrl, work, { isolationLevel: "repeatable read", accessMode: "read only" }),
  };
}

async function runInSession<Result>(
  databaseUrl: string,
  work: (transaction: Executor) => Promise<Result>,
  config?: PgTransactionConfig,
): Promise<Result> {
  // A server that went away without a word must fail the request, not hold it for ever.
  const pool = new Pool({
    ...{ connectionString: databaseUrl, max: 1 },
    connectionTimeoutMillis: DATABASE_SESSION_WAIT_MS,
    query_timeout: DATABASE_ANSWER_WAIT_MS,
  });
  try {
    return await drizzleSession(pool).transaction((transaction) => work(transaction), config);
  } finally {
    await pool.end();
  }
}

// The driver's settings are global to the isolate; they are the same in every request of it.
function useProxy(proxy: string | undefined): void {
  if (proxy === undefined) return;
  neonConfig.fetchEndpoint = () => `http://${proxy}/sql`;
  neonConfig.wsProxy = () => proxy;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
}
