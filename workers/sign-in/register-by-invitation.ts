// Registering by a mailed invitation. Invariant: the link shows that the address is the one's who holds it, so that it needs
// no second link; the account is made and the invitation taken in one transaction, once.
import { claimAddress } from "../accounts/claim-address.ts";
import { recordAudit } from "../audit/service.ts";
import { replaceSession } from "../auth/sessions.ts";
import { ANONYMOUS } from "../core/actor.ts";
import { lockInvitationByLink, takeInvitation } from "../orgs/invitations.ts";
import { describeInvitationLink } from "../repos/invitation-mail.ts";
import { mayRegister } from "../site-settings/may-register.ts";
import { hashPassword } from "./password-hash.ts";
import { findPasswordProblem } from "./password-policy.ts";
import { findUsernameProblem } from "./register.ts";
import type { SignInServices } from "./services.ts";
import { insertPerson } from "./store/password-accounts.ts";

interface InvitedErrors {
  username?: string;
  password?: string;
  form?: string;
}

type InvitedEnd =
  | { end: "made"; session: string }
  /** Nothing is used up by it. */
  | { end: "wrong"; errors: InvitedErrors }
  | { end: "gone" };

/** Makes an account with the invitation's address, verified, and takes the invitation for it. */
export async function registerByInvitation(
  services: SignInServices,
  secret: string,
  wanted: { username: string; password: string },
): Promise<InvitedEnd> {
  const { database, actor, origin, derive } = services;
  const { username, password } = wanted;
  const found = await describeInvitationLink(database, secret);
  if (found.state !== "open") return { end: "gone" };
  const { email: address } = found;
  const errors = findErrors(
    await findUsernameProblem(database.query, username),
    findPasswordProblem(password, { username, address }),
  );
  if (Object.keys(errors).length > 0) return { end: "wrong", errors };
  const passwordHash = await hashPassword(password, derive === undefined ? {} : { derive });
  return database.transaction(async (transaction): Promise<InvitedEnd> => {
    const invitation = await lockInvitationByLink(transaction, secret);
    if (!invitation) return { end: "gone" };
    const verdict = await mayRegister(transaction, { invited: true, email: address });
    if (!verdict.may) return { end: "wrong", errors: { form: verdict.problem } };
    if (await claimAddress(transaction, address)) {
      return { end: "wrong", errors: { form: "This address has an account already: sign in to accept." } };
    }
    const problem = await findUsernameProblem(transaction, username);
    if (problem !== undefined) return { end: "wrong", errors: { username: problem } };
    const id = await insertPerson(transaction, { username, passwordHash, address });
    if (id === undefined) return { end: "wrong", errors: { username: "That name is taken." } };
    const person = { id, username };
    await recordAudit(transaction, ANONYMOUS, origin, {
      ...{ action: "account.activate", ownerId: id, details: { invitation: invitation.id } },
      target: { kind: "user", id, name: username },
    });
    await takeInvitation(transaction, origin, invitation, person);
    return { end: "made", session: await replaceSession(transaction, actor, person, "email", origin) };
  });
}

const findErrors = (username: string | undefined, password: string | undefined): InvitedErrors => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
});
