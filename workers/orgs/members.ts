// The rules of belonging to an organisation.
// Invariant: an organisation keeps an owner who can act. Whoever takes one away looks under the lock of its row.
import type { OrganizationRole } from "../../schema/roles.ts";
import { recordAudit } from "../audit/service.ts";
import { can, requirePermission } from "../auth/permissions.ts";
import type { Actor, UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { endCachedAccess } from "../repos/access-epoch.ts";
import * as store from "./store/members.ts";
import { countOf, lockOrganization, type Organization } from "./store/organizations.ts";

/** The members that `actor` may know of, by name; who only pays is told of to owners where `withBilling`. */
export async function listMembers(
  database: Database,
  actor: Actor,
  organization: Organization,
  wanted: { publicOnly?: boolean; withBilling?: boolean; role?: "owner" | "member" | undefined },
  page: PageRequest,
) {
  const isAll = !wanted.publicOnly && can(actor, "organization.see-members", organization) === "allowed";
  const withBilling =
    wanted.withBilling === true && can(actor, "organization.see-access", organization) === "allowed";
  const filter = { isAll, withBilling, role: wanted.role };
  const { organizationId } = organization;
  return {
    members: await store.listMembers(database.query, organizationId, filter, page),
    total: await store.countMembers(database.query, organizationId, filter),
    isAll,
  };
}

/** A member that `actor` may know of. @throws ForgeError `not_found` for anybody else. */
export async function requireMember(
  database: Database,
  actor: Actor,
  organization: Organization,
  username: string,
): Promise<store.Member> {
  const member = await store.findMember(database.query, organization.organizationId, username);
  const isKnown =
    (member && isTheirOwn(actor, member.id)) ||
    member?.isPublic ||
    can(actor, "organization.see-members", organization) === "allowed";
  if (!member || !isKnown) throw notFound();
  return member;
}

/** What the actor belongs to, by name. @throws ForgeError `forbidden` for a token that may not tell */
export async function listOwnMemberships(database: Database, actor: UserActor, page: PageRequest) {
  requirePermission(actor, "account.read", { accountId: actor.userId });
  return {
    organizations: await store.listMemberships(database.query, actor.userId, page),
    total: await countOf(database.query, actor.userId, "all"),
  };
}

/** The role of somebody, to themselves and to those who see the members; undefined when they don't belong. */
export async function findMembership(
  database: Database,
  actor: UserActor,
  organization: Organization,
  person: { id: number },
): Promise<OrganizationRole | undefined> {
  const isTold =
    isTheirOwn(actor, person.id) || can(actor, "organization.see-members", organization) === "allowed";
  if (!isTold) return undefined;
  return (await store.findRole(database.query, organization.organizationId, person.id)) ?? undefined;
}

/** Gives a member another role. @throws ForgeError `conflict` for the last owner, `not_found` for who is none. */
export async function setMemberRole(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  change: { username: string; role: OrganizationRole },
): Promise<void> {
  requirePermission(actor, "organization.administer", organization);
  await changeMember(database, organization, change.username, async (transaction, member) => {
    if (member.role === change.role) return;
    await keepOwner(transaction, organization, member.id, member.role);
    await store.updateMember(transaction, organization.organizationId, member.id, {
      role: change.role,
      ...(change.role === "billing" ? { isPublic: false } : {}),
    });
    if (change.role === "billing") {
      await store.removeFromTeams(transaction, organization.organizationId, member.id);
    }
    await endCachedAccess(transaction, { ownerId: organization.organizationId });
    await recordAudit(transaction, actor, origin, {
      ...describe("organization.member-role", organization, member),
      details: { role: change.role, before: member.role },
    });
  });
}

/**
 * Removes a member, also from the teams. What they were given by name in its repositories stays, as an outside
 * collaborator's, unless `withCollaborations`. One's own removal is leaving.
 * @throws ForgeError `conflict` for the last owner, `not_found` for who is none
 */
export async function removeMember(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  removal: { username: string; withCollaborations: boolean },
): Promise<void> {
  const isLeaving = removal.username.toLowerCase() === actor.username.toLowerCase();
  requirePermission(actor, isLeaving ? "organization.leave" : "organization.administer", organization);
  const { organizationId } = organization;
  await changeMember(database, organization, removal.username, async (transaction, member) => {
    await keepOwner(transaction, organization, member.id, member.role);
    await store.deleteMember(transaction, organizationId, member.id);
    await store.removeFromTeams(transaction, organizationId, member.id);
    const ended = removal.withCollaborations
      ? await store.removeCollaborations(transaction, organizationId, member.id)
      : 0;
    await endCachedAccess(transaction, { ownerId: organizationId });
    await recordAudit(transaction, actor, origin, {
      ...describe(isLeaving ? "organization.leave" : "organization.member-remove", organization, member),
      details: { role: member.role, collaborationsEnded: ended },
    });
  });
}

/** Shows the actor's own membership to everybody, or keeps it to the organisation. */
export async function showMembership(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  isPublic: boolean,
): Promise<void> {
  requirePermission(actor, "organization.show-membership", organization);
  await changeMember(database, organization, actor.username, async (transaction, member) => {
    await store.updateMember(transaction, organization.organizationId, member.id, { isPublic });
    await recordAudit(transaction, actor, origin, {
      ...describe("organization.member-visibility", organization, member),
      details: { isPublic },
    });
  });
}

/** People let into its repositories by name who don't belong to it. */
export async function listOutsideCollaborators(
  database: Database,
  actor: UserActor,
  organization: Organization,
  page: PageRequest,
) {
  requirePermission(actor, "organization.see-access", organization);
  const people = await store.listOutsideCollaborators(database.query, organization.organizationId, page);
  return { people, total: people[0]?.total ?? 0 };
}

/** Ends all that somebody who isn't a member was given in its repositories. @throws ForgeError `invalid` for a member */
export async function removeOutsideCollaborator(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: Organization,
  person: { id: number; username: string },
): Promise<void> {
  requirePermission(actor, "organization.administer", organization);
  const { organizationId } = organization;
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    if ((await store.findRole(transaction, organizationId, person.id)) !== null) {
      throw new ForgeError("invalid", "They belong to the organisation; remove them as a member.");
    }
    const ended = await store.removeCollaborations(transaction, organizationId, person.id);
    if (ended === 0) return;
    await endCachedAccess(transaction, { ownerId: organizationId });
    await recordAudit(transaction, actor, origin, {
      ...describe("organization.outside-collaborator-remove", organization, person),
      details: { collaborationsEnded: ended },
    });
  });
}

/** Whether it is about the actor, whose credential may tell them so. */
export const isTheirOwn = (actor: Actor, userId: number): boolean =>
  can(actor, "account.read", { accountId: userId }) === "allowed";

/** Runs `work` on the member as they are under the organisation's lock. */
async function changeMember(
  database: Database,
  { organizationId }: Organization,
  username: string,
  work: (transaction: Executor, member: store.Member) => Promise<void>,
): Promise<void> {
  await database.transaction(async (transaction) => {
    if (!(await lockOrganization(transaction, organizationId))) throw notFound();
    const member = await store.findMember(transaction, organizationId, username);
    if (!member) throw notFound();
    await work(transaction, member);
  });
}

async function keepOwner(
  transaction: Executor,
  { organizationId }: Organization,
  userId: number,
  role: OrganizationRole,
): Promise<void> {
  if (role !== "owner" || (await store.countOtherOwners(transaction, organizationId, userId)) > 0) return;
  throw new ForgeError("conflict", "An organisation needs an owner. Make somebody else one first.");
}

function describe(action: string, organization: Organization, person: { id: number; username: string }) {
  return {
    ...{ action, ownerId: organization.organizationId },
    target: { kind: "user", id: person.id, name: person.username },
  };
}
