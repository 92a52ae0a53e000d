// The gateway's way to Postgres: one pool of direct connections.
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { Pool } from "pg";
import type { Log } from "./log.ts";

export const CONNECTIONS_MAX = 12;
const CONNECT_TIMEOUT_MS = 5_000;

export type Database = NodePgDatabase<Record<string, never>>;
/** A transaction that is open; its queries run one after the other. */
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

export interface OpenDatabase {
  database: Database;
  close(): Promise<void>;
}

/** Connects at the first query. A connection that breaks is logged and replaced. */
export function openDatabase(url: string, log: Log): OpenDatabase {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "plue-gateway",
  });
  pool.on("error", (error) => log.error("an idle database connection broke", error));
  // Whoever uses one reads of it in the rejection of the next query; without a listener, the program would end.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const database = drizzle({ client: pool });
  // drizzle's own, on a pool, never gives back a connection whose transaction couldn't begin.
  const transaction: Database["transaction"] = async (work, config) => {
    const client = await pool.connect();
    try {
      return await drizzle({ client }).transaction(work, config);
    } finally {
      client.release();
    }
  };
  return { database: Object.assign(database, { transaction }), close: () => pool.end() };
}
