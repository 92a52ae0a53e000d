// A database of its own for a test that mustn't share one: made from nothing, gone after the test.
import { randomBytes } from "node:crypto";
import { Client } from "pg";

export type TestDatabase = {
  url: string;
  drop(): Promise<void>;
};

/** Makes a database as `template` is, an empty one unless said otherwise, in the server of `serverUrl` (`inject("databaseUrl")`). */
export async function createTestDatabase(serverUrl: string, template = "template0"): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await runStatement(serverUrl, `create database ${name} template ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => runStatement(serverUrl, `drop database ${name} with (force)`),
  };
}

/** Runs one statement on a connection of its own. */
export async function runStatement(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
