// The gateway's connections when PostgreSQL goes away under a transaction. Invariant: each is replaced; neither the
// program nor one of its connections is lost for good.
import { connect, createServer, type Server, type Socket } from "node:net";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { findFreePort } from "../scripts/dev/tcp-ports.ts";
import { CONNECTIONS_MAX, type OpenDatabase, openDatabase } from "./database.ts";
import { silentLog } from "./testing/test-ledger.ts";

let way: Server;
let opened: OpenDatabase;
/** While it is set, a client that says this word is cut off. */
let fatalWord: string | undefined;

beforeAll(async () => {
  const url = new URL(inject("databaseUrl"));
  const [serverPort, port] = [Number(url.port), await findFreePort()];
  way = createServer((client) => passOn(client, connect(serverPort, url.hostname)));
  await new Promise<void>((resolve) => way.listen(port, "127.0.0.1", resolve));
  url.port = String(port);
  opened = openDatabase(url.href, silentLog);
});

afterAll(async () => {
  await opened.close();
  await new Promise((resolve) => way.close(resolve));
});

function passOn(client: Socket, server: Socket): void {
  client.on("data", (bytes) => {
    if (fatalWord !== undefined && bytes.includes(fatalWord)) client.resetAndDestroy();
    else server.write(bytes);
  });
  server.pipe(client);
  client.on("close", () => server.destroy());
  server.on("close", () => client.destroy());
  for (const socket of [client, server]) socket.on("error", () => socket.destroy());
}

it("gives back the connection of a transaction that couldn't begin", async () => {
  const { database } = opened;
  fatalWord = "begin";
  for (let at = 0; at <= CONNECTIONS_MAX; at++) {
    await expect(database.transaction(async () => undefined)).rejects.toThrow("begin");
  }
  fatalWord = undefined;
  const answer = await database.transaction((transaction) => transaction.execute(sql`SELECT 1 AS one`));
  expect(answer.rows).toEqual([{ one: 1 }]);
});

it("outlives a connection that breaks between two statements of a transaction", async () => {
  const { database } = opened;
  const broken = database.transaction(async (transaction) => {
    const { rows } = await transaction.execute(sql`SELECT pg_backend_pid() AS pid`);
    await database.execute(sql`SELECT pg_terminate_backend(${rows[0]?.pid})`);
    await expect
      .poll(
        async () =>
          (await database.execute(sql`SELECT FROM pg_stat_activity WHERE pid = ${rows[0]?.pid}`)).rowCount,
      )
      .toBe(0);
    await transaction.execute(sql`SELECT 'never answered'`);
  });
  await expect(broken).rejects.toThrow();
  expect((await database.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }]);
});
