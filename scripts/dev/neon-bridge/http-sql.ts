// Neon's SQL over HTTP, as its driver's `neon()` speaks it: POST /sql with one query, or with several that run
// in one transaction. What one request sets in its session is gone before the next uses it.
import type { IncomingMessage, ServerResponse } from "node:http";
import { DatabaseError, type FieldDef, type Pool, type PoolClient, type QueryArrayResult, types } from "pg";
import { type Credentials, sameText } from "./relay.ts";

const maxRequestBytes = 64 * 1024 * 1024;

type SqlQuery = { query: string; params: unknown[] };
type SqlResult = {
  fields: Omit<FieldDef, "format">[];
  rows: unknown[];
  rowCount: number | null;
  command: string;
  rowAsArray: boolean;
};
type ResultShape = { rawText: boolean; arrays: boolean };

const isolationLevels: Record<string, string> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

const errorFields = [
  "severity",
  "code",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

/** Answers one request: 200 with results, 400 with PostgreSQL's or the bridge's error in the driver's shape. */
export async function answerSql(
  request: IncomingMessage,
  response: ServerResponse,
  pool: Pool,
  credentials: Credentials,
): Promise<void> {
  try {
    checkConnectionString(readHeader(request, "neon-connection-string"), credentials);
    const body: unknown = JSON.parse(await readBody(request));
    const shape = {
      rawText: readHeader(request, "neon-raw-text-output") === "true",
      arrays: readHeader(request, "neon-array-mode") === "true",
    };
    const answer = await withCleanClient(pool, (client) => runBody(client, body, shape, request));
    respond(response, 200, answer);
  } catch (error) {
    respond(response, 400, describeError(error));
  }
}

async function runBody(
  client: PoolClient,
  body: unknown,
  shape: ResultShape,
  request: IncomingMessage,
): Promise<unknown> {
  if (typeof body !== "object" || body === null) throw new Error("The request's body must be an object.");
  if (!("queries" in body)) return await runQuery(client, readQuery(body), shape);
  if (!Array.isArray(body.queries)) throw new Error("`queries` must be an array.");
  const queries = body.queries.map(readQuery);
  await client.query(`BEGIN ${readTransactionMode(request)}`);
  const results: SqlResult[] = [];
  for (const query of queries) results.push(await runQuery(client, query, shape));
  await client.query("COMMIT");
  return { results };
}

async function runQuery(client: PoolClient, query: SqlQuery, shape: ResultShape): Promise<SqlResult> {
  const config = {
    text: query.query,
    values: query.params,
    rowMode: "array" as const,
    // Always the extended protocol, as Neon does: several statements in one string are refused.
    queryMode: "extended",
    types: shape.rawText ? { getTypeParser: () => (text: string) => text } : types,
  };
  const result: QueryArrayResult<unknown[]> = await client.query<unknown[]>(config);
  const names = result.fields.map((field) => field.name);
  const rows = shape.arrays
    ? result.rows
    : result.rows.map((row) => Object.fromEntries(row.map((value, at) => [names[at], value])));
  const { fields, rowCount, command } = result;
  return { fields, rows, rowCount, command, rowAsArray: shape.arrays };
}

// The session goes back to the pool only after it was reset; one that can't be is closed.
async function withCleanClient<T>(pool: Pool, use: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // The pool doesn't listen to a session that is lent out: that it broke is told by the next query's rejection.
  const ignoreBreak = (): undefined => undefined;
  client.on("error", ignoreBreak);
  const giveBack = (broken?: Error | true): void => {
    client.off("error", ignoreBreak);
    client.release(broken);
  };
  const reset = async (rollback: boolean): Promise<void> => {
    try {
      if (rollback) await client.query("ROLLBACK");
      await client.query("DISCARD ALL");
      giveBack();
    } catch (error) {
      giveBack(error instanceof Error ? error : true);
    }
  };
  try {
    const result = await use(client);
    // Not awaited: the answer needn't wait for the tidying.
    void reset(false);
    return result;
  } catch (error) {
    await reset(true);
    throw error;
  }
}

function readQuery(value: unknown): SqlQuery {
  if (typeof value !== "object" || value === null || !("query" in value) || typeof value.query !== "string") {
    throw new Error("Each query must be an object with a string `query`.");
  }
  const params: unknown = "params" in value ? value.params : [];
  if (!Array.isArray(params)) throw new Error("`params` must be an array.");
  return { query: value.query, params };
}

function readTransactionMode(request: IncomingMessage): string {
  const isolation = readHeader(request, "neon-batch-isolation-level");
  const words: string[] = [];
  if (isolation !== undefined) {
    const level = isolationLevels[isolation];
    if (level === undefined) throw new Error(`Unknown isolation level: ${isolation}`);
    words.push(`ISOLATION LEVEL ${level}`);
  }
  if (readHeader(request, "neon-batch-read-only") === "true") words.push("READ ONLY");
  if (readHeader(request, "neon-batch-deferrable") === "true") words.push("DEFERRABLE");
  return words.join(" ");
}

function checkConnectionString(text: string | undefined, credentials: Credentials): void {
  const url = text === undefined || !URL.canParse(text) ? undefined : new URL(text);
  const matches =
    url !== undefined &&
    decodeURIComponent(url.username) === credentials.user &&
    sameText(decodeURIComponent(url.password), credentials.password) &&
    decodeURIComponent(url.pathname.slice(1)) === credentials.database;
  if (!matches) throw new Error("Neon-Connection-String doesn't match the database that the bridge serves.");
}

function readHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new Error("The request's body must be bytes.");
    sizeBytes += chunk.length;
    if (sizeBytes > maxRequestBytes) throw new Error(`The request is over ${maxRequestBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function describeError(error: unknown): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof DatabaseError)) return { message };
  return { message, ...Object.fromEntries(errorFields.map((name) => [name, error[name] ?? null])) };
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
