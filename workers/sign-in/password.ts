// Signing in by password, proving who one is by it, and changing it. Invariant: a hash is computed for every try that
// isn't locked out, whoever it names; and a changed password ends every other session.
import { recordAudit } from "../audit/service.ts";
import { endSessionsOf, replaceSession } from "../auth/sessions.ts";
import { ANONYMOUS, type UserActor } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import { endLinks } from "../mail/links.ts";
import { orderMail } from "../mail/service.ts";
import { revokeTokensOf } from "../tokens/service.ts";
import { hashPassword } from "./password-hash.ts";
import { findPasswordProblem } from "./password-policy.ts";
import { describeOwnTry, describeTry, judgeTry, orderProof } from "./password-tries.ts";
import type { SignInServices } from "./services.ts";
import { findPerson, lockPerson, setPasswordHash } from "./store/password-accounts.ts";

type SignInEnd =
  | { end: "in"; session: string }
  | { end: "refused" }
  /** Whether it was right isn't told: if it was, a link that signs in is on its way to the account's address. */
  | { end: "second-proof" }
  | { end: "limited"; retryAfterMs: number };

/** Signs in by a username or verified address and a password. */
export async function signInByPassword(
  services: SignInServices,
  { login, password }: { login: string; password: string },
): Promise<SignInEnd> {
  const { database, actor, origin, derive } = services;
  const person = await findPerson(database.query, login);
  const asked = await describeTry(services, person, login);
  const verdict = await judgeTry(services, asked, person?.passwordHash ?? null, password);
  if (verdict.end === "limited") return verdict;
  if (verdict.end === "refused" || !person) {
    await recordAudit(database.query, ANONYMOUS, origin, {
      action: "sign-in.refuse",
      ...(person ? { ownerId: person.id } : {}),
      details: { method: "password" },
    });
    if (!asked.needsProof) return { end: "refused" };
    await orderProof(services, asked, "");
    return { end: "second-proof" };
  }
  if (asked.needsProof) {
    await orderProof(services, asked, person.username);
    return { end: "second-proof" };
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

/** Whether this is the password of who is signed in, for what asks for a recent proof. */
export async function provePassword(
  services: SignInServices,
  actor: UserActor,
  password: string,
): Promise<{ end: "right" } | { end: "refused" } | { end: "limited"; retryAfterMs: number }> {
  const person = await findPerson(services.database.query, actor.username);
  const asked = describeOwnTry(actor);
  const verdict = await judgeTry(services, asked, person?.passwordHash ?? null, password);
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
  change: { current: string; password: string; isToRevoke?: boolean },
): Promise<ChangeEnd> {
  const { database, origin, derive } = services;
  const person = await findPerson(database.query, actor.username);
  if (!person) throw new Error("who is signed in has no account");
  if (person.passwordHash !== null) {
    const verdict = await judgeTry(services, describeOwnTry(actor), person.passwordHash, change.current);
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
    const { isToRevoke = false } = change;
    await replacePassword(services, transaction, person, { passwordHash, isToRevoke });
    await recordAudit(transaction, actor, origin, {
      action: "password.change",
      ownerId: person.id,
      target: { kind: "user", id: person.id, name: person.username },
    });
    const session = await replaceSession(transaction, actor, person, "password", origin);
    return { end: "changed", session };
  });
}

/**
 * Sets a password, ends every session and every link that would let in who had the old one, and tells by mail.
 * @param change `isToRevoke`: ends the account's API tokens as well, which a password doesn't.
 */
export async function replacePassword(
  { env, actor, origin }: SignInServices,
  transaction: Executor,
  person: { id: number; username: string },
  { passwordHash, isToRevoke }: { passwordHash: string; isToRevoke: boolean },
): Promise<void> {
  await setPasswordHash(transaction, person.id, passwordHash, true);
  await endSessionsOf(transaction, person.id, null);
  if (isToRevoke) {
    const count = await revokeTokensOf(transaction, person.id);
    await recordAudit(transaction, actor, origin, {
      action: "token.revoke-all",
      ownerId: person.id,
      target: { kind: "user", id: person.id, name: person.username },
      details: { count, because: "password" },
    });
  }
  await endLinks(transaction, ["reset", "sign-in"], { userId: person.id });
  await orderMail(env, transaction, { kind: "news", userId: person.id, news: "password", detail: "" });
}
