// The SQL of repositories on offer. Invariant: an offer is taken away by one DELETE, so that of two answers one does nothing.
import { and, asc, eq, gt, lte, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { repositoryTransfers } from "../../schema/tables/transfers.ts";
import type { Executor } from "../core/db.ts";

const owner = alias(users, "owner");
const requester = alias(users, "requester");
const recipient = alias(users, "recipient");

const shape = {
  id: repositoryTransfers.id,
  repositoryId: repositories.id,
  owner: owner.username,
  name: repositories.name,
  newName: repositoryTransfers.newName,
  fromId: repositoryTransfers.fromId,
  requesterId: repositoryTransfers.requesterId,
  requester: requester.username,
  recipientId: repositoryTransfers.recipientId,
  recipient: recipient.username,
  expiresAt: repositoryTransfers.expiresAt,
};

export type TransferOffer = Awaited<ReturnType<typeof listOffers>>[number];

/** Which offers: to somebody, by somebody, of a repository, or one of them. */
type Which = { recipientId: number } | { requesterId: number } | { repositoryId: number } | { id: number };

// Nobody is given by an old offer what has another owner by now.
const isOpen = and(
  gt(repositoryTransfers.expiresAt, sql`now()`),
  eq(repositoryTransfers.fromId, repositories.ownerId),
);

function isAmong(which: Which): SQL {
  if ("recipientId" in which) return eq(repositoryTransfers.recipientId, which.recipientId);
  if ("requesterId" in which) return eq(repositoryTransfers.requesterId, which.requesterId);
  if ("repositoryId" in which) return eq(repositoryTransfers.repositoryId, which.repositoryId);
  return eq(repositoryTransfers.id, which.id);
}

/** The open offers, oldest first. */
export async function listOffers(query: Executor, which: Which, limit: number) {
  return query
    .select(shape)
    .from(repositoryTransfers)
    .innerJoin(repositories, eq(repositories.id, repositoryTransfers.repositoryId))
    .innerJoin(owner, eq(owner.id, repositories.ownerId))
    .innerJoin(requester, eq(requester.id, repositoryTransfers.requesterId))
    .innerJoin(recipient, eq(recipient.id, repositoryTransfers.recipientId))
    .where(and(isOpen, isAmong(which)))
    .orderBy(asc(repositoryTransfers.id))
    .limit(limit);
}

export async function insertOffer(
  transaction: Executor,
  offer: typeof repositoryTransfers.$inferInsert,
): Promise<number> {
  const [row] = await transaction
    .insert(repositoryTransfers)
    .values(offer)
    .returning({ id: repositoryTransfers.id });
  if (!row) throw new Error("an offer that was made has no id");
  return row.id;
}

/** @returns whether it was this call that took it away. */
export async function deleteOffer(transaction: Executor, id: number): Promise<boolean> {
  const rows = await transaction
    .delete(repositoryTransfers)
    .where(eq(repositoryTransfers.id, id))
    .returning({ id: repositoryTransfers.id });
  return rows.length === 1;
}

/** Takes away whatever offer there is of a repository, open or not. */
export async function deleteOffersOf(transaction: Executor, repositoryId: number): Promise<void> {
  await transaction.delete(repositoryTransfers).where(eq(repositoryTransfers.repositoryId, repositoryId));
}

export async function deleteExpiredOffers(query: Executor): Promise<void> {
  await query.delete(repositoryTransfers).where(lte(repositoryTransfers.expiresAt, sql`now()`));
}

/** Whether a person of that id can own something: nobody suspends or deletes them until the transaction ends. */
export async function lockRecipient(transaction: Executor, id: number): Promise<boolean> {
  const rows = await transaction
    .select({ suspendedAt: users.suspendedAt })
    .from(users)
    .where(and(eq(users.id, id), eq(users.kind, "person")))
    .for("update");
  return rows.some((row) => row.suspendedAt === null);
}
