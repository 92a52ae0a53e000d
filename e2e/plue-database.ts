// The PostgreSQL that `npm start` brought along, for tests that turn its clock back or look at what no page shows.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { z } from "zod";
import type { RunningPlue } from "./start-plue.ts";

const secretsSchema = z.object({ postgresPassword: z.string() });
// https://www.postgresql.org/docs/current/storage-file-layout.html: the fourth line of postmaster.pid is the port.
const PORT_LINE = 3;

/** A connection as the role that owns the tables; whoever opens it ends it. */
export async function openPlueDatabase(plue: Pick<RunningPlue, "dataFolder">): Promise<Client> {
  const read = (file: string) => readFileSync(join(plue.dataFolder, file), "utf8");
  const { postgresPassword } = secretsSchema.parse(JSON.parse(read("secrets.json")));
  const port = read("postgres/cluster/postmaster.pid").split("\n")[PORT_LINE];
  const client = new Client(`postgres://plue:${postgresPassword}@127.0.0.1:${port}/plue`);
  await client.connect();
  return client;
}
