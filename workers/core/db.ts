// The Worker's way to Postgres: HTTP for single statements, a session opened and closed within the call for
// transactions. Invariant: no connection outlives the call that opened it, and no wait for the database is without end.
import { neon, neonConfig } from "@neondatabase/serverless";
import { drizzle } from "drizzle-orm/neon-http";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { type DatabaseWaits, type OpeningSession, openSession, runInSession } from "./database-session.ts";
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
  /** Begins to open the session of a transaction that is known to come. */
  openSession(): OpeningSession;
  /** As `transaction`, REPEATABLE READ and read-only: every query sees the same moment. */
  snapshot<Result>(work: (query: Executor) => Promise<Result>): Promise<Result>;
}

const WAITS: DatabaseWaits = { sessionMs: DATABASE_SESSION_WAIT_MS, answerMs: DATABASE_ANSWER_WAIT_MS };

// The driver holds writes back for a moment to join them; one query waits for the other here, so that only costs.
neonConfig.coalesceWrites = false;
neonConfig.fetchFunction = askInTime;

/** A database handle for one request. Opens nothing until it is used. */
export function createDatabase(
  env: Pick<Env, "databaseUrl" | "neonProxy">,
  waits: DatabaseWaits = WAITS,
): Database {
  const { databaseUrl } = env;
  useProxy(env.neonProxy);
  return {
    query: drizzle(neon(databaseUrl, { fetchOptions: { waitMs: waits.answerMs } })),
    transaction: (work) => runInSession(databaseUrl, waits, work),
    openSession: () => openSession(databaseUrl, waits),
    snapshot: (work) =>
      runInSession(databaseUrl, waits, work, { isolationLevel: "repeatable read", accessMode: "read only" }),
  };
}

/** What the driver asks over HTTP: the whole answer, or a failure that the driver takes for one of the way. */
async function askInTime(address: string, { waitMs, ...request }: RequestInit & { waitMs: number }) {
  const response = await fetch(address, { ...request, signal: AbortSignal.timeout(waitMs) });
  const { ok, status } = response;
  const text = await response.text();
  return { ok, status, text: async () => text, json: async (): Promise<unknown> => JSON.parse(text) };
}

// The driver's settings are global to the isolate; they are the same in every request of it.
function useProxy(proxy: string | undefined): void {
  if (proxy === undefined) return;
  neonConfig.fetchEndpoint = () => `http://${proxy}/sql`;
  neonConfig.wsProxy = () => proxy;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
}
