// How often something may be asked (GCRA), and how failures lock. One row of Postgres a key, shared by every instance.
// Invariant: of any number of questions at once, exactly as many are allowed as the rule says.
// After https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
import type { Database } from "../core/db.ts";
import {
  FAILURES_BEFORE_LOCK_MAX,
  FAILURES_FORGOTTEN_MS,
  LIMITS_PER_SWEEP_MAX,
  LOCK_MS_MAX,
  LOCK_MS_MIN,
  type RateRule,
} from "../core/limits.ts";
import * as store from "./store.ts";

interface Taken {
  allowed: boolean;
  /** What the rule allows within its time. */
  limit: number;
  /** How many more would be allowed now. */
  remaining: number;
  /** From when on a request is let in again; now where one is left. */
  resetAt: Date;
  /** How long to wait for the next one; 0 when this one was allowed. */
  retryAfterMs: number;
}

export type LockRule = store.LockRule;

const LOCKOUT: LockRule = {
  freeFailures: FAILURES_BEFORE_LOCK_MAX,
  lockMsMin: LOCK_MS_MIN,
  lockMsMax: LOCK_MS_MAX,
  forgottenMs: FAILURES_FORGOTTEN_MS,
};

/**
 * Takes one request of `key` under `rule`, if there is one left.
 * @param key who or what is limited, such as an account's id or an address. Nothing is known of an empty one, and it
 * isn't limited.
 */
export async function takeRequest(
  database: Pick<Database, "query">,
  rule: RateRule,
  key: string,
): Promise<Taken> {
  if (key === "") return takeUnlimited(rule);
  const row = await store.take(database.query, `${rule.name}:${key}`, rule.requestsMax, rule.perMs);
  if (!row) throw new Error("take_request gave no row");
  return {
    allowed: row.is_allowed,
    limit: rule.requestsMax,
    remaining: row.remaining,
    resetAt: findResetAt(rule, row.full_ms),
    retryAfterMs: Math.ceil(row.wait_ms),
  };
}

/** Gives back what a request took that turned out to be free. */
export async function giveBack(
  database: Pick<Database, "query">,
  taken: readonly { key: string; rule: RateRule }[],
): Promise<void> {
  for (const { key, rule } of taken) await store.giveBack(database.query, key, rule.perMs / rule.requestsMax);
}

/** What is left of `rule` for `key`, taking nothing. */
export async function readRequests(
  database: Pick<Database, "query">,
  rule: RateRule,
  key: string,
): Promise<Omit<Taken, "allowed" | "retryAfterMs">> {
  const fullMs = key === "" ? 0 : await store.findFullMs(database.query, `${rule.name}:${key}`);
  const remaining = Math.floor(((rule.perMs - fullMs) * rule.requestsMax) / rule.perMs);
  return {
    limit: rule.requestsMax,
    remaining: Math.max(0, remaining),
    resetAt: findResetAt(rule, fullMs),
  };
}

/**
 * From when on the next request is let in; now where one is left.
 * @param fullMs until as many are allowed as at first: one comes back in each step of `perMs / requestsMax`
 */
export function findResetAt({ requestsMax, perMs }: RateRule, fullMs: number): Date {
  return new Date(Date.now() + Math.max(0, fullMs - perMs + perMs / requestsMax));
}

/** Forgets what says nothing any more; called by the clock. */
export async function sweepLimits(database: Pick<Database, "query">): Promise<void> {
  await store.deletePast(database.query, LIMITS_PER_SWEEP_MAX);
}

/**
 * Counts a failure of `key`, such as `password:<account id>`. The first few lock nothing; each one after them locks for
 * twice as long as the one before.
 * @returns for how many ms it is locked now; 0 for not at all.
 */
export async function recordFailure(
  database: Pick<Database, "query">,
  key: string,
  rule: LockRule = LOCKOUT,
): Promise<number> {
  return store.addFailure(database.query, `failure:${key}`, rule);
}

/** For how many ms the longest-locked of `keys` is locked yet; 0 when none is. Ask before anything is verified. */
export async function readLockMs(database: Pick<Database, "query">, ...keys: string[]): Promise<number> {
  return store.findLock(
    database.query,
    keys.map((key) => `failure:${key}`),
  );
}

/** Whether failures have locked `key`. */
export async function isLocked(database: Pick<Database, "query">, key: string): Promise<boolean> {
  return (await readLockMs(database, key)) > 0;
}

/** Forgets the failures of `key`, after a success. */
export async function clearFailures(database: Pick<Database, "query">, key: string): Promise<void> {
  await store.remove(database.query, `failure:${key}`);
}

function takeUnlimited({ requestsMax }: RateRule): Taken {
  const remaining = requestsMax;
  return { allowed: true, limit: requestsMax, remaining, resetAt: new Date(), retryAfterMs: 0 };
}
