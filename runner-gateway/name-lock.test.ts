// A gateway's name is one process's at a time; a dead one's is free at once.
import { Client } from "pg";
import { describe, expect, inject, it } from "vitest";
import { takeNameLock } from "./name-lock.ts";
import { silentLog } from "./testing/test-ledger.ts";

const take = (name: string, waitMs = 0) => takeNameLock(inject("databaseUrl"), name, silentLog, waitMs);

/** Breaks the connection that holds the name, as a failing network would. */
async function breakHolder(name: string): Promise<void> {
  const client = new Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  await client.query(
    `SELECT pg_terminate_backend(activity.pid) FROM pg_stat_activity activity JOIN pg_locks held USING (pid)
     WHERE held.locktype = 'advisory' AND held.granted AND activity.application_name = $1`,
    [`plue-gateway ${name}`],
  );
  await client.end();
}

describe("takeNameLock", () => {
  it("refuses a second holder, and no other name", async () => {
    const first = await take("one");
    await expect(take("one")).rejects.toThrow("another gateway named one is running");
    const other = await take("two");
    await first.release();
    await (await take("one")).release();
    await other.release();
  });

  it("waits for a holder that is about to be gone", async () => {
    const first = await take("three");
    const second = take("three", 10_000);
    await first.release();
    await (await second).release();
  });

  it("takes its name again when the connection breaks", async () => {
    const lock = await take("four");
    await breakHolder("four");
    await expect
      .poll(
        () =>
          take("four").then(
            () => "free",
            () => "held",
          ),
        { timeout: 5_000 },
      )
      .toBe("held");
    await lock.release();
  });

  it("says when another took it meanwhile", async () => {
    const lock = await take("five");
    const other = new Client({ connectionString: inject("databaseUrl") });
    await other.connect();
    // Stands in line, so that it has the lock the moment the connection breaks.
    const standing = other.query("SELECT pg_advisory_lock(hashtextextended('plue-gateway five', 0))");
    await breakHolder("five");
    await standing;
    await lock.taken;
    await lock.release();
    await other.end();
  });
});
