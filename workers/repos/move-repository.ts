// What moves with a repository to another owner, and what doesn't. Invariant: one transaction, under the repository's lock;
// its former name leads to it, and nobody of the former owner's but who is named here has a part in it any more.
import { recordAudit } from "../audit/service.ts";
import type { Executor } from "../core/db.ts";
import { endCachedAccess } from "./access-epoch.ts";
import { type Editor, refuse } from "./change-repository.ts";
import { deleteCollaborator, upsertCollaborator } from "./collaborators-store.ts";
import { endRedirect, keepFormerName } from "./redirects-store.ts";
import * as store from "./settings-store.ts";
import { deleteOffersOf } from "./transfer-store.ts";

interface Destination {
  owner: { id: number; name: string; kind: string };
  name: string;
  /** What its owner until now is called. */
  fromName: string;
}

/**
 * Gives a locked repository to an owner who may have it. Collaborators and deploy keys stay, teams don't; a person whose it
 * was administers it still, and so does who moves it to an organisation.
 * @throws ForgeError `invalid` with `new_name` when the owner has one of that name
 */
export async function moveRepository(
  transaction: Executor,
  { actor, origin }: Editor,
  row: NonNullable<Awaited<ReturnType<typeof store.lockRepository>>>,
  { owner, name, fromName }: Destination,
): Promise<void> {
  if (await store.isNameTaken(transaction, owner.id, name, row.id)) {
    throw refuse("new_name", `${owner.name} has a repository of that name.`, "already_exists");
  }
  const from = await store.findOwner(transaction, row.ownerId);
  await keepFormerName(transaction, row.id);
  await store.dropTeams(transaction, row.id);
  await deleteOffersOf(transaction, row.id);
  const isInternal = row.visibility === "internal" && owner.kind === "person";
  await store.updateRepository(transaction, row.id, {
    ...{ ownerId: owner.id, name },
    ...(isInternal ? { visibility: "private" } : {}),
  });
  await endRedirect(transaction, owner.id, name);
  await endCachedAccess(transaction, { repositoryId: row.id });
  await deleteCollaborator(transaction, row.id, owner.id);
  if (from.kind === "person") await upsertCollaborator(transaction, row.id, row.ownerId, "admin");
  if (owner.kind === "organization" && actor.kind === "user") {
    await upsertCollaborator(transaction, row.id, actor.userId, "admin");
  }
  const details = { from: `${fromName}/${row.name}`, to: `${owner.name}/${name}` };
  for (const ownerId of [row.ownerId, owner.id]) {
    await recordAudit(transaction, actor, origin, {
      ...{ action: "repository.transfer", ownerId, repositoryId: row.id, details },
      target: { kind: "repository", id: row.id, name: details.to },
    });
  }
}
