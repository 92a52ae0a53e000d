// The gateway's way to Postgres: one pool of direct connections.
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { Pool } from "pg";
import type { Log } from "./log.ts";

const CONNECTIONS_MAX = 12;
const CONNECT_TIMEOUT_MS = 5_000;

export type Database = NodePgDatabase<Record<string, never>>;
/** A transaction that is open; its queries run one after the other. */
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

export interface OpenDatabase {
  database: Database;
  close(): Promise<void>;
}

/** Connects at the first query. A connection that breaks while idle is logged and replaced. */
export function openDatabase(url: string, log: Log): OpenDatabase {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "plue-gateway",
  });
  pool.on("error", (error) => log.error("an idle database connection broke", error));
  return { database: drizzle({ client: pool }), close: () => pool.end() };
}
