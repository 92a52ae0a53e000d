// Signing in and setting a new password by a mailed link. Invariant: asking for one tells nothing of who is known, and
// each does its one thing once.
import { recordAudit } from "../audit/service.ts";
import { replaceSession } from "../auth/sessions.ts";
import { ANONYMOUS } from "../core/actor.ts";
import { canMail } from "../mail/can-mail.ts";
import { describeLink, lockLink, markLinkUsed } from "../mail/links.ts";
import { orderMail } from "../mail/service.ts";
import { clearFailures } from "../rate-limits/service.ts";
import { takeMailRequest } from "./limit-mail.ts";
import { replacePassword } from "./password.ts";
import { hashPassword } from "./password-hash.ts";
import { findPasswordProblem } from "./password-policy.ts";
import type { SignInServices } from "./services.ts";
import { findKnownSession, findPerson, lockPerson } from "./store/password-accounts.ts";

type OrderEnd = { end: "mailed" } | { end: "unavailable" } | { end: "limited"; retryAfterMs: number };

/** Mails a link to whoever has this name or address, if anybody; the answer doesn't tell. */
export async function orderEntryLink(
  services: SignInServices,
  kind: "sign-in" | "reset",
  login: string,
): Promise<OrderEnd> {
  const { env, database } = services;
  if (!(await canMail(env))) return { end: "unavailable" };
  const person = await findPerson(database.query, login);
  const browser = await findKnownSession(database.query, person?.id ?? 0, services.knownSessions ?? []);
  const retryAfterMs = await takeMailRequest(services, { kind, recipient: login, browser });
  if (retryAfterMs > 0) return { end: "limited", retryAfterMs };
  await database.transaction((transaction) => orderMail(env, transaction, { kind, login }));
  return { end: "mailed" };
}

/** Trades a mailed link for a session. @returns its secret; undefined when the link is used, expired or unknown. */
export async function signInByEmail(services: SignInServices, secret: string): Promise<string | undefined> {
  const { database, actor, origin } = services;
  return database.transaction(async (transaction) => {
    const link = await lockLink(transaction, "sign-in", secret);
    if (!link || link.userId === null) return undefined;
    const person = await lockPerson(transaction, link.userId);
    if (!person) return undefined;
    await markLinkUsed(transaction, link.id);
    return replaceSession(transaction, actor, person, "email", origin);
  });
}

type ResetEnd = { end: "reset" } | { end: "wrong"; problem: string } | { end: "gone" };

/**
 * Sets the password of a reset link's account, and ends all its sessions. A password that is refused uses nothing up.
 * @param isToRevoke whether the account's API tokens end, too
 */
export async function resetPassword(
  services: SignInServices,
  secret: string,
  password: string,
  isToRevoke = false,
): Promise<ResetEnd> {
  const { database, origin, derive } = services;
  const found = await describeLink(database, "reset", secret);
  if (found.state !== "usable" || found.link.username === null) return { end: "gone" };
  const owner = await findPerson(database.query, found.link.username);
  if (!owner) return { end: "gone" };
  const problem = findPasswordProblem(password, owner);
  if (problem !== undefined) return { end: "wrong", problem };
  const passwordHash = await hashPassword(password, derive === undefined ? {} : { derive });
  const isReset = await database.transaction(async (transaction) => {
    const link = await lockLink(transaction, "reset", secret);
    const person = link?.userId ? await lockPerson(transaction, link.userId) : undefined;
    if (!link || !person) return false;
    await markLinkUsed(transaction, link.id);
    await replacePassword(services, transaction, person, { passwordHash, isToRevoke });
    await recordAudit(transaction, ANONYMOUS, origin, {
      action: "password.reset",
      ownerId: person.id,
      target: { kind: "user", id: person.id, name: person.username },
    });
    return true;
  });
  if (!isReset) return { end: "gone" };
  await clearFailures(database, `password:${owner.id}`);
  return { end: "reset" };
}
