// Invitations to an organisation: made and withdrawn by its owners, taken or declined by their invitee.
// Invariant: nothing is given before an invitation is taken, and it is taken once.
import type { OrganizationRole } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { can, requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { INVITATION_LIFETIME_MS, INVITATIONS_OPEN_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { requirePerson } from "../repos/collaborators.ts";
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
  return store.findOpen(database.query, { organizationId: organization.organizationId }, userId);
}

/**
 * Invites somebody by name; a second call changes what is offered.
 * @throws ForgeError `not_found` for nobody, `invalid` for a member, a team of elsewhere, or past the limit
 */
export async function inviteMember(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  wanted: { username: string; role: OrganizationRole; teamIds: readonly number[] },
): Promise<store.Invitation> {
  requirePermission(actor, "organization.invite", organization);
  const person = await requirePerson(database, wanted.username);
  const { organizationId } = organization;
  const target = { organizationId };
  return database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    if ((await members.findRole(transaction, organizationId, person.id)) !== null) {
      throw new ForgeError("invalid", `${person.username} belongs to the organisation already.`);
    }
    for (const teamId of wanted.teamIds) {
      const team = await findTeamById(transaction, organizationId, teamId, 0);
      if (!team) throw new ForgeError("invalid", "There is no such team.");
    }
    await store.endAllOf(transaction, target, person.id);
    if ((await store.countOpen(transaction, target)) >= INVITATIONS_OPEN_MAX) {
      throw new ForgeError("invalid", `There are ${INVITATIONS_OPEN_MAX} open invitations; withdraw some.`);
    }
    const id = await store.insertInvitation(transaction, {
      ...{ organizationId, inviteeId: person.id, role: wanted.role, inviterId: actor.userId },
      teamIds: wanted.role === "billing" ? [] : [...wanted.teamIds],
      expiresAt: new Date(Date.now() + INVITATION_LIFETIME_MS),
    });
    await recordAudit(transaction, actor, origin, {
      ...describe("organization.invite", organizationId, person),
      details: { role: wanted.role, invitation: id },
    });
    const invitation = await store.findOpenById(transaction, id, target);
    if (!invitation) throw new ForgeError("internal", "The invitation vanished while it was made.");
    return invitation;
  });
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
    const person = { id: invitation.inviteeId ?? 0, username: invitation.invitee ?? invitation.email ?? "" };
    await recordAudit(transaction, actor, origin, {
      ...describe("organization.invitation-withdraw", organizationId, person),
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
    if (answer === "accept") await join(transaction, actor.userId, organizationId, invitation);
    await recordAudit(transaction, actor, origin, {
      ...describe(`organization.invitation-${answer}`, organizationId, {
        ...{ id: actor.userId, username: actor.username },
      }),
      details: { role: invitation.role, invitation: id },
    });
  });
}

async function join(
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
