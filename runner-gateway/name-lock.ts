// The right to a gateway's name: a session lock in Postgres that its process holds as long as it lives. Whoever
// holds it knows that what the name held before belongs to a process that is gone.
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { NAME_LOCK_WAIT_MS } from "./limits.ts";
import type { Log } from "./log.ts";

const RETRY_MS = 100;
const RECONNECT_MS = 1_000;

interface NameLock {
  /** Resolves when another process has taken the name, which then owns its jobs. */
  readonly taken: Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the lock, waiting for a dead holder's connection to be noticed. A connection that breaks is made again.
 * @throws Error when another live gateway has the name.
 */
export async function takeNameLock(
  databaseUrl: string,
  name: string,
  log: Log,
  waitMs = NAME_LOCK_WAIT_MS,
): Promise<NameLock> {
  const stopping = new AbortController();
  const taken = Promise.withResolvers<void>();
  let session = await acquire(databaseUrl, name, waitMs);
  if (session === null) throw new Error(`another gateway named ${name} is running on this database`);

  async function keep(): Promise<void> {
    while (session !== null) {
      await session.broken;
      if (stopping.signal.aborted) return;
      log.warn("the connection that holds the gateway's name broke; taking the name again");
      session = await reacquire();
    }
    if (!stopping.signal.aborted) taken.resolve();
  }

  async function reacquire(): Promise<Session | null> {
    while (!stopping.signal.aborted) {
      try {
        return await acquire(databaseUrl, name, waitMs);
      } catch (error) {
        log.error("the gateway's name can't be taken again yet", error);
        await wait(RECONNECT_MS);
      }
    }
    return null;
  }

  const kept = keep();
  return {
    taken: taken.promise,
    release: async () => {
      stopping.abort();
      await session?.client.end();
      await kept;
    },
  };
}

interface Session {
  client: Client;
  broken: Promise<void>;
}

/** @returns null when another session holds the lock for longer than a dead one could. */
async function acquire(databaseUrl: string, name: string, waitMs: number): Promise<Session | null> {
  const client = new Client({ connectionString: databaseUrl, application_name: `plue-gateway ${name}` });
  const broken = Promise.withResolvers<void>();
  client.on("error", () => broken.resolve());
  client.on("end", () => broken.resolve());
  await client.connect();
  const deadlineMs = Date.now() + waitMs;
  for (;;) {
    const answer = await client.query<{ locked: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked",
      [`plue-gateway ${name}`],
    );
    if (answer.rows[0]?.locked === true) return { client, broken: broken.promise };
    if (Date.now() > deadlineMs) {
      await client.end();
      return null;
    }
    await wait(RETRY_MS);
  }
}
