// The bridge as the Worker meets it: the Neon driver on workerd, through the bindings that the tests set.
import { env } from "cloudflare:workers";
import { neon, neonConfig, Pool, type PoolClient } from "@neondatabase/serverless";
import { afterAll, beforeAll, expect, test } from "vitest";

// The driver's settings are the isolate's, which other files share: here it asks by its own means, not by the Worker's.
const { fetchFunction } = neonConfig;
afterAll(() => {
  neonConfig.fetchFunction = fetchFunction;
});

beforeAll(() => {
  neonConfig.fetchFunction = undefined;
  neonConfig.wsProxy = () => env.NEON_PROXY ?? "";
  neonConfig.useSecureWebSocket = false;
  neonConfig.fetchEndpoint = () => `http://${env.NEON_PROXY}/sql`;
});

async function withPool<T>(use: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool({ connectionString: env.DATABASE_URL });
  const errors: Error[] = [];
  pool.on("error", (error: Error) => errors.push(error));
  try {
    return await use(pool);
  } finally {
    await pool.end();
    expect(errors).toEqual([]);
  }
}

// One that is lent out when the pool ends would be waited for.
const withClient = <T>(use: (client: PoolClient) => Promise<T>): Promise<T> =>
  withPool(async (pool) => {
    const client = await pool.connect();
    try {
      return await use(client);
    } finally {
      client.release();
    }
  });

test("a transaction rolls back, and its error carries the code", async () => {
  await withClient(async (client) => {
    await client.query("begin");
    await client.query("create temporary table worker_items (id int primary key)");
    await client.query("insert into worker_items values (1)");
    await expect(client.query("insert into worker_items values (1)")).rejects.toMatchObject({
      code: "23505",
      constraint: "worker_items_pkey",
    });
    await client.query("rollback");
    const found = await client.query("select to_regclass('worker_items') as table");
    expect(found.rows).toEqual([{ table: null }]);
  });
});

test("a result of 8 MB and a parameter of 4 MB get through", async () => {
  await withPool(async (pool) => {
    const big = await pool.query("select repeat('x', 8000) as text from generate_series(1, 1000)");
    expect(big.rows.reduce((sum: number, row: { text: string }) => sum + row.text.length, 0)).toBe(8_000_000);
    const echoed = await pool.query("select length($1::text) as length", ["y".repeat(4_000_000)]);
    expect(echoed.rows).toEqual([{ length: 4_000_000 }]);
  });
});

test("requests side by side each get their own session", async () => {
  const ids = await Promise.all(
    Array.from({ length: 8 }, () =>
      withClient(async (client) => {
        await client.query("begin");
        const result = await client.query("select pg_backend_pid() as id, pg_sleep(0.05)");
        await client.query("commit");
        return String(result.rows[0]?.id);
      }),
    ),
  );
  expect(new Set(ids).size).toBe(8);
});

test("single queries and batches go over HTTP", async () => {
  const sql = neon(env.DATABASE_URL);
  expect(await sql`select ${41}::int + 1 as n`).toEqual([{ n: 42 }]);
  expect(await sql.transaction([sql`select 1 as a`, sql`select 2 as b`])).toEqual([[{ a: 1 }], [{ b: 2 }]]);
  await expect(sql`select 1/0`).rejects.toMatchObject({ code: "22012" });
});
