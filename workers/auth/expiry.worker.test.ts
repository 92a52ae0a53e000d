// Sessions end when they are too old or unused for too long: at the limit, not before.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { authSessions, users } from "../../schema/tables/auth.ts";
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { SESSION_IDLE_MS } from "../core/limits.ts";
import { createPerson, database, send } from "../testing/fixtures.ts";

const MARGIN_MS = 60_000;

async function openSession(state: { lastUsedMsAgo?: number; expiresInMs?: number }) {
  const person = await createPerson();
  const secret = randomBase62(43);
  await database.query.insert(authSessions).values({
    userId: person.id,
    tokenHash: await hashSecret(secret),
    lastUsedAt: new Date(Date.now() - (state.lastUsedMsAgo ?? 0)),
    expiresAt: new Date(Date.now() + (state.expiresInMs ?? MARGIN_MS)),
  });
  return { person, cookie: `plue=${secret}` };
}

const isSignedIn = async (cookie: string) => (await send("/new", { cookie })).status === 200;

describe("a session", () => {
  it("unused for too long has ended, one just short of it has not, and use keeps it alive", async () => {
    const idle = await openSession({ lastUsedMsAgo: SESSION_IDLE_MS + MARGIN_MS });
    expect(await isSignedIn(idle.cookie)).toBe(false);
    const nearly = await openSession({ lastUsedMsAgo: SESSION_IDLE_MS - MARGIN_MS });
    expect(await isSignedIn(nearly.cookie)).toBe(true);
    const [row] = await database.query
      .select()
      .from(authSessions)
      .where(eq(authSessions.userId, nearly.person.id));
    expect(Date.now() - (row?.lastUsedAt.getTime() ?? 0)).toBeLessThan(MARGIN_MS);
  });
  it("past its lifetime has ended, however lately it was used", async () => {
    expect(await isSignedIn((await openSession({ expiresInMs: -1 })).cookie)).toBe(false);
    expect(await isSignedIn((await openSession({ expiresInMs: MARGIN_MS })).cookie)).toBe(true);
  });
  it("of a suspended user opens nothing, nor does their token", async () => {
    const { person, cookie } = await openSession({});
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, person.id));
    expect(await isSignedIn(cookie)).toBe(false);
    expect((await send("/api/v3/user", { token: person.token })).status).toBe(401);
  });
});
