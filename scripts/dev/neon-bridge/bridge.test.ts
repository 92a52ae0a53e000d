// The bridge as its clients see it: the real Neon driver, against a real PostgreSQL.
import { Client, neon, neonConfig, Pool } from "@neondatabase/serverless";
import { Client as DirectClient } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type NeonBridge, startNeonBridge } from "./bridge.ts";

/** Lets a test cut the newest client's connection without a goodbye. */
let newestSocket: WebSocket;
class WatchedWebSocket extends WebSocket {
  constructor(address: string) {
    super(address);
    newestSocket = this;
  }
}

let bridge: NeonBridge;
let direct: DirectClient;

beforeAll(async () => {
  const databaseUrl = `${inject("databaseUrl")}?application_name=bridge-test`;
  bridge = await startNeonBridge({ databaseUrl, maxSessions: 4, waitTimeoutMs: 300 });
  direct = new DirectClient({ connectionString: inject("databaseUrl") });
  await direct.connect();
  await direct.query("create table bridge_items (id int primary key, name text not null, at timestamptz)");
  neonConfig.webSocketConstructor = WatchedWebSocket;
  neonConfig.wsProxy = () => bridge.address;
  neonConfig.useSecureWebSocket = false;
  neonConfig.fetchEndpoint = () => `http://${bridge.address}/sql`;
});

afterAll(async () => {
  await direct.query("drop table bridge_items");
  await direct.end();
  await bridge.stop();
});

async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(bridge.databaseUrl);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Tries until it holds, with patience for a machine that does much else meanwhile. */
function eventually(holds: () => Promise<void>): Promise<void> {
  return vi.waitFor(holds, { timeout: 10_000 });
}

async function countSessions(condition: string): Promise<number> {
  const result = await direct.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where application_name = 'bridge-test' and ${condition}`,
  );
  return result.rows[0]?.count ?? -1;
}

describe("over WebSocket", () => {
  test.each(["password", false] as const)("a query runs with pipelineConnect %s", async (pipelineConnect) => {
    neonConfig.pipelineConnect = pipelineConnect;
    const rows = await withClient(
      async (client) => (await client.query("select $1::int + 1 as n", [41])).rows,
    );
    expect(rows).toEqual([{ n: 42 }]);
  });

  test("a transaction is seen by others only after its commit", async () => {
    await withClient(async (client) => {
      await client.query("begin");
      await client.query("insert into bridge_items values (1, 'one')");
      expect((await direct.query("select from bridge_items where id = 1")).rowCount).toBe(0);
      await client.query("commit");
      expect((await direct.query("select from bridge_items where id = 1")).rowCount).toBe(1);
    });
  });

  test("a constraint's code and name come through", async () => {
    await withClient(async (client) => {
      await client.query("insert into bridge_items values (2, 'two')");
      const failure = client.query("insert into bridge_items values (2, 'again')");
      await expect(failure).rejects.toMatchObject({ code: "23505", constraint: "bridge_items_pkey" });
      expect((await client.query("select 1 as still_usable")).rows).toEqual([{ still_usable: 1 }]);
    });
  });

  test("a result of 30 MB arrives whole, and a parameter of 8 MB too", async () => {
    await withClient(async (client) => {
      const big = await client.query(
        "select i, repeat(md5(i::text), 1000) as text from generate_series(1, 1000) i",
      );
      expect(big.rows).toHaveLength(1000);
      expect(big.rows.reduce((sum: number, row: { text: string }) => sum + row.text.length, 0)).toBe(
        32_000_000,
      );
      const sent = "x".repeat(8_000_000);
      const echoed = await client.query("select length($1::text) as length", [sent]);
      expect(echoed.rows).toEqual([{ length: 8_000_000 }]);
    });
  });

  test("more clients than sessions all get their turn", async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        withClient(async (client) => (await client.query("select $1::int as n", [n])).rows[0]?.n),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(await countSessions("true")).toBeLessThanOrEqual(5);
  });

  test("a client that waits too long is told so", async () => {
    const holders = await Promise.all(Array.from({ length: 4 }, () => connectClient()));
    await expect(connectClient()).rejects.toThrow("No database session was free within 300 ms");
    await Promise.all(holders.map((client) => client.end()));
  });

  test("what one client sets in its session is gone for the next", async () => {
    const before = await withClient(async (client) => (await client.query("show search_path")).rows);
    for (let round = 0; round < 6; round += 1) {
      await withClient(async (client) => {
        expect((await client.query("show search_path")).rows).toEqual(before);
        expect((await client.query("select from pg_prepared_statements")).rowCount).toBe(0);
        expect((await client.query("select to_regclass('pg_temp.leak') as leak")).rows).toEqual([
          { leak: null },
        ]);
        await client.query("set search_path = pg_catalog");
        await client.query("create temp table leak (id int)");
        await client.query("select pg_advisory_lock(77)");
        await client.query({ name: "prepared", text: "select 1" });
      });
    }
    await eventually(async () =>
      expect((await direct.query("select from pg_locks where locktype = 'advisory'")).rowCount).toBe(0),
    );
  });

  test("a client that vanishes in a transaction leaves nothing behind", async () => {
    const client = await connectClient();
    await client.query("begin");
    await client.query("insert into bridge_items values (3, 'never')");
    newestSocket.terminate();
    await eventually(async () => expect(await countSessions("state <> 'idle'")).toBe(0));
    expect((await direct.query("select from bridge_items where id = 3")).rowCount).toBe(0);
    await direct.query("insert into bridge_items values (3, 'free')");
  });

  test("a client that vanishes in a long statement has it cancelled", async () => {
    const client = await connectClient();
    const lost = client.query("select pg_sleep(60)");
    await eventually(async () => expect(await countSessions("query like '%pg_sleep%'")).toBe(1));
    newestSocket.terminate();
    await expect(lost).rejects.toThrow();
    await eventually(async () => expect(await countSessions("query like '%pg_sleep(60)%'")).toBe(0));
  });

  test("a client cut off in the middle of a message costs only its own session", async () => {
    await connectClient();
    newestSocket.send(Buffer.from("Q\0\0\x10\0select", "latin1"));
    newestSocket.terminate();
    for (let round = 0; round < 6; round += 1) {
      const rows = await withClient(async (client) => (await client.query("select 1 as one")).rows);
      expect(rows).toEqual([{ one: 1 }]);
    }
  });

  test("a session that the server ended is replaced", async () => {
    await direct.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bridge-test'",
    );
    await eventually(async () => expect(await countSessions("true")).toBe(0));
    const rows = await withClient(async (client) => (await client.query("select 1 as one")).rows);
    expect(rows).toEqual([{ one: 1 }]);
  });

  test("a wrong password is refused, and another database too", async () => {
    const wrong = bridge.databaseUrl.replace(/:[0-9a-f]+@/, ":wrong@");
    await expect(new Client(wrong).connect()).rejects.toMatchObject({ code: "28P01" });
    const other = bridge.databaseUrl.replace(/plue$/, "postgres");
    await expect(new Client(other).connect()).rejects.toMatchObject({ code: "3D000" });
  });

  test("a statement timeout asked for at the start holds for that client only", async () => {
    const config = { connectionString: bridge.databaseUrl, statement_timeout: 50 };
    const client = new Client(config);
    await client.connect();
    await expect(client.query("select pg_sleep(10)")).rejects.toMatchObject({ code: "57014" });
    await client.end();
    await withClient(async (next) =>
      expect((await next.query("show statement_timeout")).rows).toEqual([{ statement_timeout: "0" }]),
    );
  });

  test("a Pool opened and closed in one request works", async () => {
    const pool = new Pool({ connectionString: bridge.databaseUrl });
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });
});

async function connectClient(): Promise<Client> {
  const client = new Client(bridge.databaseUrl);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

describe("over HTTP", () => {
  test("rows have the types that a direct connection gives", async () => {
    const sql = neon(bridge.databaseUrl);
    const rows = await sql`select 1 as int, 'a' as text, true as bool, null as nothing,
      '2026-01-02T03:04:05Z'::timestamptz as at, '{"a":[1]}'::jsonb as json, '\\x00ff'::bytea as bytes, 9::bigint as big`;
    expect(rows).toEqual(
      (
        await direct.query(`select 1 as int, 'a' as text, true as bool, null as nothing,
      '2026-01-02T03:04:05Z'::timestamptz as at, '{"a":[1]}'::jsonb as json, '\\x00ff'::bytea as bytes, 9::bigint as big`)
      ).rows,
    );
  });

  test("array mode and full results", async () => {
    const sql = neon(bridge.databaseUrl, { arrayMode: true, fullResults: true });
    const result = await sql.query("select $1::int as a, 'x' as a", [5]);
    expect(result).toMatchObject({ rows: [[5, "x"]], rowCount: 1, command: "SELECT", rowAsArray: true });
    expect(result.fields.map((field) => [field.name, field.dataTypeID])).toEqual([
      ["a", 23],
      ["a", 25],
    ]);
  });

  test("a batch is one transaction", async () => {
    const sql = neon(bridge.databaseUrl);
    const [inserted, counted] = await sql.transaction([
      sql`insert into bridge_items values (10, 'ten') returning id`,
      sql`select count(*)::int as count from bridge_items where id = 10`,
    ]);
    expect([inserted, counted]).toEqual([[{ id: 10 }], [{ count: 1 }]]);
    const failing = sql.transaction([
      sql`insert into bridge_items values (11, 'eleven')`,
      sql`insert into bridge_items values (10, 'twice')`,
    ]);
    await expect(failing).rejects.toMatchObject({
      name: "NeonDbError",
      code: "23505",
      constraint: "bridge_items_pkey",
    });
    expect((await direct.query("select from bridge_items where id = 11")).rowCount).toBe(0);
  });

  test("a batch's isolation and read-only mode hold", async () => {
    const sql = neon(bridge.databaseUrl);
    const [mode] = await sql.transaction([sql`show transaction_isolation`], {
      isolationLevel: "Serializable",
    });
    expect(mode).toEqual([{ transaction_isolation: "serializable" }]);
    const write = sql.transaction([sql`delete from bridge_items`], { readOnly: true });
    await expect(write).rejects.toMatchObject({ code: "25006" });
  });

  test("several statements in one query are refused", async () => {
    const sql = neon(bridge.databaseUrl);
    await expect(sql.query("select 1; select 2")).rejects.toMatchObject({ code: "42601" });
  });

  test("a session that the server ends in the middle of a query is an error of that query only", async () => {
    const sql = neon(bridge.databaseUrl);
    const query = expect(sql`select pg_sleep(60) as cut_me`).rejects.toThrow("terminating connection");
    await eventually(async () => {
      const cut = await direct.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bridge-test' and state = 'active' and query like '%cut_me%'",
      );
      expect(cut.rowCount).toBe(1);
    });
    await query;
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  });

  test("session settings don't reach the next request", async () => {
    const sql = neon(bridge.databaseUrl);
    for (let round = 0; round < 20; round += 1) {
      expect(await sql`show work_mem`).toEqual([{ work_mem: "4MB" }]);
      await sql`set work_mem = '1MB'`;
    }
  });

  test("a wrong password is refused", async () => {
    const sql = neon(bridge.databaseUrl.replace(/:[0-9a-f]+@/, ":wrong@"));
    await expect(sql`select 1`).rejects.toThrow("doesn't match");
  });
});
