// Registering with a name, an address and a password. Invariant: nothing is taken before the mailed link is; then the
// account is made whole or not at all, and whether the address is known is told by mail alone.
import { isEmailAddress } from "../../schema/wire/mail.ts";
import { claimAddress } from "../accounts/claim-address.ts";
import { recordAudit } from "../audit/service.ts";
import { replaceSession } from "../auth/sessions.ts";
import { ANONYMOUS } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import { canMail } from "../mail/can-mail.ts";
import { describeLink, endLinks, lockLink, markLinkUsed } from "../mail/links.ts";
import { orderMail } from "../mail/service.ts";
import { findOwnerNameProblem } from "../repos/names.ts";
import { findTakenName } from "../repos/owner-names.ts";
import { mayRegister } from "../site-settings/may-register.ts";
import { takeMailRequest } from "./limit-mail.ts";
import { hashPassword } from "./password-hash.ts";
import { findPasswordProblem } from "./password-policy.ts";
import { readRegistration } from "./registration.ts";
import type { SignInServices } from "./services.ts";
import { insertPerson } from "./store/password-accounts.ts";

interface RegistrationErrors {
  username?: string;
  address?: string;
  password?: string;
}

type RegisterEnd =
  | { end: "mailed" }
  /** Nobody registers now, nobody without an invitation, or nobody by mail. */
  | { end: "closed"; problem: string }
  | { end: "wrong"; errors: RegistrationErrors }
  | { end: "limited"; retryAfterMs: number };

/** Mails a link that makes the account, or to who has one already, that they do. The answer is the same. */
export async function register(
  services: SignInServices,
  wanted: { username: string; address: string; password: string },
): Promise<RegisterEnd> {
  const { env, database, origin } = services;
  const { username, address, password } = wanted;
  const verdict = await mayRegister(database.query, { invited: false, email: address });
  if (!verdict.may && verdict.why !== "domain") return { end: "closed", problem: verdict.problem };
  if (!(await canMail(env))) {
    return { end: "closed", problem: "No account is made by mail here, since no mail can be sent." };
  }
  const errors = await findErrors(database.query, wanted);
  if (!verdict.may) errors.address ??= verdict.problem;
  if (Object.keys(errors).length > 0) return { end: "wrong", errors };
  const retryAfterMs = await takeMailRequest(services, { kind: "register", recipient: address });
  if (retryAfterMs > 0) return { end: "limited", retryAfterMs };
  const passwordHash = await hashPassword(password, services.derive ? { derive: services.derive } : {});
  await database.transaction(async (transaction) => {
    await orderMail(env, transaction, { kind: "register", address, username, passwordHash });
    await recordAudit(transaction, ANONYMOUS, origin, {
      action: "account.register",
      target: { kind: "user", name: username },
    });
  });
  return { end: "mailed" };
}

async function findErrors(
  query: Executor,
  wanted: { username: string; address: string; password: string },
): Promise<RegistrationErrors> {
  const username = await findUsernameProblem(query, wanted.username);
  const password = findPasswordProblem(wanted.password, wanted);
  return {
    ...(username === undefined ? {} : { username }),
    ...(isEmailAddress(wanted.address) ? {} : { address: "This isn't an email address." }),
    ...(password === undefined ? {} : { password }),
  };
}

/** Why nobody new can be called so, in a sentence; undefined when they can. */
export async function findUsernameProblem(query: Executor, username: string): Promise<string | undefined> {
  const problem = findOwnerNameProblem(username);
  if (problem !== undefined) return problem;
  const taken = await findTakenName(query, username);
  if (taken === "similar") return `Somebody has a name that looks like ${username}.`;
  return taken === undefined ? undefined : `Somebody is called ${username} already.`;
}

type ActivateEnd =
  | { end: "made"; session: string }
  | { end: "wrong"; problem: string }
  | { end: "gone"; why: "used" | "expired" | "unknown" | "known" }
  | { end: "closed"; problem: string };

/**
 * Takes an activation link: makes the account and signs its owner in.
 * @param username the one asked for, or another where that has been taken meanwhile; a wrong one uses nothing up.
 */
export async function activate(
  services: SignInServices,
  secret: string,
  username: string,
): Promise<ActivateEnd> {
  const { database, actor, origin } = services;
  const end = await database.transaction(async (transaction): Promise<ActivateEnd | undefined> => {
    const link = await lockLink(transaction, "activate", secret);
    if (!link) return undefined;
    const { address } = link;
    const verdict = await mayRegister(transaction, { invited: false, email: address });
    if (!verdict.may) return { end: "closed", problem: verdict.problem };
    if (await claimAddress(transaction, address)) {
      await markLinkUsed(transaction, link.id);
      return { end: "gone", why: "known" };
    }
    const problem = await findUsernameProblem(transaction, username);
    if (problem !== undefined) return { end: "wrong", problem };
    const { passwordHash } = readRegistration(link.payload);
    const id = await insertPerson(transaction, { username, passwordHash, address });
    if (id === undefined) return { end: "wrong", problem: `Somebody is called ${username} already.` };
    await markLinkUsed(transaction, link.id);
    await endLinks(transaction, ["activate"], { address });
    await recordAudit(transaction, ANONYMOUS, origin, {
      action: "account.activate",
      ownerId: id,
      target: { kind: "user", id, name: username },
    });
    const session = await replaceSession(transaction, actor, { id, username }, "email", origin);
    return { end: "made", session };
  });
  if (end !== undefined) return end;
  const { state } = await describeLink(database, "activate", secret);
  return { end: "gone", why: state === "usable" ? "unknown" : state };
}
