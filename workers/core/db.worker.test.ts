// The database going away under a request. Invariant: every wait for it ends, with an error that says what to do, and
// leaves no connection and no transaction behind.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { app } from "../app.ts";
import { createPerson, database } from "../testing/fixtures.ts";
import { createDatabase } from "./db.ts";
import { parseEnv } from "./env.ts";

const FAULTS = ["close", "reset", "unanswered"] as const;
const SHORT_MS = 150;
const LONG_MS = 60_000;

/** The way to the database as it is when `fault` happens where the client says `word`. */
function openTroubled(fault: string, word: string, waits = { sessionMs: LONG_MS, answerMs: LONG_MS }) {
  const label = crypto.randomUUID();
  const neonProxy = `${inject("troubledDatabase")}/${fault}/${word}/${label}`;
  return { label, neonProxy, troubled: createDatabase({ ...parseEnv(env), neonProxy }, waits) };
}

// The driver's settings are the isolate's: whatever a test leaves behind, the way is clear again for the next file.
afterEach(() => {
  createDatabase(parseEnv(env));
});

/** That nothing of a client is left: no WebSocket open, no transaction that holds the row. */
async function expectNothingLeft(label: string, userId?: number): Promise<void> {
  const countOpen = async () => (await fetch(`http://${inject("troubledDatabase")}/open/${label}`)).text();
  await expect.poll(countOpen, { timeout: 10_000 }).toBe("0");
  if (userId === undefined) return;
  // The driver's settings are the isolate's: from here on the way is clear again.
  const clear = createDatabase(parseEnv(env), { sessionMs: LONG_MS, answerMs: 10_000 });
  await clear.transaction((transaction) =>
    transaction.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("update"),
  );
}

const TRY_AGAIN = {
  code: "unavailable",
  status: 503,
  message: expect.stringMatching(/try again in a minute/i),
};
const NOTHING_CHANGED = { ...TRY_AGAIN, message: expect.stringContaining("Nothing was changed") };
const MAYBE_CHANGED = { ...TRY_AGAIN, message: expect.stringContaining("Look whether it was") };

describe("a transaction", () => {
  it.each(["stall", "reset"])("fails where no session comes: %s", async (fault) => {
    const { label, troubled } = openTroubled(fault, "connect", { sessionMs: SHORT_MS, answerMs: LONG_MS });
    const work = vi.fn(async () => undefined);
    await expect(troubled.transaction(work)).rejects.toMatchObject(NOTHING_CHANGED);
    expect(work).not.toHaveBeenCalled();
    // What workerd is still connecting, it gives up when the request has ended.
    if (fault === "reset") await expectNothingLeft(label);
  });

  it("fails where a session is opened and never welcomed", async () => {
    // The first that a client says is its name; the driver waits for the welcome with its first statement's answer.
    const waits = { sessionMs: LONG_MS, answerMs: SHORT_MS };
    const { label, troubled } = openTroubled("stall", "user", waits);
    await expect(troubled.transaction(async () => undefined)).rejects.toMatchObject(NOTHING_CHANGED);
    await expectNothingLeft(label);
  });

  it.each(FAULTS)("that can't begin fails: %s", async (fault) => {
    const { label, troubled } = openTroubled(fault, "begin");
    const work = vi.fn(async () => undefined);
    await expect(troubled.transaction(work)).rejects.toMatchObject(NOTHING_CHANGED);
    await expect(troubled.snapshot(work)).rejects.toMatchObject(NOTHING_CHANGED);
    expect(work).not.toHaveBeenCalled();
    await expectNothingLeft(label);
  });

  it.each([...FAULTS, "stall"])("fails when it is lost in a statement, and is undone: %s", async (fault) => {
    const { id } = await createPerson();
    const waits = { sessionMs: LONG_MS, answerMs: LONG_MS };
    const { label, troubled } = openTroubled(fault, "in-trouble", waits);
    const rename = troubled.transaction(async (transaction) => {
      await transaction.update(users).set({ displayName: "Renamed" }).where(eq(users.id, id));
      // Nothing comes any more; there is no need to wait long for it.
      if (fault === "stall") waits.answerMs = SHORT_MS;
      await transaction.execute(sql`SELECT 'in-trouble'`);
    });
    await expect(rename).rejects.toMatchObject(NOTHING_CHANGED);
    await expectNothingLeft(label, id);
    expect(await readName(id)).toBe("");
  });

  it("fails at its next statement when the session is lost between two", async () => {
    const { id } = await createPerson();
    const { troubled } = openTroubled("close", "never-said");
    const rename = troubled.transaction(async (transaction) => {
      const pids = await transaction.select({ pid: sql<number>`pg_backend_pid()` }).from(users).limit(1);
      await transaction.update(users).set({ displayName: "Renamed" }).where(eq(users.id, id));
      const clear = createDatabase(parseEnv(env));
      await clear.query.execute(sql`SELECT pg_terminate_backend(${pids[0]?.pid})`);
      await transaction.update(users).set({ displayName: "Renamed again" }).where(eq(users.id, id));
    });
    await expect(rename).rejects.toMatchObject(NOTHING_CHANGED);
    expect(await readName(id)).toBe("");
  });

  it.each([
    ["unanswered", "Renamed"],
    ["reset", ""],
    ["stall", ""],
  ])("lost at its commit says that nobody knows: %s", async (fault, nameAfter) => {
    const { id } = await createPerson();
    const waits = { sessionMs: LONG_MS, answerMs: LONG_MS };
    const { label, troubled } = openTroubled(fault, "commit", waits);
    const rename = troubled.transaction(async (transaction) => {
      await transaction.update(users).set({ displayName: "Renamed" }).where(eq(users.id, id));
      if (fault === "stall") waits.answerMs = SHORT_MS;
    });
    await expect(rename).rejects.toMatchObject(MAYBE_CHANGED);
    await expectNothingLeft(label, id);
    expect(await readName(id)).toBe(nameAfter);
  });

  it("throws on what its work throws, and keeps what PostgreSQL said of a statement", async () => {
    const { label, troubled } = openTroubled("close", "never-said");
    const refused = new Error("refused");
    await expect(troubled.transaction(() => Promise.reject(refused))).rejects.toBe(refused);
    const wrong = troubled.transaction((transaction) => transaction.execute(sql`SELECT 1 / 0`));
    await expect(wrong).rejects.toMatchObject({ cause: { code: "22012" } });
    await expectNothingLeft(label);
  });

  it("waits for an answer that comes within its time", async () => {
    const waits = { sessionMs: LONG_MS, answerMs: 20_000 };
    const { label, troubled } = openTroubled("close", "never-said", waits);
    const slow = troubled.transaction((transaction) => transaction.execute(sql`SELECT 1 FROM pg_sleep(0.3)`));
    await expect(slow).resolves.toMatchObject({ rowCount: 1 });
    await expectNothingLeft(label);
  });
});

describe("a single statement", () => {
  it.each([...FAULTS, "stall"])("fails when the database goes away: %s", async (fault) => {
    const { troubled } = openTroubled(fault, "in-trouble", { sessionMs: LONG_MS, answerMs: 300 });
    const failure = await troubled.query.execute(sql`SELECT 'in-trouble'`).catch((error: unknown) => error);
    expect(failure).toMatchObject({ cause: { name: "NeonDbError" } });
  });

  it("is a page that says so, an answer of the API that says so, and git's error", async () => {
    const person = await createPerson();
    for (const path of [
      "/api/v3/user",
      `/${person.username}`,
      `/${person.username}/nothing.git/info/refs?service=git-upload-pack`,
    ]) {
      const { neonProxy } = openTroubled("reset", "connect");
      const context = createExecutionContext();
      const headers = { authorization: `Bearer ${person.token}` };
      const request = new Request(`http://plue.test${path}`, { headers });
      const response = await app.fetch(request, { ...env, NEON_PROXY: neonProxy }, context);
      await waitOnExecutionContext(context);
      expect([path, response.status]).toEqual([path, 503]);
      expect(response.headers.get("retry-after")).toBe("60");
      expect(await response.text()).toMatch(
        /The database doesn(&#39;|')t answer at the moment. Try again in a minute/,
      );
    }
  });
});

async function readName(userId: number): Promise<string | undefined> {
  // The driver's settings are the isolate's: the way is clear again.
  createDatabase(parseEnv(env));
  const rows = await database.query
    .select({ name: users.displayName })
    .from(users)
    .where(eq(users.id, userId));
  return rows[0]?.name;
}
