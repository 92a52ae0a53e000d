// Invitations to an organisation: made and withdrawn by its owners, taken or declined by their invitee.
// Invariant: nothing is given before an invitation is taken, and it is taken once.
import type { OrganizationRole } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { can, requirePermission } from "../auth/permissions.ts";
import { ANONYMOUS, type UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { INVITATION_LIFETIME_MS, INVITATIONS_OPEN_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { orderMail } from "../mail/service.ts";
import { requirePerson } from "../repos/collaborators.ts";
import {
  allowInvitationMail,
  findInvitationByLink,
  type InvitationServices,
  lockInvitationLink,
  mailNamedInvitee,
  resendMail,
} from "../repos/invitation-mail.ts";
import { takeRepositoryInvitation } from "../repos/invitations.ts";
import * as store from "../repos/invitations-store.ts";
import { isTheirOwn } from "./members.ts";
import * as members from "./store/members.ts";
import { lockOrganization, type Organization } from "./store/organizations.ts";
import { findTeamById, upsertTeamMember } from "./store/teams.ts";

export type { Invitation } from "../repos/invitations-store.ts";

/** The open invitations, for owners. */
export async function listInvitations(
  database: Database,
  actor: UserActor,
  organization: Organization,
  page: PageRequest,
) {
  requirePermission(actor, "organization.see-access", organization);
  const target = { organizationId: organization.organizationId };
  return {
    invitations: await store.listOpen(database.query, target, page),
    total: await store.countOpen(database.query, target),
  };
}

/** The open invitation of somebody, for them and for owners. */
export async function findInvitationOf(
  database: Database,
  actor: UserActor,
  organization: Organization,
  userId: number,
): Promise<store.Invitation | undefined> {
  const isTold =
    isTheirOwn(actor, userId) || can(actor, "organization.see-access", organization) === "allowed";
  if (!isTold) return undefined;
  const target = { organizationId: organization.organizationId };
  if (isTheirOwn(actor, userId)) return store.findOwnOpen(database.query, target, userId);
  return store.findOpen(database.query, target, userId);
}

/**
 * Invites somebody by name, and mails them; a second call changes what is offered.
 * @throws ForgeError `not_found` for nobody, `invalid` for a member, a team of elsewhere, or past the limit
 */
export async function inviteMember(
  services: InvitationServices,
  organization: Organization,
  wanted: { username: string; role: OrganizationRole; teamIds: readonly number[] },
): Promise<store.Invitation> {
  const { database, actor, origin } = services;
  requirePermission(actor, "organization.invite", organization);
  const person = await requirePerson(database, wanted.username);
  const { organizationId } = organization;
  return database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    if ((await members.findRole(transaction, organizationId, person.id)) !== null) {
      throw new ForgeError("invalid", `${person.username} belongs to the organisation already.`);
    }
    await store.endAllOf(transaction, { organizationId }, person.id);
    const { role, teamIds } = wanted;
    const invitation = await insertOffer(transaction, actor, organizationId, {
      ...{ inviteeId: person.id, role, teamIds },
    });
    await mailNamedInvitee(services, transaction, { id: invitation.id, inviteeId: person.id });
    await recordAudit(transaction, actor, origin, {
      ...describe("organization.invite", organizationId, person),
      details: { role: wanted.role, invitation: invitation.id },
    });
    return invitation;
  });
}

/**
 * Invites whoever has an address, by mail; a second call changes what is offered and mails another link. Neither the
 * answer nor its time tells whether an account has the address, be it a member's.
 * @throws ForgeError `invalid` for no address, a team of elsewhere, or past the limit; `too_many_requests`
 */
export async function inviteAddress(
  { env, database, actor, origin }: InvitationServices,
  organization: Organization,
  wanted: { email: string; role: OrganizationRole; teamIds: readonly number[] },
): Promise<store.Invitation> {
  requirePermission(actor, "organization.invite", organization);
  await allowInvitationMail(database, actor, wanted.email);
  const { organizationId } = organization;
  return database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    await store.endAllTo(transaction, { organizationId }, wanted.email);
    const invitation = await insertOffer(transaction, actor, organizationId, wanted);
    await orderMail(env, transaction, { kind: "invitation", invitationId: invitation.id });
    await recordAudit(transaction, actor, origin, {
      ...{ action: "organization.invite", ownerId: organizationId },
      target: { kind: "email", name: wanted.email },
      details: { role: wanted.role, invitation: invitation.id },
    });
    return invitation;
  });
}

/** Under the organisation's lock. @throws ForgeError `invalid` for a team of elsewhere, or past the limit */
async function insertOffer(
  transaction: Executor,
  actor: UserActor,
  organizationId: number,
  offer: { role: OrganizationRole; teamIds: readonly number[] } & ({ inviteeId: number } | { email: string }),
): Promise<store.Invitation> {
  const target = { organizationId };
  for (const teamId of offer.teamIds) {
    const team = await findTeamById(transaction, organizationId, teamId, 0);
    if (!team) throw new ForgeError("invalid", "There is no such team.");
  }
  if ((await store.countOpen(transaction, target)) >= INVITATIONS_OPEN_MAX) {
    throw new ForgeError("invalid", `There are ${INVITATIONS_OPEN_MAX} open invitations; withdraw some.`);
  }
  const id = await store.insertInvitation(transaction, {
    ...{ ...offer, organizationId, inviterId: actor.userId },
    teamIds: offer.role === "billing" ? [] : [...offer.teamIds],
    expiresAt: new Date(Date.now() + INVITATION_LIFETIME_MS),
  });
  const invitation = await store.findOpenById(transaction, id, target);
  if (!invitation) throw new ForgeError("internal", "The invitation vanished while it was made.");
  return invitation;
}

/** Mails another link for an open invitation by address; the one before leads nowhere any more. */
export async function resendInvitation(
  services: InvitationServices,
  organization: Organization,
  id: number,
): Promise<void> {
  requirePermission(services.actor, "organization.invite", organization);
  const { organizationId } = organization;
  await resendMail(services, { organizationId }, id, "organization.invitation-resend");
}

/** @throws ForgeError `not_found` when it is taken, withdrawn or expired. */
export async function withdrawInvitation(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  id: number,
): Promise<void> {
  requirePermission(actor, "organization.invite", organization);
  const { organizationId } = organization;
  await database.transaction(async (transaction) => {
    const invitation = await store.findOpenById(transaction, id, { organizationId });
    if (!invitation || !(await store.endInvitation(transaction, id))) throw notFound();
    const { inviteeId, invitee, email } = invitation;
    await recordAudit(transaction, actor, origin, {
      ...{ action: "organization.invitation-withdraw", ownerId: organizationId },
      target:
        email === null
          ? { kind: "user", id: inviteeId ?? 0, name: invitee ?? "" }
          : { kind: "email", name: email },
    });
  });
}

/** The invitations to organisations that the actor may take. */
export async function listOwnInvitations(database: Database, actor: UserActor, page: PageRequest) {
  requirePermission(actor, "account.read", { accountId: actor.userId });
  return {
    invitations: await store.listOpenFor(database.query, actor.userId, "organization", page),
    total: await store.countOpenFor(database.query, actor.userId, "organization"),
  };
}

/** Takes or declines an invitation of the actor's own. @throws ForgeError `not_found` when it isn't theirs or has ended. */
export async function answerInvitation(
  database: Database,
  actor: UserActor,
  origin: Origin,
  id: number,
  answer: "accept" | "decline",
): Promise<void> {
  requirePermission(actor, "account.write", { accountId: actor.userId });
  await database.transaction(async (transaction) => {
    const invitation = await store.findOpenById(transaction, id, { userId: actor.userId });
    const organizationId = invitation?.organizationId ?? null;
    if (!invitation || organizationId === null) throw notFound();
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    if (!(await store.endInvitation(transaction, id))) throw notFound();
    if (answer === "accept") await joinByInvitation(transaction, actor.userId, organizationId, invitation);
    await recordAudit(transaction, actor, origin, {
      ...describe(`organization.invitation-${answer}`, organizationId, {
        ...{ id: actor.userId, username: actor.username },
      }),
      details: { role: invitation.role, invitation: id },
    });
  });
}

/**
 * The open invitation of a mailed link, of whatever kind, with what it is to: nothing of it changes until the
 * transaction ends, and whoever comes second finds it ended.
 */
export async function lockInvitationByLink(transaction: Executor, secret: string) {
  const found = await findInvitationByLink(transaction, secret);
  const organizationId = found?.organizationId ?? null;
  if (organizationId !== null && !(await lockOrganization(transaction, organizationId))) return undefined;
  return lockInvitationLink(transaction, secret);
}

/** Takes a locked invitation for somebody who has just shown that its address is theirs. */
export async function takeInvitation(
  transaction: Executor,
  origin: Origin,
  invitation: store.Invitation,
  person: { id: number; username: string },
): Promise<void> {
  if (!(await store.endInvitation(transaction, invitation.id))) throw notFound();
  const { organizationId } = invitation;
  if (organizationId === null) {
    await takeRepositoryInvitation(transaction, origin, invitation, person);
    return;
  }
  await joinByInvitation(transaction, person.id, organizationId, invitation);
  await recordAudit(transaction, ANONYMOUS, origin, {
    ...describe("organization.invitation-accept", organizationId, person),
    details: { role: invitation.role, invitation: invitation.id },
  });
}

/** Makes somebody what an invitation offers, under the organisation's lock; a member stays what they are. */
async function joinByInvitation(
  transaction: Executor,
  userId: number,
  organizationId: number,
  invitation: store.Invitation,
): Promise<void> {
  await members.insertMember(transaction, organizationId, userId, toOrganizationRole(invitation.role));
  for (const teamId of invitation.teamIds) {
    const team = await findTeamById(transaction, organizationId, teamId, 0);
    // A team that has ended meanwhile isn't joined.
    if (team) await upsertTeamMember(transaction, teamId, userId, "member");
  }
}

/** @throws ForgeError `invalid` for a role that an organisation doesn't know. */
export function toOrganizationRole(role: string): OrganizationRole {
  if (role === "owner" || role === "member" || role === "billing") return role;
  throw new ForgeError("invalid", "An organisation knows no such role.");
}

function describe(action: string, organizationId: number, person: { id: number; username: string }) {
  return {
    ...{ action, ownerId: organizationId },
    target: { kind: "user", id: person.id, name: person.username },
  };
}
