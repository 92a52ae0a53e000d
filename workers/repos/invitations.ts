// Invitations to a repository: seen and withdrawn by those who administer it, taken or declined by their invitee.
import { REPOSITORY_ROLES, type RepositoryRole } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import { ANONYMOUS, type UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { INVITATION_LIFETIME_MS, INVITATIONS_OPEN_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { orderMail } from "../mail/service.ts";
import { lockRepository, upsertCollaborator } from "./collaborators-store.ts";
import { allowInvitationMail, type InvitationServices, resendMail } from "./invitation-mail.ts";
import * as store from "./invitations-store.ts";
import type { Repository } from "./service.ts";

export type { Invitation } from "./invitations-store.ts";

export async function listRepositoryInvitations(
  database: Database,
  actor: UserActor,
  repository: Repository,
  page: PageRequest,
) {
  requirePermission(actor, "repository.administer", repository);
  const target = { repositoryId: repository.id };
  return {
    invitations: await store.listOpen(database.query, target, page),
    total: await store.countOpen(database.query, target),
  };
}

/** Changes what an open invitation offers. @throws ForgeError `not_found` when it is taken, withdrawn or expired. */
export async function changeRepositoryInvitation(
  database: Database,
  actor: UserActor,
  origin: Origin,
  repository: Repository,
  change: { id: number; role: RepositoryRole },
): Promise<store.Invitation> {
  requirePermission(actor, "repository.administer", repository);
  return database.transaction(async (transaction) => {
    const by = { repositoryId: repository.id };
    const before = await store.findOpenById(transaction, change.id, by);
    if (!before || !(await store.updateRole(transaction, change.id, change.role))) throw notFound();
    await recordAudit(transaction, actor, origin, {
      ...describe("collaborator.invitation-change", before),
      details: { role: change.role, before: before.role },
    });
    return { ...before, role: change.role };
  });
}

/** @throws ForgeError `not_found` when it is taken, withdrawn or expired. */
export async function withdrawRepositoryInvitation(
  database: Database,
  actor: UserActor,
  origin: Origin,
  repository: Repository,
  id: number,
): Promise<void> {
  requirePermission(actor, "repository.administer", repository);
  await database.transaction(async (transaction) => {
    const invitation = await store.findOpenById(transaction, id, { repositoryId: repository.id });
    if (!invitation || !(await store.endInvitation(transaction, id))) throw notFound();
    const event = describe("collaborator.invitation-withdraw", invitation);
    await recordAudit(transaction, actor, origin, event);
  });
}

/** The invitations to repositories that the actor may take. */
export async function listOwnRepositoryInvitations(database: Database, actor: UserActor, page: PageRequest) {
  requirePermission(actor, "account.read", { accountId: actor.userId });
  return {
    invitations: await store.listOpenFor(database.query, actor.userId, "repository", page),
    total: await store.countOpenFor(database.query, actor.userId, "repository"),
  };
}

/** Takes or declines an invitation of the actor's own. @throws ForgeError `not_found` when it isn't theirs or has ended. */
export async function answerRepositoryInvitation(
  database: Database,
  actor: UserActor,
  origin: Origin,
  id: number,
  answer: "accept" | "decline",
): Promise<store.Invitation> {
  requirePermission(actor, "account.write", { accountId: actor.userId });
  return database.transaction(async (transaction) => {
    const invitation = await store.findOpenById(transaction, id, { userId: actor.userId });
    const repositoryId = invitation?.repositoryId ?? null;
    if (!invitation || repositoryId === null || !(await store.endInvitation(transaction, id)))
      throw notFound();
    if (answer === "accept") await letIn(transaction, actor.userId, invitation);
    const event = describe(`collaborator.invitation-${answer}`, invitation);
    await recordAudit(transaction, actor, origin, event);
    return invitation;
  });
}

/** Lets somebody in by an invitation that was just ended, who has shown that its address is theirs. */
export async function takeRepositoryInvitation(
  transaction: Executor,
  origin: Origin,
  invitation: store.Invitation,
  person: { id: number; username: string },
): Promise<void> {
  await letIn(transaction, person.id, invitation);
  const event = describe("collaborator.invitation-accept", invitation);
  const target = { kind: "user", id: person.id, name: person.username };
  await recordAudit(transaction, ANONYMOUS, origin, { ...event, target });
}

/** The owner, who was invited by address, has every right already. */
async function letIn(transaction: Executor, userId: number, invitation: store.Invitation): Promise<void> {
  const { repositoryId, ownerId, role } = invitation;
  if (repositoryId === null || ownerId === userId) return;
  await upsertCollaborator(transaction, repositoryId, userId, toRepositoryRole(role));
}

/**
 * Invites whoever has an address to a repository, by mail; a second call changes what is offered and mails another link.
 * Neither the answer nor its time tells whether an account has the address.
 * @throws ForgeError `invalid` for no address or past the limit of open invitations, `too_many_requests`
 */
export async function inviteAddressToRepository(
  { env, database, actor, origin }: InvitationServices,
  repository: Repository,
  wanted: { email: string; role: RepositoryRole },
): Promise<void> {
  requirePermission(actor, "repository.administer", repository);
  await allowInvitationMail(database, actor, wanted.email);
  const target = { repositoryId: repository.id };
  await database.transaction(async (transaction) => {
    if (!(await lockRepository(transaction, repository.id))) throw notFound();
    await store.endAllTo(transaction, target, wanted.email);
    if ((await store.countOpen(transaction, target)) >= INVITATIONS_OPEN_MAX) {
      throw new ForgeError("invalid", `There are ${INVITATIONS_OPEN_MAX} open invitations; withdraw some.`);
    }
    const invitationId = await store.insertInvitation(transaction, {
      ...{ ...target, ...wanted, inviterId: actor.userId },
      expiresAt: new Date(Date.now() + INVITATION_LIFETIME_MS),
    });
    await orderMail(env, transaction, { kind: "invitation", invitationId });
    await recordAudit(transaction, actor, origin, {
      ...{ action: "collaborator.invite", ownerId: repository.ownerId, repositoryId: repository.id },
      target: { kind: "email", name: wanted.email },
      details: {
        repository: `${repository.owner}/${repository.name}`,
        ...{ role: wanted.role, invitation: invitationId },
      },
    });
  });
}

/** Mails another link for an open invitation by address. @throws ForgeError `not_found`, `too_many_requests` */
export async function resendRepositoryInvitation(
  services: InvitationServices,
  repository: Repository,
  id: number,
): Promise<void> {
  requirePermission(services.actor, "repository.administer", repository);
  await resendMail(services, { repositoryId: repository.id }, id, "collaborator.invitation-resend");
}

/** Removes what ended long ago, invitations to organisations too; called by cron. */
export async function sweepInvitations(database: Database): Promise<void> {
  await store.deleteEnded(database.query);
}

/** @throws ForgeError `invalid` for a role that a repository doesn't know. */
export function toRepositoryRole(role: string): RepositoryRole {
  const known = REPOSITORY_ROLES.find((one) => one === role);
  if (known === undefined) throw new ForgeError("invalid", "A repository knows no such role.");
  return known;
}

function describe(action: string, invitation: store.Invitation) {
  return {
    action,
    ownerId: invitation.ownerId,
    ...(invitation.repositoryId === null ? {} : { repositoryId: invitation.repositoryId }),
    target:
      invitation.email === null
        ? { kind: "user", id: invitation.inviteeId ?? 0, name: invitation.invitee ?? "" }
        : { kind: "email", name: invitation.email },
    details: { repository: `${invitation.owner}/${invitation.name}`, role: invitation.role },
  };
}
