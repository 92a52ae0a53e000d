// The end of a person's account. Invariant: it goes whole, in one transaction, or not at all; nothing is left without an
// owner by it, nothing goes along that wasn't shown, and nobody else gets its name for a time.
import { recordAudit } from "../audit/service.ts";
import { requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Executor } from "../core/db.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { REPOSITORIES_DELETED_ALONG_MAX } from "../core/limits.ts";
import { orderMail } from "../mail/service.ts";
import { lockOwnedOrganizations } from "../orgs/owned-organizations.ts";
import { endRepository } from "../repos/end-repository.ts";
import { reserveNames } from "../repos/owner-names.ts";
import * as store from "./departure-store.ts";
import type { AccountServices } from "./emails.ts";

interface Departure {
  /** Organisations that would have no owner any more. */
  orphans: string[];
  isLastAdmin: boolean;
  /** What would go along, by name. */
  repositories: { id: number; name: string }[];
  /** Whether those are more than go along at once. */
  isTooMuch: boolean;
}

/** What keeps the actor's account from being deleted, and what would go along with it. */
export async function readDeparture(services: AccountServices): Promise<Departure> {
  const { database, actor } = services;
  requirePermission(actor, "account.credentials", { accountId: actor.userId });
  return database.transaction((transaction) => lockDeparture(transaction, actor));
}

// Repositories before organisations before accounts, as everybody locks them; then nothing of it changes any more.
async function lockDeparture(transaction: Executor, actor: UserActor): Promise<Departure> {
  await store.lockRepositories(transaction, actor.userId);
  const organizations = await lockOwnedOrganizations(transaction, actor.userId);
  const isLastAdmin = await store.lockAccountAndAdmins(transaction, actor.userId);
  const repositories = await store.listRepositories(transaction, actor.userId);
  return {
    orphans: organizations.filter((one) => one.isOnlyOwner).map((one) => one.name),
    isLastAdmin,
    repositories,
    isTooMuch: repositories.length > REPOSITORIES_DELETED_ALONG_MAX,
  };
}

/**
 * Deletes the actor's own account with its ways in, sessions, tokens, keys, addresses, memberships and invitations, and
 * the repositories that it owns. What it did in others' repositories stays, as nobody's.
 * @param wanted `confirmation`: its name, typed; `repositoryIds`: those its owner was shown and agreed to lose
 * @throws ForgeError `invalid` for another name, `conflict` while something keeps it, with the reason
 */
export async function deleteAccount(
  services: AccountServices,
  wanted: { confirmation: string; repositoryIds: readonly number[] },
): Promise<void> {
  const { env, database, actor, origin } = services;
  requirePermission(actor, "account.credentials", { accountId: actor.userId });
  await database.transaction(async (transaction) => {
    const departure = await lockDeparture(transaction, actor);
    const account = await store.findAccount(transaction, actor.userId);
    if (!account) throw notFound();
    if (wanted.confirmation !== account.username) {
      throw new ForgeError("invalid", `Type ${account.username} to delete your account.`);
    }
    const problem = findObstacle(departure, wanted.repositoryIds);
    if (problem !== undefined) throw new ForgeError("conflict", problem);
    await reserveNames(transaction, [
      account.username,
      ...(await store.listFormerOwnerNames(transaction, actor.userId)),
    ]);
    for (const { id } of departure.repositories) await endRepository(transaction, { actor, origin }, id);
    const organizations = await store.listOrganizations(transaction, actor.userId);
    for (const { organizationId, role } of organizations) {
      await recordAudit(transaction, actor, origin, {
        ...{ action: "organization.leave", ownerId: organizationId },
        target: { kind: "user", id: actor.userId, name: account.username },
        details: { role, because: "account.delete" },
      });
    }
    // The account's tombstone: its log outlives it, and has no reader but the site's admins.
    await recordAudit(transaction, actor, origin, {
      ...{ action: "account.delete", ownerId: actor.userId },
      target: { kind: "user", id: actor.userId, name: account.username },
      details: { repositories: departure.repositories.length, organizations: organizations.length },
    });
    if (account.primary !== null) {
      const order = { kind: "farewell", address: account.primary, username: account.username } as const;
      await orderMail(env, transaction, order);
    }
    await store.deleteAccount(transaction, actor.userId);
  });
}

/** Why the account can't go, in a sentence that says what to do; undefined when it can. */
function findObstacle(departure: Departure, agreedIds: readonly number[]): string | undefined {
  const { orphans, isLastAdmin, repositories, isTooMuch } = departure;
  if (orphans.length > 0) {
    return `You are the only owner of ${orphans.join(", ")}. Make somebody else an owner, or delete it first.`;
  }
  if (isLastAdmin) return "You are the only admin of this site, and it needs one.";
  if (isTooMuch) {
    return `You own ${repositories.length} repositories. Delete or transfer some: at most ${REPOSITORIES_DELETED_ALONG_MAX} go along.`;
  }
  if (repositories.length === 0) return undefined;
  if (agreedIds.length === 0) {
    return "You own repositories. Transfer them, delete them, or say that they are to be deleted along.";
  }
  const isShown = repositories.every(({ id }) => agreedIds.includes(id));
  return isShown ? undefined : "You own other repositories than you were shown. Look again.";
}
