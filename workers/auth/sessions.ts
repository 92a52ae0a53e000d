// Browser sessions: opened for somebody who has just proved who they are, listed to them, and ended.
// Invariant: the secret is in the cookie alone; the database holds its hash. A proof always makes a new secret, and the
// one the browser had before is worth nothing from then on.
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { recordAudit } from "../audit/service.ts";
import type { Actor, UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Origin } from "../core/origin.ts";
import { endSession, endSessionsExcept, listLiveSessions } from "./store/sessions.ts";
import { insertSession } from "./store.ts";

const SESSION_SECRET_LENGTH = 43;

/** How somebody proved who they are. */
type SignInMethod = "link" | "password" | "email" | "wallet" | "passkey";

/** Opens a session within `transaction`. @returns the secret for the cookie. */
async function openSession(
  transaction: Executor,
  userId: number,
  method: SignInMethod,
  origin: Origin,
): Promise<string> {
  const secret = randomBase62(SESSION_SECRET_LENGTH);
  const tokenHash = await hashSecret(secret);
  const { userAgent, address } = origin;
  await insertSession(transaction, { userId, tokenHash, method, userAgent, address });
  return secret;
}

/**
 * As `openSession`, for the browser of `previous`: the session it had ends, whoever's it was, and both are recorded.
 * @param previous who the browser was until now
 */
export async function replaceSession(
  transaction: Executor,
  previous: Actor,
  person: { id: number; username: string },
  method: SignInMethod,
  origin: Origin,
): Promise<string> {
  await endOwnSession(transaction, previous, origin, "replaced");
  await recordAudit(transaction, previous, origin, {
    action: "session.open",
    ownerId: person.id,
    target: { kind: "user", id: person.id, name: person.username },
    details: { method },
  });
  return openSession(transaction, person.id, method, origin);
}

/** Ends the browser session that is asking; a token or nobody has none to end. */
export async function endOwnSession(
  query: Executor,
  actor: Actor,
  origin: Origin,
  why: "sign-out" | "replaced",
): Promise<void> {
  if (actor.kind !== "user" || actor.credential.kind !== "session") return;
  const { sessionId } = actor.credential;
  if (!(await endSession(query, actor.userId, sessionId))) return;
  await recordAudit(query, actor, origin, {
    action: "session.revoke",
    ownerId: actor.userId,
    target: { kind: "session", id: sessionId, name: "" },
    details: { why },
  });
}

interface ListedSession {
  id: number;
  method: string;
  userAgent: string;
  address: string;
  openedAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  /** Whether it is the one that asks. */
  isCurrent: boolean;
}

/** The live sessions of the one who asks. */
export async function listSessions(database: Database, actor: UserActor): Promise<ListedSession[]> {
  const current = sessionIdOf(actor);
  const sessions = await listLiveSessions(database.query, actor.userId);
  return sessions.map((session) => ({ ...session, isCurrent: session.id === current }));
}

/** Ends one session of the one who asks. @returns whether they had it. */
export async function revokeSession(
  database: Database,
  actor: UserActor,
  origin: Origin,
  sessionId: number,
): Promise<boolean> {
  return database.transaction(async (transaction) => {
    if (!(await endSession(transaction, actor.userId, sessionId))) return false;
    await recordRevocation(transaction, actor, origin, sessionId);
    return true;
  });
}

/** Ends all sessions of the one who asks, but for the one that asks. @returns how many. */
export async function revokeOtherSessions(
  database: Database,
  actor: UserActor,
  origin: Origin,
): Promise<number> {
  return database.transaction(async (transaction) => {
    const ended = await endSessionsExcept(transaction, actor.userId, sessionIdOf(actor));
    for (const sessionId of ended) await recordRevocation(transaction, actor, origin, sessionId);
    return ended.length;
  });
}

/**
 * Ends a person's sessions, but for one, within `transaction`: who proved who they are by other means stays out.
 * @returns how many
 */
export async function endSessionsOf(
  transaction: Executor,
  userId: number,
  keptSessionId: number | null,
): Promise<number> {
  return (await endSessionsExcept(transaction, userId, keptSessionId)).length;
}

async function recordRevocation(
  transaction: Executor,
  actor: UserActor,
  origin: Origin,
  sessionId: number,
): Promise<void> {
  await recordAudit(transaction, actor, origin, {
    action: "session.revoke",
    ownerId: actor.userId,
    target: { kind: "session", id: sessionId, name: "" },
  });
}

const sessionIdOf = (actor: UserActor): number | null =>
  actor.credential.kind === "session" ? actor.credential.sessionId : null;
