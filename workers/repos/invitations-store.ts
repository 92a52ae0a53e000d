// The SQL of invitations, to organisations and to repositories alike.
// Invariant: an invitation is taken, declined or withdrawn by one UPDATE, so that of two at once one does nothing.
import { and, asc, eq, gt, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { users } from "../../schema/tables/auth.ts";
import { repositories } from "../../schema/tables/git.ts";
import { invitations } from "../../schema/tables/orgs.ts";
import type { Executor } from "../core/db.ts";
import type { PageRequest } from "../core/paging.ts";

/** What somebody is invited to. */
type InvitationTarget = { organizationId: number } | { repositoryId: number };

const invitee = alias(users, "invitee");
const inviter = alias(users, "inviter");
const owner = alias(users, "owner");

const isOpen = and(isNull(invitations.endedAt), gt(invitations.expiresAt, sql`now()`));

const isTo = (target: InvitationTarget): SQL =>
  "organizationId" in target
    ? eq(invitations.organizationId, target.organizationId)
    : eq(invitations.repositoryId, target.repositoryId);

const shape = {
  id: invitations.id,
  role: invitations.role,
  email: invitations.email,
  organizationId: invitations.organizationId,
  repositoryId: invitations.repositoryId,
  teamIds: invitations.teamIds,
  inviteeId: invitations.inviteeId,
  invitee: invitee.username,
  inviterId: invitations.inviterId,
  inviter: inviter.username,
  /** The organisation's name, or that of the repository's owner. */
  owner: sql<string>`${owner.username}`,
  ownerId: sql<number>`${owner.id}::float8`,
  /** Of the repository; null for an organisation's invitation. */
  name: repositories.name,
  expiresAt: invitations.expiresAt,
  createdAt: invitations.createdAt,
};

export type Invitation = Awaited<ReturnType<typeof listOpen>>[number];

const select = (query: Executor) =>
  query
    .select(shape)
    .from(invitations)
    .leftJoin(repositories, eq(repositories.id, invitations.repositoryId))
    .innerJoin(owner, sql`${owner.id} = coalesce(${invitations.organizationId}, ${repositories.ownerId})`)
    .leftJoin(invitee, eq(invitee.id, invitations.inviteeId))
    .leftJoin(inviter, eq(inviter.id, invitations.inviterId));

/** The open invitations to something, oldest first. */
export async function listOpen(query: Executor, target: InvitationTarget, page: PageRequest) {
  return select(query)
    .where(and(isOpen, isTo(target)))
    .orderBy(asc(invitations.id))
    .offset(page.offset)
    .limit(page.limit);
}

export async function countOpen(query: Executor, target: InvitationTarget): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(invitations)
    .where(and(isOpen, isTo(target)));
  return row?.total ?? 0;
}

/** The open invitations that somebody may take, oldest first. */
export async function listOpenFor(
  query: Executor,
  userId: number,
  kind: "organization" | "repository",
  page: PageRequest,
): Promise<Invitation[]> {
  return select(query)
    .where(isFor(userId, kind))
    .orderBy(asc(invitations.id))
    .offset(page.offset)
    .limit(page.limit);
}

export async function countOpenFor(
  query: Executor,
  userId: number,
  kind: "organization" | "repository",
): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(invitations)
    .where(isFor(userId, kind));
  return row?.total ?? 0;
}

function isFor(userId: number, kind: "organization" | "repository"): SQL | undefined {
  const column = kind === "organization" ? invitations.organizationId : invitations.repositoryId;
  return and(isOpen, isOf(userId), isNotNull(column));
}

/** By name, or by an address that they have shown to be theirs. */
const isOf = (userId: number): SQL =>
  sql`(${invitations.inviteeId} = ${userId} OR lower(${invitations.email}) IN (
    SELECT lower(own.address) FROM emails own WHERE own.user_id = ${userId} AND own.verified_at IS NOT NULL))`;

/** The open invitation of `inviteeId` to `target`. */
export async function findOpen(
  query: Executor,
  target: InvitationTarget,
  inviteeId: number,
): Promise<Invitation | undefined> {
  const [row] = await select(query).where(and(isOpen, isTo(target), eq(invitations.inviteeId, inviteeId)));
  return row;
}

/** As `findOpen`, also by an address that is theirs: for themselves alone, since nobody is told whose an address is. */
export async function findOwnOpen(
  query: Executor,
  target: InvitationTarget,
  userId: number,
): Promise<Invitation | undefined> {
  const [row] = await select(query)
    .where(and(isOpen, isTo(target), isOf(userId)))
    .orderBy(asc(invitations.id))
    .limit(1);
  return row;
}

/** The open invitation with this id, if it is for `userId` or to `target`. */
export async function findOpenById(
  query: Executor,
  id: number,
  by: { userId: number } | InvitationTarget,
): Promise<Invitation | undefined> {
  const isTheirs = "userId" in by ? isOf(by.userId) : isTo(by);
  const [row] = await select(query).where(and(isOpen, eq(invitations.id, id), isTheirs));
  return row;
}

/** The open invitation with this id, if it is for an account. */
export async function findOpenByName(query: Executor, id: number): Promise<Invitation | undefined> {
  const [row] = await select(query).where(
    and(isOpen, eq(invitations.id, id), isNotNull(invitations.inviteeId)),
  );
  return row;
}

export async function insertInvitation(
  transaction: Executor,
  invitation: typeof invitations.$inferInsert,
): Promise<number> {
  const [row] = await transaction.insert(invitations).values(invitation).returning({ id: invitations.id });
  if (!row) throw new Error("an invitation that was inserted has no id");
  return row.id;
}

export async function updateRole(transaction: Executor, id: number, role: string): Promise<boolean> {
  const rows = await transaction
    .update(invitations)
    .set({ role })
    .where(and(isOpen, eq(invitations.id, id)))
    .returning({ id: invitations.id });
  return rows.length === 1;
}

/** Ends an open invitation. @returns whether it was this call that did. */
export async function endInvitation(transaction: Executor, id: number): Promise<boolean> {
  const rows = await transaction
    .update(invitations)
    .set({ endedAt: sql`now()` })
    .where(and(isOpen, eq(invitations.id, id)))
    .returning({ id: invitations.id });
  return rows.length === 1;
}

/** Ends whatever is open for somebody, such as when they have become a member otherwise. */
export async function endAllOf(
  transaction: Executor,
  target: InvitationTarget,
  inviteeId: number,
): Promise<void> {
  await transaction
    .update(invitations)
    .set({ endedAt: sql`now()` })
    .where(and(isNull(invitations.endedAt), isTo(target), eq(invitations.inviteeId, inviteeId)));
}

/** Ends whatever is open for an address. */
export async function endAllTo(
  transaction: Executor,
  target: InvitationTarget,
  email: string,
): Promise<void> {
  await transaction
    .update(invitations)
    .set({ endedAt: sql`now()` })
    .where(
      and(isNull(invitations.endedAt), isTo(target), sql`lower(${invitations.email}) = lower(${email})`),
    );
}

/** The invitation whose mailed link has this secret, and what has become of it; undefined for none. */
export async function findByLink(query: Executor, secretHash: string) {
  const [row] = await query
    .select({ id: invitations.id, endedAt: invitations.endedAt, expiresAt: invitations.expiresAt })
    .from(invitations)
    .where(eq(invitations.secretHash, secretHash));
  if (!row) return undefined;
  const [invitation] = await select(query).where(eq(invitations.id, row.id));
  if (!invitation) return undefined;
  return { invitation, isEnded: row.endedAt !== null, isExpired: row.expiresAt.getTime() <= Date.now() };
}

/** An open invitation by address, held until the transaction ends. */
export async function lockOpenByAddress(
  transaction: Executor,
  by: { id: number } | { secretHash: string },
): Promise<Invitation | undefined> {
  const isThis = "id" in by ? eq(invitations.id, by.id) : eq(invitations.secretHash, by.secretHash);
  const [row] = await transaction
    .select({ id: invitations.id })
    .from(invitations)
    .where(and(isOpen, isNotNull(invitations.email), isThis))
    .for("update");
  if (!row) return undefined;
  const [invitation] = await select(transaction).where(eq(invitations.id, row.id));
  return invitation;
}

/** Gives it another link, and time for it; the one before leads nowhere any more. */
export async function replaceLink(
  transaction: Executor,
  id: number,
  link: { secretHash: string } | { expiresAt: Date },
): Promise<void> {
  await transaction.update(invitations).set(link).where(eq(invitations.id, id));
}

/** Removes invitations that ended long ago. */
export async function deleteEnded(query: Executor): Promise<void> {
  await query
    .delete(invitations)
    .where(sql`coalesce(${invitations.endedAt}, ${invitations.expiresAt}) < now() - interval '30 days'`);
}
