// The rules of organisations themselves: found, made, called otherwise, set up, ended.
// Invariant: an organisation has an owner from the transaction that makes it on.
import { recordAudit } from "../audit/service.ts";
import { type OrganizationAction, requirePermission } from "../auth/permissions.ts";
import type { Actor, UserActor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import type { PageRequest } from "../core/paging.ts";
import { endCachedAccess } from "../repos/access-epoch.ts";
import { findOwnerNameProblem } from "../repos/names.ts";
import { findTakenName, reserveNames } from "../repos/owner-names.ts";
import { requireOrganizationCreation } from "./may-create.ts";
import * as members from "./store/members.ts";
import * as store from "./store/organizations.ts";

export type { Organization } from "./store/organizations.ts";

/**
 * The organisation of that name, if `actor` may do `action` to it.
 * @throws ForgeError `not_found`, `unauthorized`, `forbidden`
 */
export async function requireOrganization(
  database: Database,
  actor: Actor,
  name: string,
  action: OrganizationAction,
): Promise<store.Organization> {
  const userId = actor.kind === "user" ? actor.userId : null;
  const organization = await store.findByName(database.query, name, userId);
  if (!organization) throw notFound();
  requirePermission(actor, action, organization);
  return organization;
}

/** Organisations somebody belongs to: all for themselves where their credential may tell, else the public ones. */
export async function listOrganizationsOf(
  database: Database,
  userId: number,
  which: "all" | "public",
  page: PageRequest,
) {
  return {
    organizations: await store.listOf(database.query, userId, which, page),
    total: await store.countOf(database.query, userId, which),
  };
}

/** The names of the organisations in which the actor may make repositories. */
export async function listPossibleOwners(database: Database, actor: UserActor): Promise<string[]> {
  return store.listNamesWhereMayCreate(database.query, actor.userId);
}

/** Makes an organisation that the actor owns. @throws ForgeError `forbidden`, `invalid` with the field at fault. */
export async function createOrganization(
  database: Database,
  actor: UserActor,
  origin: Origin,
  wanted: { name: string; displayName: string; description: string },
): Promise<store.Organization> {
  await requireOrganizationCreation(database.query, actor);
  const problem = findOwnerNameProblem(wanted.name);
  if (problem) throw invalidName(problem, "invalid");
  await database.transaction(async (transaction) => {
    const taken = await findTakenName(transaction, wanted.name);
    if (taken) throw invalidName(describeTaken(taken), "already_exists");
    const id = await store.insertOrganization(transaction, wanted);
    if (id === undefined) throw invalidName(describeTaken("taken"), "already_exists");
    await members.insertMember(transaction, id, actor.userId, "owner");
    await recordAudit(transaction, actor, origin, {
      ...{ action: "organization.create", ownerId: id },
      target: { kind: "organization", id, name: wanted.name },
    });
  });
  return requireOrganization(database, actor, wanted.name, "organization.read");
}

/** Changes what is said of it and what its members may. What is absent stays. */
export async function changeOrganization(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: store.Organization,
  changes: store.OrganizationChanges,
): Promise<void> {
  requirePermission(actor, "organization.administer", organization);
  const { organizationId, name } = organization;
  await database.transaction(async (transaction) => {
    if (!(await store.lockOrganization(transaction, organizationId))) throw notFound();
    await store.updateOrganization(transaction, organizationId, changes);
    const isNarrowed = changes.baseRole !== undefined && changes.baseRole !== organization.baseRole;
    if (isNarrowed) await endCachedAccess(transaction, { ownerId: organizationId });
    await recordAudit(transaction, actor, origin, {
      ...{ action: "organization.change", ownerId: organizationId },
      target: { kind: "organization", id: organizationId, name },
      details: { ...changes },
    });
  });
}

/** Calls it otherwise. Its repositories' old addresses lead to the new ones. @throws ForgeError `invalid` */
export async function renameOrganization(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: store.Organization,
  name: string,
): Promise<void> {
  requirePermission(actor, "organization.administer", organization);
  const problem = findOwnerNameProblem(name);
  if (problem) throw invalidName(problem, "invalid");
  const { organizationId, name: before } = organization;
  await database.transaction(async (transaction) => {
    if (!(await store.lockOrganization(transaction, organizationId))) throw notFound();
    const taken = await findTakenName(transaction, name, organizationId);
    if (taken) throw invalidName(describeTaken(taken), "already_exists");
    const isFree = await store.renameOrganization(transaction, organizationId, { before, after: name });
    if (!isFree) throw invalidName(describeTaken("taken"), "already_exists");
    await endCachedAccess(transaction, { ownerId: organizationId });
    await recordAudit(transaction, actor, origin, {
      ...{ action: "organization.rename", ownerId: organizationId },
      target: { kind: "organization", id: organizationId, name },
      details: { before },
    });
  });
}

/**
 * Ends an organisation that owns no repository. Nobody gets its name for a time.
 * @param confirmation its name, typed by who ends it
 * @throws ForgeError `invalid` when the name isn't it, `conflict` while it owns a repository
 */
export async function deleteOrganization(
  database: Database,
  actor: UserActor,
  origin: Origin,
  organization: store.Organization,
  confirmation: string,
): Promise<void> {
  requirePermission(actor, "organization.administer", organization);
  const { organizationId, name } = organization;
  if (confirmation !== name) throw new ForgeError("invalid", `Type ${name} to delete it.`);
  await database.transaction(async (transaction) => {
    if (!(await store.lockOrganization(transaction, organizationId))) throw notFound();
    if (!(await store.deleteOrganization(transaction, organizationId))) {
      throw new ForgeError("conflict", "It owns repositories; move or delete them first.");
    }
    await reserveNames(transaction, [name]);
    // In the log of who did it too, since the organisation's own has no reader any more.
    for (const ownerId of [organizationId, actor.userId]) {
      await recordAudit(transaction, actor, origin, {
        ...{ action: "organization.delete", ownerId },
        target: { kind: "organization", id: organizationId, name },
      });
    }
  });
}

const describeTaken = (taken: "taken" | "similar"): string =>
  taken === "taken" ? "That name is taken." : "That name looks like another's.";

function invalidName(message: string, code: "invalid" | "already_exists"): ForgeError {
  return new ForgeError("invalid", message, {
    fields: [{ resource: "Organization", field: "name", code, message }],
  });
}
