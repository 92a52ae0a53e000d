// Finds out who is asking, and opens and ends browser sessions.
// Invariant: a secret that is presented is compared by its hash, and a bad one is never silently anonymous.
import { sql } from "drizzle-orm";
import { authSessions } from "../../schema/tables/auth.ts";
import { hashSecret, isWellFormedToken } from "../../schema/token.ts";
import { type Actor, ANONYMOUS } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import { type Charge, chargeColumn, readCharge } from "../rate-limits/charge.ts";
import type { RequestRules } from "../rate-limits/request-rules.ts";
import {
  type Beside,
  findDeployKey,
  findRunningJob,
  findTokenOwner,
  touchDeployKey,
  touchToken,
} from "./find-token.ts";
import { endOwnSession, replaceSession } from "./sessions.ts";
import * as store from "./store.ts";

/** What is asked besides who it is. */
export interface Asked {
  /** Where the request came from, kept as the credential's last use. */
  address: string;
  /** The limits it counts towards, in the same statement; null when it is free. */
  rules: RequestRules | null;
  /** What else the same statement is to find, given the column of the token's owner; null where it has none. */
  beside?: Beside;
}

interface Authenticated {
  actor: Actor;
  /** What was asked to be found beside it, of an API token, a deploy key or a run's token. */
  beside?: unknown;
  /** What the request took of its limits; null when it is free, or nobody's in particular. */
  charge: Charge | null;
}

/**
 * The actor of an API token, a deploy key or a run's token.
 * @throws ForgeError `unauthorized` when it is unknown, expired or revoked.
 */
export async function authenticateToken(
  database: Database,
  token: string,
  asked: Asked,
): Promise<Authenticated> {
  if (!isWellFormedToken(token)) throw badCredentials();
  const tokenHash = await hashSecret(token);
  const { rules } = asked;
  const beside = asked.beside ?? findNothing;
  if (token.startsWith("plue_run_")) {
    const job = await findRunningJob(database.query, tokenHash, rules, beside);
    if (!job) throw badCredentials();
    const { charge, beside: found, ...run } = job;
    return { actor: { kind: "run", ...run }, charge: readCharge(rules, charge), beside: found };
  }
  if (token.startsWith("plue_deploy_")) {
    const key = await findDeployKey(database.query, tokenHash, rules, beside);
    if (!key) throw badCredentials();
    const { charge, lastUsedAt, beside: found, ...deploy } = key;
    if (store.isTouchDue(lastUsedAt)) await touchDeployKey(database.query, key.deployKeyId);
    return { actor: { kind: "deploy", ...deploy }, charge: readCharge(rules, charge), beside: found };
  }
  const owner = await findTokenOwner(database.query, tokenHash, rules, beside);
  if (!owner) throw badCredentials();
  if (store.isTouchDue(owner.lastUsedAt)) await touchToken(database.query, owner.tokenId, asked.address);
  return { actor: toTokenActor(owner), charge: readCharge(rules, owner.charge), beside: owner.beside };
}

const findNothing: Beside = () => sql`NULL::json`;

function toTokenActor(owner: NonNullable<Awaited<ReturnType<typeof findTokenOwner>>>): Actor {
  return {
    kind: "user",
    userId: owner.userId,
    username: owner.username,
    isAdmin: owner.isAdmin,
    credential: {
      kind: "token",
      tokenId: owner.tokenId,
      scopes: owner.scopes,
      repositoryIds: owner.repositoryIds,
      asked: new Map(),
    },
  };
}

/** The actor of a session cookie; anonymous when the session has ended, as browsers keep old cookies. */
export async function authenticateSession(
  database: Database,
  secret: string,
  rules: RequestRules | null,
): Promise<Authenticated> {
  const owner = await store.findSessionOwner(
    database.query,
    await hashSecret(secret),
    chargeColumn(rules, {
      credential: sql`'session:' || ${authSessions.id}`,
      account: sql`${authSessions.userId}::text`,
    }),
  );
  if (!owner) return { actor: ANONYMOUS, charge: null };
  if (store.isTouchDue(owner.lastUsedAt)) await store.touchSession(database.query, owner.sessionId);
  const actor: Actor = {
    kind: "user",
    userId: owner.userId,
    username: owner.username,
    isAdmin: owner.isAdmin,
    credential: {
      kind: "session",
      sessionId: owner.sessionId,
      csrfToken: await deriveCsrfToken(secret),
      provedAt: owner.provedAt,
      appearance: owner.appearance,
      waiting: { invitations: owner.invitations, transfers: owner.transfers },
    },
  };
  return { actor, charge: readCharge(rules, owner.charge) };
}

type SignInLink =
  | { state: "usable"; username: string; expiresAt: Date }
  | { state: "used" | "expired" | "unknown" };

/** What has become of a one-time link. */
export async function describeSignInLink(database: Database, secret: string): Promise<SignInLink> {
  const link = await store.findSignInLink(database.query, await hashSecret(secret));
  if (!link || link.suspendedAt !== null) return { state: "unknown" };
  if (link.usedAt !== null) return { state: "used" };
  if (link.expiresAt.getTime() <= Date.now()) return { state: "expired" };
  return { state: "usable", username: link.username, expiresAt: link.expiresAt };
}

/**
 * Trades a one-time link for a new session, in place of the one the browser had.
 * @param previous who the browser was until now
 * @returns the session's secret for the cookie, or undefined when the link is used, expired or unknown.
 */
export async function signInByLink(
  database: Database,
  previous: Actor,
  secret: string,
  origin: Origin,
): Promise<string | undefined> {
  const secretHash = await hashSecret(secret);
  return database.transaction(async (transaction) => {
    const person = await store.takeSignInLink(transaction, secretHash);
    return person && replaceSession(transaction, previous, person, "link", origin);
  });
}

/** Ends the browser session that is asking; a token or nobody has none to end. */
export async function signOut(database: Database, actor: Actor, origin: Origin): Promise<void> {
  await database.transaction((transaction) => endOwnSession(transaction, actor, origin, "sign-out"));
}

/** Removes what ended long ago; called by cron. */
export async function expireCredentials(database: Database): Promise<void> {
  await store.deleteExpired(database.query);
}

// Derived from the session's secret, so it needs no storage and dies with the session.
async function deriveCsrfToken(secret: string): Promise<string> {
  return (await hashSecret(`csrf:${secret}`)).slice(0, 40);
}

function badCredentials(): ForgeError {
  return new ForgeError("unauthorized", "Bad credentials");
}
