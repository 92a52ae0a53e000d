// What invitations by address share, to organisations and to repositories: how often they are mailed, the link that is
// mailed, and what has become of it. Invariant: the secret is in the mail alone, and the newest mail's is the only good one.
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { isEmailAddress } from "../../schema/wire/mail.ts";
import { recordAudit } from "../audit/service.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import {
  INVITATION_LIFETIME_MS,
  INVITATION_MAILS_PER_ADDRESS,
  INVITATION_MAILS_PER_INVITER,
} from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import { orderMail } from "../mail/service.ts";
import { takeRequest } from "../rate-limits/service.ts";
import * as store from "./invitations-store.ts";

const SECRET_LENGTH = 43;

/** What inviting by mail works with. */
export interface InvitationServices {
  env: Pick<Env, "gatewaySecret">;
  database: Database;
  actor: UserActor;
  origin: Origin;
}

/** Takes one mail to `email` by the actor. @throws ForgeError `invalid` for no address, `too_many_requests` */
export async function allowInvitationMail(
  database: Database,
  actor: UserActor,
  email: string,
): Promise<void> {
  if (!isEmailAddress(email)) {
    const message = "This isn't an email address.";
    const fields = [{ resource: "Invitation", field: "email", code: "invalid" as const, message }];
    throw new ForgeError("invalid", message, { fields });
  }
  const asked = [
    { rule: INVITATION_MAILS_PER_INVITER, key: String(actor.userId) },
    { rule: INVITATION_MAILS_PER_ADDRESS, key: email.toLowerCase() },
  ];
  for (const { rule, key } of asked) {
    const { allowed, retryAfterMs } = await takeRequest(database, rule, key);
    if (allowed) continue;
    throw new ForgeError("too_many_requests", "That is too many invitations by mail for now.", {
      retryAfterMs,
    });
  }
}

/**
 * Orders a mail for an invitation by name, which is there to be taken without it: past the limits of mails, there is none.
 */
export async function mailNamedInvitee(
  { env, database, actor }: InvitationServices,
  transaction: Executor,
  { id, inviteeId }: { id: number; inviteeId: number },
): Promise<void> {
  const asked = [
    // Counted apart: whoever invites by name can still invite by address, which nothing but the mail tells of.
    { rule: INVITATION_MAILS_PER_INVITER, key: `named:${actor.userId}` },
    { rule: INVITATION_MAILS_PER_ADDRESS, key: `user:${inviteeId}` },
  ];
  for (const { rule, key } of asked) {
    if (!(await takeRequest(database, rule, key)).allowed) return;
  }
  await orderMail(env, transaction, { kind: "invitation", invitationId: id });
}

/** The open invitation by name with this id, for its mail; undefined when it isn't open any more. */
export async function findNamedInvitation(transaction: Executor, id: number) {
  return store.findOpenByName(transaction, id);
}

/** Mails another link for an open invitation by address, good for as long as a new one. @throws ForgeError `not_found` */
export async function resendMail(
  { env, database, actor, origin }: InvitationServices,
  target: { organizationId: number } | { repositoryId: number },
  id: number,
  action: string,
): Promise<void> {
  const found = await store.findOpenById(database.query, id, target);
  if (!found || found.email === null) throw notFound();
  await allowInvitationMail(database, actor, found.email);
  await database.transaction(async (transaction) => {
    const invitation = await store.lockOpenByAddress(transaction, { id });
    if (!invitation) throw notFound();
    await store.replaceLink(transaction, id, { expiresAt: new Date(Date.now() + INVITATION_LIFETIME_MS) });
    await orderMail(env, transaction, { kind: "invitation", invitationId: id });
    await recordAudit(transaction, actor, origin, {
      ...{ action, ownerId: invitation.ownerId },
      ...(invitation.repositoryId === null ? {} : { repositoryId: invitation.repositoryId }),
      target: { kind: "email", name: found.email ?? "" },
      details: { role: invitation.role, invitation: id },
    });
  });
}

/** Makes the link of an open invitation's mail, ending the one before. @returns undefined when it isn't open any more */
export async function makeInvitationLink(transaction: Executor, publicUrl: string, id: number) {
  const invitation = await store.lockOpenByAddress(transaction, { id });
  if (!invitation || invitation.email === null) return undefined;
  const secret = randomBase62(SECRET_LENGTH);
  await store.replaceLink(transaction, id, { secretHash: await hashSecret(secret) });
  return { link: `${publicUrl}/invitations/${secret}`, to: invitation.email, invitation };
}

type InvitationLink =
  | { state: "open"; invitation: store.Invitation; email: string }
  | { state: "ended" | "expired" | "unknown" };

/** What a mailed link is for. Takes nothing. */
export async function describeInvitationLink(database: Database, secret: string): Promise<InvitationLink> {
  const found = await store.findByLink(database.query, await hashSecret(secret));
  if (!found || found.invitation.email === null) return { state: "unknown" };
  if (found.isEnded) return { state: "ended" };
  if (found.isExpired) return { state: "expired" };
  return { state: "open", invitation: found.invitation, email: found.invitation.email };
}

/** Whether it is open and for somebody: by name, or by an address that they have verified. */
export async function isInvitationOf(database: Database, userId: number, id: number): Promise<boolean> {
  return (await store.findOpenById(database.query, id, { userId })) !== undefined;
}

/** The invitation of a mailed link, whatever has become of it. */
export async function findInvitationByLink(query: Executor, secret: string) {
  return (await store.findByLink(query, await hashSecret(secret)))?.invitation;
}

/** The open invitation of a mailed link, held until the transaction ends: whoever comes second finds it ended. */
export async function lockInvitationLink(transaction: Executor, secret: string) {
  return store.lockOpenByAddress(transaction, { secretHash: await hashSecret(secret) });
}
