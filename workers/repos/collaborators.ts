// Who is let into one repository, by those who administer it.
// Invariant: an outsider gets nothing before they take an invitation; what is taken away is gone with the transaction.
import type { RepositoryRole } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { INVITATION_LIFETIME_MS, INVITATIONS_OPEN_MAX } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { endCachedAccess } from "./access-epoch.ts";
import * as store from "./collaborators-store.ts";
import { type InvitationServices, mailNamedInvitee } from "./invitation-mail.ts";
import * as invitations from "./invitations-store.ts";
import type { Repository } from "./service.ts";

/** The people with access, by name. Whoever may push sees them. */
export async function listCollaborators(
  database: Database,
  actor: UserActor,
  repository: Repository,
  wanted: { affiliation: store.Affiliation; role?: RepositoryRole },
  page: PageRequest,
) {
  requirePermission(actor, "repository.see-access", repository);
  return store.listPeople(database.query, repository.id, wanted, page);
}

/** The teams a repository is lent to, for those who administer it. */
export async function listRepositoryTeams(database: Database, actor: UserActor, repository: Repository) {
  requirePermission(actor, "repository.administer", repository);
  return store.listTeams(database.query, repository.id);
}

/** A person who could be let in. @throws ForgeError `not_found` */
export async function requirePerson(database: Database, username: string) {
  const person = await store.findPerson(database.query, username);
  if (!person) throw notFound("There is nobody of that name.");
  return person;
}

type SetResult = { outcome: "invited"; invitation: invitations.Invitation } | { outcome: "set" };

/**
 * Lets somebody in with `role`: a member of the owning organisation and who is in already at once, anybody else by an
 * invitation, of which a mail tells them and which a second call changes.
 * @throws ForgeError `not_found`, `forbidden`, `invalid` for the owner or past the limit of open invitations
 */
export async function setCollaborator(
  services: InvitationServices,
  repository: Repository,
  wanted: { username: string; role: RepositoryRole },
): Promise<SetResult> {
  const { database, actor, origin } = services;
  requirePermission(actor, "repository.administer", repository);
  const person = await requirePerson(database, wanted.username);
  if (person.id === repository.ownerId) throw new ForgeError("invalid", "The owner has every right already.");
  return database.transaction(async (transaction) => {
    if (!(await store.lockRepository(transaction, repository.id))) throw notFound();
    const record = (action: string, details: Record<string, unknown>) =>
      recordAudit(transaction, actor, origin, {
        ...{ action, ownerId: repository.ownerId, repositoryId: repository.id },
        target: { kind: "user", id: person.id, name: person.username },
        details: { repository: `${repository.owner}/${repository.name}`, ...details },
      });
    const before = await store.findCollaboratorRole(transaction, repository.id, person.id);
    if (before !== null || (await store.isMember(transaction, repository.ownerId, person.id))) {
      await store.upsertCollaborator(transaction, repository.id, person.id, wanted.role);
      await invitations.endAllOf(transaction, { repositoryId: repository.id }, person.id);
      await record("collaborator.set", { role: wanted.role, before });
      return { outcome: "set" };
    }
    const invitation = await invite(services, transaction, repository, person.id, wanted.role);
    await record("collaborator.invite", { role: wanted.role, invitation: invitation.id });
    return { outcome: "invited", invitation };
  });
}

async function invite(
  services: InvitationServices,
  transaction: Executor,
  repository: Repository,
  inviteeId: number,
  role: RepositoryRole,
): Promise<invitations.Invitation> {
  const target = { repositoryId: repository.id };
  const open = await invitations.findOpen(transaction, target, inviteeId);
  if (open) await invitations.updateRole(transaction, open.id, role);
  else {
    if ((await invitations.countOpen(transaction, target)) >= INVITATIONS_OPEN_MAX) {
      throw new ForgeError("invalid", `There are ${INVITATIONS_OPEN_MAX} open invitations; withdraw some.`);
    }
    const id = await invitations.insertInvitation(transaction, {
      ...{ ...target, inviteeId, role, inviterId: services.actor.userId },
      expiresAt: new Date(Date.now() + INVITATION_LIFETIME_MS),
    });
    await mailNamedInvitee(services, transaction, { id, inviteeId });
  }
  const invitation = await invitations.findOpen(transaction, target, inviteeId);
  if (!invitation) throw new ForgeError("internal", "The invitation vanished while it was made.");
  return invitation;
}

/**
 * Takes away what somebody was given by name, and the invitation they may have; anybody may give up their own.
 * What teams and the organisation give stays.
 */
export async function removeCollaborator(
  database: Database,
  actor: UserActor,
  origin: Origin,
  repository: Repository,
  username: string,
): Promise<void> {
  const person = await requirePerson(database, username);
  const isOwn = person.id === actor.userId;
  requirePermission(actor, isOwn ? "repository.give-up" : "repository.administer", repository);
  await database.transaction(async (transaction) => {
    if (!(await store.lockRepository(transaction, repository.id))) throw notFound();
    await invitations.endAllOf(transaction, { repositoryId: repository.id }, person.id);
    if (!(await store.deleteCollaborator(transaction, repository.id, person.id))) return;
    await endCachedAccess(transaction, { repositoryId: repository.id });
    await recordAudit(transaction, actor, origin, {
      ...{ action: "collaborator.remove", ownerId: repository.ownerId, repositoryId: repository.id },
      target: { kind: "user", id: person.id, name: person.username },
      details: { repository: `${repository.owner}/${repository.name}` },
    });
  });
}
