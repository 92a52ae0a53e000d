// A repository offered to another person, who takes it or doesn't. Invariant: it moves only when its recipient says so, while
// whoever offered it may still give it away, and to nobody else.
import { recordAudit } from "../audit/service.ts";
import { can, requirePermission } from "../auth/permissions.ts";
import type { UserActor } from "../core/actor.ts";
import type { Database, Executor } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { PAGE_ENTRIES_MAX, TRANSFER_LIFETIME_MS, TRANSFERS_PER_REQUESTER } from "../core/limits.ts";
import type { Origin } from "../core/origin.ts";
import { orderMail } from "../mail/service.ts";
import { takeRequest } from "../rate-limits/service.ts";
import { refuse } from "./change-repository.ts";
import { moveRepository } from "./move-repository.ts";
import { type Repository, roleIn } from "./service.ts";
import * as settings from "./settings-store.ts";
import * as store from "./transfer-store.ts";

export interface TransferServices {
  env: Pick<Env, "gatewaySecret">;
  database: Database;
  actor: UserActor;
  origin: Origin;
}

/**
 * Offers a repository that the actor was let administer to another person, and mails them.
 * @throws ForgeError `invalid` while there is an open offer, `too_many_requests`
 */
export async function offerRepository(
  { env, database, actor, origin }: TransferServices,
  repository: Repository,
  to: { id: number; name: string },
  newName: string | null,
): Promise<void> {
  const taken = await takeRequest(database, TRANSFERS_PER_REQUESTER, String(actor.userId));
  if (!taken.allowed) {
    const { retryAfterMs } = taken;
    throw new ForgeError("too_many_requests", "That is too many offers for now.", { retryAfterMs });
  }
  await database.transaction(async (transaction) => {
    const row = await settings.lockRepository(transaction, repository.id);
    if (row === undefined || row.ownerId !== repository.ownerId) throw notFound();
    const [open] = await store.listOffers(transaction, { repositoryId: row.id }, 1);
    if (open) throw refuse("new_owner", `It is on offer to ${open.recipient} already.`);
    await store.deleteOffersOf(transaction, row.id);
    const transferId = await store.insertOffer(transaction, {
      ...{ repositoryId: row.id, fromId: row.ownerId, requesterId: actor.userId },
      ...{ recipientId: to.id, newName, expiresAt: new Date(Date.now() + TRANSFER_LIFETIME_MS) },
    });
    await orderMail(env, transaction, { kind: "transfer", transferId });
    await recordAudit(transaction, actor, origin, {
      ...{ action: "repository.transfer-offer", ownerId: row.ownerId, repositoryId: row.id },
      target: { kind: "repository", id: row.id, name: `${repository.owner}/${row.name}` },
      details: { to: to.name, newName },
    });
  });
}

/** What the actor is offered, and what they offer others. */
export async function listOwnOffers(database: Database, actor: UserActor) {
  requirePermission(actor, "account.read", { accountId: actor.userId });
  return {
    incoming: await store.listOffers(database.query, { recipientId: actor.userId }, PAGE_ENTRIES_MAX),
    outgoing: await store.listOffers(database.query, { requesterId: actor.userId }, PAGE_ENTRIES_MAX),
  };
}

/** The open offer of a repository, for those who administer it. */
export async function findOfferOf(database: Database, actor: UserActor, repository: Repository) {
  if (can(actor, "repository.administer", repository) !== "allowed") return undefined;
  const [offer] = await store.listOffers(database.query, { repositoryId: repository.id }, 1);
  return offer;
}

/** An open offer as its mail tells of it. */
export async function findOffer(query: Executor, id: number) {
  const [offer] = await store.listOffers(query, { id }, 1);
  return offer && { ...offer, repository: `${offer.owner}/${offer.name}` };
}

/** Takes an offer back: whoever made it, or administers the repository. @throws ForgeError `not_found` */
export async function cancelOffer(
  { database, actor, origin }: TransferServices,
  id: number,
  repository?: Repository,
): Promise<void> {
  const [offer] = await store.listOffers(database.query, { id }, 1);
  if (!offer) throw notFound();
  if (repository === undefined) requirePermission(actor, "account.write", { accountId: offer.requesterId });
  else {
    requirePermission(actor, "repository.administer", repository);
    if (offer.repositoryId !== repository.id) throw notFound();
  }
  await end({ database, actor, origin }, offer, "repository.transfer-cancel");
}

/** Leaves a repository to its owner. @throws ForgeError `not_found` when it isn't on offer to the actor. */
export async function declineOffer(services: TransferServices, id: number): Promise<void> {
  const offer = await requireIncoming(services, id);
  await end(services, offer, "repository.transfer-decline");
}

/**
 * Takes a repository: it is the actor's from then on, its former names lead to it, and the person whose it was
 * administers it still.
 * @returns what it is called
 * @throws ForgeError `not_found` when it isn't on offer to the actor, `conflict` when it can't be theirs, with the reason
 */
export async function acceptOffer(
  services: TransferServices,
  id: number,
): Promise<{ owner: string; name: string }> {
  const { database, actor, origin } = services;
  requirePermission(actor, "account.create-repository", { accountId: actor.userId });
  const offer = await requireIncoming(services, id);
  // Judged by who they are alone: the credential that they made the offer with isn't asked for again.
  const role = await roleIn(database, offer.repositoryId, offer.requesterId);
  if (role !== "admin") {
    throw new ForgeError("conflict", `${offer.requester} may not give it away any more.`);
  }
  const name = offer.newName ?? offer.name;
  await database.transaction(async (transaction) => {
    const row = await settings.lockRepository(transaction, offer.repositoryId);
    if (row === undefined || row.ownerId !== offer.fromId) throw notFound();
    if (!(await store.lockRecipient(transaction, actor.userId))) throw notFound();
    if (!(await store.deleteOffer(transaction, id))) throw notFound();
    await moveRepository(transaction, { actor, origin }, row, {
      ...{ owner: { id: actor.userId, name: actor.username, kind: "person" }, name },
      ...{ fromName: offer.owner },
    });
  });
  return { owner: actor.username, name };
}

async function requireIncoming({ database, actor }: TransferServices, id: number) {
  requirePermission(actor, "account.write", { accountId: actor.userId });
  const [offer] = await store.listOffers(database.query, { id }, 1);
  if (!offer || offer.recipientId !== actor.userId) throw notFound();
  return offer;
}

async function end(
  { database, actor, origin }: Omit<TransferServices, "env">,
  offer: store.TransferOffer,
  action: string,
): Promise<void> {
  await database.transaction(async (transaction) => {
    if (!(await store.deleteOffer(transaction, offer.id))) throw notFound();
    await recordAudit(transaction, actor, origin, {
      ...{ action, ownerId: offer.fromId, repositoryId: offer.repositoryId },
      target: { kind: "repository", id: offer.repositoryId, name: `${offer.owner}/${offer.name}` },
      details: { to: offer.recipient },
    });
  });
}

/** Removes offers that nobody answered; called by the clock. */
export async function sweepOffers(database: Database): Promise<void> {
  await store.deleteExpiredOffers(database.query);
}
