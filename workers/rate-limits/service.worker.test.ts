// Limits are exact: as many as the rule says, however many ask at once; and failures lock for longer and longer.
import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { rateLimits } from "../../schema/tables/auth.ts";
import { randomBase62 } from "../../schema/token.ts";
import { FAILURES_BEFORE_LOCK_MAX, LOCK_MS_MAX, LOCK_MS_MIN, type RateRule } from "../core/limits.ts";
import { database } from "../testing/fixtures.ts";
import { clearFailures, isLocked, readLockMs, recordFailure, takeRequest } from "./service.ts";

const HOUR_MS = 60 * 60_000;
const rule = (requestsMax: number, perMs = HOUR_MS): RateRule => ({ name: "test", requestsMax, perMs });
const newKey = () => randomBase62(16);

/** As if `ms` had gone by for this key. */
async function passTime(key: string, ms: number): Promise<void> {
  const span = sql`${ms}::float8 * interval '1 millisecond'`;
  await database.query
    .update(rateLimits)
    .set({
      arrivalAt: sql`${rateLimits.arrivalAt} - ${span}`,
      lockedUntil: sql`${rateLimits.lockedUntil} - ${span}`,
    })
    .where(eq(rateLimits.key, key));
}

describe("takeRequest", () => {
  it.each([1, 6, 7, 30])("allows exactly %i, and says what is left", async (requestsMax) => {
    const key = newKey();
    const left: number[] = [];
    for (let count = 0; count < requestsMax; count++) {
      const taken = await takeRequest(database, rule(requestsMax), key);
      expect(taken).toMatchObject({ allowed: true, limit: requestsMax, retryAfterMs: 0 });
      left.push(taken.remaining);
    }
    expect(left).toEqual(left.map((_, index) => requestsMax - 1 - index));
    const refused = await takeRequest(database, rule(requestsMax), key);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(HOUR_MS / requestsMax);
    // When the next one is let in, not when all are: a step of the rule away.
    expect(refused.resetAt.getTime() - Date.now()).toBeLessThanOrEqual(refused.retryAfterMs);
    expect(refused.resetAt.getTime() - Date.now()).toBeGreaterThan(refused.retryAfterMs - 5_000);
    await passTime(`test:${key}`, refused.retryAfterMs);
    const again = await takeRequest(database, rule(requestsMax), key);
    expect(again).toMatchObject({ allowed: true, remaining: 0 });
    expect(again.resetAt.getTime()).toBeGreaterThan(Date.now());
  });

  it("allows exactly as many as the rule says of those who ask at once", async () => {
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 60 }, () => takeRequest(database, rule(25), key)));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(25);
  });

  it("gives one back with each step of time, and all of them with the whole of it", async () => {
    const key = newKey();
    const isAllowed = async () => (await takeRequest(database, rule(4), key)).allowed;
    for (let count = 0; count < 4; count++) expect(await isAllowed()).toBe(true);
    await passTime(`test:${key}`, HOUR_MS / 4);
    expect([await isAllowed(), await isAllowed()]).toEqual([true, false]);
    await passTime(`test:${key}`, 10 * HOUR_MS);
    const allowed: boolean[] = [];
    for (let count = 0; count < 5; count++) allowed.push(await isAllowed());
    expect(allowed).toEqual([true, true, true, true, false]);
  });

  it("does not limit those of whom nothing is known", async () => {
    for (let count = 0; count < 3; count++)
      expect(await takeRequest(database, rule(1), "")).toMatchObject({ allowed: true, remaining: 1 });
  });

  it("keeps keys and rules apart", async () => {
    const [one, other] = [newKey(), newKey()];
    expect((await takeRequest(database, rule(1), one)).allowed).toBe(true);
    expect((await takeRequest(database, rule(1), other)).allowed).toBe(true);
    expect((await takeRequest(database, { ...rule(1), name: "other" }, one)).allowed).toBe(true);
    expect((await takeRequest(database, rule(1), one)).allowed).toBe(false);
  });
});

describe("failures", () => {
  it("lock only past the free ones, then twice as long each time, up to the longest", async () => {
    const key = newKey();
    for (let count = 0; count < FAILURES_BEFORE_LOCK_MAX; count++) {
      expect(await recordFailure(database, key)).toBe(0);
      expect(await isLocked(database, key)).toBe(false);
    }
    for (const expected of [1, 2, 4, 8, 15, 15]) {
      expect(await recordFailure(database, key)).toBeCloseTo(
        Math.min(LOCK_MS_MAX, expected * LOCK_MS_MIN),
        -3,
      );
      expect(await isLocked(database, key)).toBe(true);
    }
    expect(await readLockMs(database, newKey(), key)).toBeGreaterThan(LOCK_MS_MAX - 60_000);
  });

  it("lock until their time is over, and are forgotten by a success or in time", async () => {
    const key = newKey();
    for (let count = 0; count <= FAILURES_BEFORE_LOCK_MAX; count++) await recordFailure(database, key);
    await passTime(`failure:${key}`, LOCK_MS_MIN);
    expect(await isLocked(database, key)).toBe(false);
    expect(await recordFailure(database, key)).toBeGreaterThan(LOCK_MS_MIN);
    await clearFailures(database, key);
    expect(await recordFailure(database, key)).toBe(0);
    for (let count = 0; count <= FAILURES_BEFORE_LOCK_MAX; count++) await recordFailure(database, key);
    await passTime(`failure:${key}`, 2 * HOUR_MS);
    expect(await recordFailure(database, key)).toBe(0);
  });

  it("count each one of those that come at once", async () => {
    const key = newKey();
    const locks = await Promise.all(
      Array.from({ length: FAILURES_BEFORE_LOCK_MAX + 1 }, () => recordFailure(database, key)),
    );
    expect(locks.filter((lockMs) => lockMs > 0)).toHaveLength(1);
  });
});
