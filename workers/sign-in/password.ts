// Signing in by password, proving who one is by it, and changing it. Invariant: a hash is computed for every try that
// isn't locked out, whoever it names; and a changed password ends every other session.
import { recordAudit } from "../audit/service.ts";
import { endSessionsOf, replaceSession } from "../auth/sessions.ts";
import { ANONYMOUS, type UserActor } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import { SIGN_IN_PER_ACCOUNT, SIGN_IN_PER_ADDRESS } from "../core/limits.ts";
import { endLinks } from "../mail/links.ts";
import { orderMail } from "../mail/service.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { clearFailures, readLockMs, recordFailure, takeRequest } from "../rate-limits/service.ts";
import { hashPassword, verifyPassword } from "./password-hash.ts";
import { findPasswordProblem } from "./password-policy.ts";
import type { SignInServices } from "./services.ts";
import { findPerson, lockPerson, setPasswordHash } from "./store/password-accounts.ts";

type SignInEnd =
  | { end: "in"; session: string }
  | { end: "refused" }
  | { end: "limited"; retryAfterMs: number };

/** Signs in by a username or verified address and a password. */
export async function signInByPassword(
  services: SignInServices,
  { login, password }: { login: string; password: string },
): Promise<SignInEnd> {
  const { database, actor, origin, derive } = services;
  const person = await findPerson(database.query, login);
  const verdict = await judge(services, person, login, password);
  if (verdict.end === "limited") return verdict;
  if (verdict.end === "refused" || !person) {
    await recordAudit(database.query, ANONYMOUS, origin, {
      action: "sign-in.refuse",
      ...(person ? { ownerId: person.id } : {}),
      details: { method: "password" },
    });
    return { end: "refused" };
  }
  const renewed = verdict.isOutdated
    ? await hashPassword(password, derive === undefined ? {} : { derive })
    : undefined;
  const session = await database.transaction(async (transaction) => {
    if (renewed !== undefined) await setPasswordHash(transaction, person.id, renewed, false);
    return replaceSession(transaction, actor, person, "password", origin);
  });
  return { end: "in", session };
}

type Verdict =
  | { end: "right"; isOutdated: boolean }
  | { end: "refused" }
  | { end: "limited"; retryAfterMs: number };

/** Counts the try, and hashes. An account that is unknown is counted by the name that was given for it. */
async function judge(
  { database, origin, derive }: SignInServices,
  person: { id: number; passwordHash: string | null } | undefined,
  login: string,
  password: string,
): Promise<Verdict> {
  const key = `password:${person ? person.id : `?${login.toLowerCase()}`}`;
  const lockMs = await readLockMs(database, key);
  if (lockMs > 0) return { end: "limited", retryAfterMs: lockMs };
  const taken = [await takeRequest(database, SIGN_IN_PER_ACCOUNT, key)];
  const address = toAddressKey(origin.address);
  if (address !== "") taken.push(await takeRequest(database, SIGN_IN_PER_ADDRESS, address));
  const refused = taken.find(({ allowed }) => !allowed);
  if (refused) return { end: "limited", retryAfterMs: refused.retryAfterMs };
  const { isRight, isOutdated } = await verifyPassword(password, person?.passwordHash ?? null, derive);
  if (!isRight) {
    await recordFailure(database, key);
    return { end: "refused" };
  }
  await clearFailures(database, key);
  return { end: "right", isOutdated };
}

/** Whether this is the password of who is signed in, for what asks for a recent proof. */
export async function provePassword(
  services: SignInServices,
  actor: UserActor,
  password: string,
): Promise<{ end: "right" } | { end: "refused" } | { end: "limited"; retryAfterMs: number }> {
  const person = await findPerson(services.database.query, actor.username);
  const verdict = await judge(services, person, actor.username, password);
  return verdict.end === "right" ? { end: "right" } : verdict;
}

/** Whether who is signed in has a password at all. */
export async function hasPassword({ database }: Pick<SignInServices, "database">, actor: UserActor) {
  const person = await findPerson(database.query, actor.username);
  return person !== undefined && person.passwordHash !== null;
}

type ChangeEnd =
  | { end: "changed"; session: string }
  | { end: "wrong"; field: "current" | "password"; problem: string }
  | { end: "limited"; retryAfterMs: number };

/**
 * Gives who is signed in another password, or their first one.
 * @param change `current`: the present one; of no account where there is none yet, for which a recent proof stands.
 * @returns the secret of the session that replaces the one that asked; all others have ended.
 */
export async function changePassword(
  services: SignInServices,
  actor: UserActor,
  change: { current: string; password: string },
): Promise<ChangeEnd> {
  const { database, origin, derive } = services;
  const person = await findPerson(database.query, actor.username);
  if (!person) throw new Error("who is signed in has no account");
  if (person.passwordHash !== null) {
    const verdict = await judge(services, person, actor.username, change.current);
    if (verdict.end === "limited") return verdict;
    if (verdict.end === "refused") {
      return { end: "wrong", field: "current", problem: "This isn't your present password." };
    }
  }
  const problem = findPasswordProblem(change.password, person);
  if (problem !== undefined) return { end: "wrong", field: "password", problem };
  const passwordHash = await hashPassword(change.password, derive === undefined ? {} : { derive });
  return database.transaction(async (transaction) => {
    await lockPerson(transaction, actor.userId);
    await replacePassword(services, transaction, person, passwordHash);
    await recordAudit(transaction, actor, origin, {
      action: "password.change",
      ownerId: person.id,
      target: { kind: "user", id: person.id, name: person.username },
    });
    const session = await replaceSession(transaction, actor, person, "password", origin);
    return { end: "changed", session };
  });
}

/** Sets a password, ends every session and every link that would let in who had the old one, and tells by mail. */
export async function replacePassword(
  { env }: SignInServices,
  transaction: Executor,
  person: { id: number },
  passwordHash: string,
): Promise<void> {
  await setPasswordHash(transaction, person.id, passwordHash, true);
  await endSessionsOf(transaction, person.id, null);
  await endLinks(transaction, ["reset", "sign-in"], { userId: person.id });
  await orderMail(env, transaction, { kind: "news", userId: person.id, news: "password", detail: "" });
}
