// A repository given to another owner, and its end. Invariant: nobody is given one who didn't ask for it: it goes to an
// organisation in which the giver may make repositories, or to the giver themselves.
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { Actor } from "../core/actor.ts";
import type { Database } from "../core/db.ts";
import { notFound } from "../core/errors.ts";
import { requireOrganization } from "../orgs/organizations.ts";
import { endCachedAccess } from "./access-epoch.ts";
import { type Editor, refuse } from "./change-repository.ts";
import { upsertCollaborator } from "./collaborators-store.ts";
import { findNameProblem } from "./names.ts";
import { endRedirect, keepFormerName } from "./redirects-store.ts";
import { type Repository, requireRepositoryById } from "./service.ts";
import * as store from "./settings-store.ts";

/**
 * Gives a repository to another owner, perhaps under another name. The old owner's teams have no part in it any more, and
 * who gives it away administers it still.
 * @throws ForgeError `invalid` with the field at fault (`new_owner`, `new_name`), and as `can` judges
 */
export async function transferRepository(
  database: Database,
  { actor, origin }: Editor,
  repository: Repository,
  wanted: { owner: string; name?: string },
): Promise<Repository> {
  requirePermission(actor, "repository.administer", repository);
  const to = await requireNewOwner(database, actor, wanted.owner);
  if (to.id === repository.ownerId) throw refuse("new_owner", `It belongs to ${to.name} already.`);
  const name = wanted.name ?? repository.name;
  const problem = findNameProblem(name);
  if (problem !== undefined) throw refuse("new_name", problem);
  await database.transaction(async (transaction) => {
    const row = await store.lockRepository(transaction, repository.id);
    if (row === undefined || row.ownerId !== repository.ownerId) throw notFound();
    if (await store.isNameTaken(transaction, to.id, name, row.id)) {
      throw refuse("new_name", `${to.name} has a repository of that name.`, "already_exists");
    }
    await keepFormerName(transaction, row.id);
    await store.dropTeams(transaction, row.id);
    const isInternal = row.visibility === "internal" && to.kind === "person";
    await store.updateRepository(transaction, row.id, {
      ownerId: to.id,
      name,
      ...(isInternal ? { visibility: "private" } : {}),
    });
    await endRedirect(transaction, to.id, name);
    await endCachedAccess(transaction, { repositoryId: row.id });
    if (to.kind === "organization" && actor.kind === "user") {
      await upsertCollaborator(transaction, row.id, actor.userId, "admin");
    }
    const details = { from: `${repository.owner}/${row.name}`, to: `${to.name}/${name}` };
    for (const ownerId of [repository.ownerId, to.id]) {
      await recordAudit(transaction, actor, origin, {
        ...{ action: "repository.transfer", ownerId, repositoryId: row.id, details },
        target: { kind: "repository", id: row.id, name: details.to },
      });
    }
  });
  return requireRepositoryById(database, actor, repository.id, "repository.read");
}

async function requireNewOwner(database: Database, actor: Actor, owner: string) {
  const account = await store.findAccount(database.query, owner);
  if (account === undefined) throw refuse("new_owner", `There is nobody called ${owner}.`);
  if (account.kind === "organization") {
    await requireOrganization(database, actor, account.name, "organization.create-repository");
    return account;
  }
  if (actor.kind === "user" && actor.userId === account.id) return account;
  throw refuse(
    "new_owner",
    "To another person a repository can't be given: only to yourself, or to an organisation in which you may make some.",
  );
}

/** Ends a repository with all that was in it. @throws ForgeError as `can` judges */
export async function deleteRepository(
  database: Database,
  { actor, origin }: Editor,
  repository: Repository,
): Promise<void> {
  requirePermission(actor, "repository.administer", repository);
  await database.transaction(async (transaction) => {
    const row = await store.lockRepository(transaction, repository.id);
    if (row === undefined) throw notFound();
    await recordAudit(transaction, actor, origin, {
      ...{ action: "repository.delete", ownerId: row.ownerId, repositoryId: row.id },
      target: { kind: "repository", id: row.id, name: `${repository.owner}/${row.name}` },
      details: { visibility: row.visibility },
    });
    await store.deleteRepository(transaction, row.id);
  });
}
