// Finds out who is asking, and opens and ends browser sessions.
// Invariant: a secret that is presented is compared by its hash, and a bad one is never silently anonymous.
import { hashSecret, isWellFormedToken } from "../../schema/token.ts";
import { type Actor, ANONYMOUS } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import { endOwnSession, replaceSession } from "./sessions.ts";
import * as store from "./store.ts";

/** The actor of an API token or run token. @throws ForgeError `unauthorized` when it is unknown, expired or revoked. */
export async function authenticateToken(database: Database, token: string): Promise<Actor> {
  if (!isWellFormedToken(token)) throw badCredentials();
  const tokenHash = await hashSecret(token);
  if (token.startsWith("plue_run_")) {
    const job = await store.findRunningJob(database.query, tokenHash);
    if (!job) throw badCredentials();
    return { kind: "run", ...job };
  }
  const owner = await store.findTokenOwner(database.query, tokenHash);
  if (!owner) throw badCredentials();
  if (store.isTouchDue(owner.lastUsedAt)) await store.touchToken(database.query, owner.tokenId);
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
    },
  };
}

/** The actor of a session cookie; anonymous when the session has ended, as browsers keep old cookies. */
export async function authenticateSession(database: Database, secret: string): Promise<Actor> {
  const owner = await store.findSessionOwner(database.query, await hashSecret(secret));
  if (!owner) return ANONYMOUS;
  if (store.isTouchDue(owner.lastUsedAt)) await store.touchSession(database.query, owner.sessionId);
  return {
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
    },
  };
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
