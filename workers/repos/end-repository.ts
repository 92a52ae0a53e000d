// A repository given to another owner, and its end. Invariant: nobody is given one who didn't ask for it: it goes to an
// organisation in which the giver may make repositories, to the giver themselves, or to who takes it when asked.
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { Actor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import { notFound } from "../core/errors.ts";
import { requireOrganization } from "../orgs/organizations.ts";
import { type Editor, refuse } from "./change-repository.ts";
import { moveRepository } from "./move-repository.ts";
import { findNameProblem } from "./names.ts";
import { type Repository, requireRepositoryById } from "./service.ts";
import * as store from "./settings-store.ts";
import { offerRepository, type TransferServices } from "./transfer-offers.ts";

type TransferEnd = { end: "moved"; repository: Repository } | { end: "offered"; to: string };

/**
 * Gives a repository to another owner, perhaps under another name: at once to an organisation in which the actor may make
 * repositories and to the actor themselves; another person is asked.
 * @throws ForgeError `invalid` with the field at fault (`new_owner`, `new_name`), and as `can` judges
 */
export async function transferRepository(
  env: TransferServices["env"],
  database: Database,
  { actor, origin }: Editor,
  repository: Repository,
  wanted: { owner: string; name?: string },
): Promise<TransferEnd> {
  requirePermission(actor, "repository.administer", repository);
  const to = await requireNewOwner(database, actor, wanted.owner);
  if (to.id === repository.ownerId) throw refuse("new_owner", `It belongs to ${to.name} already.`);
  const name = wanted.name ?? repository.name;
  const problem = findNameProblem(name);
  if (problem !== undefined) throw refuse("new_name", problem);
  if (to.kind === "person" && !(actor.kind === "user" && actor.userId === to.id)) {
    const services = { env, database, actor: requireUser(actor), origin };
    await offerRepository(services, repository, to, wanted.name ?? null);
    return { end: "offered", to: to.name };
  }
  await database.transaction(async (transaction) => {
    const row = await store.lockRepository(transaction, repository.id);
    if (row === undefined || row.ownerId !== repository.ownerId) throw notFound();
    const destination = { owner: to, name, fromName: repository.owner };
    await moveRepository(transaction, { actor, origin }, row, destination);
  });
  const moved = await requireRepositoryById(database, actor, repository.id, "repository.read");
  return { end: "moved", repository: moved };
}

/** @throws ForgeError `invalid` for nobody and the suspended, and as `can` judges of an organisation */
async function requireNewOwner(database: Database, actor: Actor, owner: string) {
  const account = await store.findAccount(database.query, owner);
  if (account === undefined || account.isSuspended) {
    throw refuse("new_owner", `There is nobody called ${owner}.`);
  }
  if (account.kind === "organization") {
    await requireOrganization(database, actor, account.name, "organization.create-repository");
  }
  return account;
}

/** Ends a repository with all that was in it. @throws ForgeError as `can` judges */
export async function deleteRepository(
  database: Database,
  { actor, origin }: Editor,
  repository: Repository,
): Promise<void> {
  requirePermission(actor, "repository.administer", repository);
  await database.transaction((transaction) => endRepository(transaction, { actor, origin }, repository.id));
}

/** Ends a repository for whom that was allowed, or whose owner ends. @throws ForgeError `not_found` when it has gone */
export async function endRepository(
  transaction: Executor,
  { actor, origin }: Editor,
  repositoryId: number,
): Promise<void> {
  const row = await store.lockRepository(transaction, repositoryId);
  if (row === undefined) throw notFound();
  const { name: owner } = await store.findOwner(transaction, row.ownerId);
  await recordAudit(transaction, actor, origin, {
    ...{ action: "repository.delete", ownerId: row.ownerId, repositoryId: row.id },
    target: { kind: "repository", id: row.id, name: `${owner}/${row.name}` },
    details: { visibility: row.visibility },
  });
  await store.deleteRepository(transaction, row.id);
}
