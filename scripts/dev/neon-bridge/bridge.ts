// Stands in for Neon's proxy in front of a PostgreSQL without one: what `@neondatabase/serverless` speaks,
// WebSocket for connections and HTTP for single queries, on one loopback port. For development and tests.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Pool } from "pg";
import { WebSocketServer } from "ws";
import { answerSql } from "./http-sql.ts";
import { relayClient } from "./relay.ts";
import { SessionPool } from "./session-pool.ts";

type NeonBridgeOptions = {
  /** The PostgreSQL behind the bridge, in any form that `pg` takes. */
  databaseUrl: string;
  /** Sessions for WebSocket clients at the same time; more wait their turn. Default 24. */
  maxSessions?: number;
  /** How long a client waits for a session. Default 10 s. */
  waitTimeoutMs?: number;
  /** Sessions opened ahead of need. Default 2. */
  warmSessions?: number;
};

export type NeonBridge = {
  /** `host:port`, the Worker's NEON_PROXY: WebSocket at any path, HTTP at /sql. */
  address: string;
  /** The Worker's DATABASE_URL: the bridge's own credentials, made anew at each start. */
  databaseUrl: string;
  stop(): Promise<void>;
};

const httpSessions = 8;

/** Starts the bridge; resolves when it listens and its warm sessions are open. */
export async function startNeonBridge(options: NeonBridgeOptions): Promise<NeonBridge> {
  const { databaseUrl, maxSessions = 24, waitTimeoutMs = 10_000, warmSessions = 2 } = options;
  const credentials = { user: "plue", password: randomBytes(24).toString("hex"), database: "plue" };
  const sessions = new SessionPool({ connectionString: databaseUrl, maxSessions, waitTimeoutMs });
  const httpPool = new Pool({ connectionString: databaseUrl, max: httpSessions });
  // A broken idle connection is replaced at the next use.
  httpPool.on("error", () => undefined);
  await sessions.warm(warmSessions);

  const server = createServer((request, response) => {
    if (request.method === "POST" && request.url === "/sql") {
      void answerSql(request, response, httpPool, credentials);
    } else {
      response.writeHead(404).end();
    }
  });
  const webSockets = new WebSocketServer({ server, perMessageDeflate: false });
  webSockets.on("connection", (socket) => {
    socket.on("error", () => socket.terminate());
    void relayClient(socket, sessions, credentials);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const listening = server.address();
  if (listening === null || typeof listening === "string") throw new Error("The bridge has no TCP port.");
  const address = `127.0.0.1:${listening.port}`;
  return {
    address,
    databaseUrl: `postgres://${credentials.user}:${credentials.password}@${address}/${credentials.database}`,
    stop: async () => {
      for (const client of webSockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([sessions.close(), httpPool.end()]);
    },
  };
}
