// The SQL of accounts: what a person keeps about themselves, and their email addresses.
import { and, asc, desc, eq, gt, isNotNull, isNull, ne, sql } from "drizzle-orm";
import { emails, users } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";

type AccountChanges = Partial<
  Pick<typeof users.$inferInsert, "appearance" | "displayName" | "bio" | "location" | "website" | "username">
>;

export async function updateAccount(query: Executor, userId: number, changes: AccountChanges): Promise<void> {
  await query
    .update(users)
    .set({ ...changes, updatedAt: sql`now()` })
    .where(eq(users.id, userId));
}

const profile = {
  id: users.id,
  kind: sql<"person" | "organization">`${users.kind}`,
  username: users.username,
  displayName: users.displayName,
  bio: users.bio,
  location: users.location,
  website: users.website,
  isAdmin: users.isAdmin,
  suspendedAt: users.suspendedAt,
  createdAt: users.createdAt,
  updatedAt: users.updatedAt,
  publicEmail: sql<string | null>`(
    SELECT shown.address FROM emails shown
    WHERE shown.user_id = "users"."id" AND shown.is_public AND shown.verified_at IS NOT NULL
    ORDER BY shown.is_primary DESC, shown.id LIMIT 1)`,
  publicRepositories: sql<number>`(
    SELECT count(*)::int FROM repositories owned
    WHERE owned.owner_id = "users"."id" AND owned.visibility = 'public')`,
};

/** An account as it is looked at; the suspended are nobody's business. */
export async function findProfile(query: Executor, by: { id: number } | { username: string }) {
  const isThis = "id" in by ? eq(users.id, by.id) : sql`lower(${users.username}) = lower(${by.username})`;
  const [row] = await query
    .select(profile)
    .from(users)
    .where(and(isThis, isNull(users.suspendedAt)));
  return row;
}

/** Accounts by id, from the one after `sinceId`. */
export async function listProfiles(query: Executor, sinceId: number, limit: number) {
  return query
    .select(profile)
    .from(users)
    .where(and(gt(users.id, sinceId), isNull(users.suspendedAt)))
    .orderBy(asc(users.id))
    .limit(limit);
}

/** How many repositories an account has that aren't public. */
export async function countPrivateRepositories(query: Executor, userId: number): Promise<number> {
  const [row] = await query
    .select({
      total: sql<number>`(SELECT count(*)::int FROM repositories owned
        WHERE owned.owner_id = "users"."id" AND owned.visibility <> 'public')`,
    })
    .from(users)
    .where(eq(users.id, userId));
  return row?.total ?? 0;
}

const emailShape = {
  id: emails.id,
  address: emails.address,
  isPrimary: emails.isPrimary,
  isPublic: emails.isPublic,
  verifiedAt: emails.verifiedAt,
};

/** An account's addresses, the primary one first. */
export async function listEmails(query: Executor, userId: number) {
  return query
    .select(emailShape)
    .from(emails)
    .where(eq(emails.userId, userId))
    .orderBy(desc(emails.isPrimary), asc(emails.id));
}

/** Holds an account, so that what is decided about its addresses stays true until the transaction ends. */
export async function lockAccount(transaction: Executor, userId: number): Promise<void> {
  await transaction.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("update");
}

export async function lockAddress(transaction: Executor, address: string): Promise<void> {
  await transaction.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(lower(${address}), 4021))`);
}

export async function findAddressOwner(query: Executor, address: string) {
  const [row] = await query
    .select({ userId: emails.userId })
    .from(emails)
    .where(and(sql`lower(${emails.address}) = lower(${address})`, isNotNull(emails.verifiedAt)));
  return row;
}

export async function insertEmail(transaction: Executor, userId: number, address: string): Promise<void> {
  await transaction.insert(emails).values({ userId, address });
}

export async function deleteEmail(transaction: Executor, id: number): Promise<void> {
  await transaction.delete(emails).where(eq(emails.id, id));
}

/** Marks an address as its account's own; the first one becomes primary. */
export async function verifyEmail(transaction: Executor, userId: number, address: string): Promise<boolean> {
  const hasPrimary = sql`EXISTS (
    SELECT FROM emails main WHERE main.user_id = ${userId} AND main.is_primary)`;
  const verified = await transaction
    .update(emails)
    .set({ verifiedAt: sql`now()`, isPrimary: sql`${emails.isPrimary} OR NOT ${hasPrimary}` })
    .where(and(eq(emails.userId, userId), sql`lower(${emails.address}) = lower(${address})`))
    .returning({ id: emails.id });
  return verified.length > 0;
}

export async function setPrimary(transaction: Executor, userId: number, id: number): Promise<void> {
  await transaction
    .update(emails)
    .set({ isPrimary: false })
    .where(and(eq(emails.userId, userId), ne(emails.id, id)));
  await transaction.update(emails).set({ isPrimary: true }).where(eq(emails.id, id));
}

export async function setPublic(query: Executor, id: number, isPublic: boolean): Promise<void> {
  await query.update(emails).set({ isPublic }).where(eq(emails.id, id));
}

/** Shows one of an account's verified addresses and no other, or none. @returns whether it has that one */
export async function showOnly(
  transaction: Executor,
  userId: number,
  address: string | null,
): Promise<boolean> {
  const own = await listEmails(transaction, userId);
  const shown = own.find((one) => one.address.toLowerCase() === address?.toLowerCase());
  if (address !== null && (!shown || shown.verifiedAt === null)) return false;
  for (const { id } of own) await setPublic(transaction, id, id === shown?.id);
  return true;
}

/** @returns whether it is done; not when another has come to have the name. */
export async function renameAccount(
  transaction: Executor,
  userId: number,
  username: string,
): Promise<boolean> {
  const renamed = await transaction
    .update(users)
    .set({ username, updatedAt: sql`now()` })
    .where(
      and(
        eq(users.id, userId),
        sql`NOT EXISTS (SELECT FROM users other
          WHERE lower(other.username) = lower(${username}) AND other.id <> ${userId})`,
      ),
    )
    .returning({ id: users.id });
  return renamed.length > 0;
}

/** Leads the names that an account's repositories had so far to them. */
export async function insertRedirects(transaction: Executor, userId: number, owner: string): Promise<void> {
  await transaction.execute(sql`
    INSERT INTO repository_redirects (owner, name, repository_id)
    SELECT ${owner}, owned.name, owned.id FROM repositories owned WHERE owned.owner_id = ${userId}
    ON CONFLICT (lower(owner), lower(name)) DO UPDATE SET repository_id = excluded.repository_id`);
}

/** Ends the redirects from names that are an account's own again. */
export async function deleteRedirectsFrom(transaction: Executor, owner: string): Promise<void> {
  await transaction.execute(sql`DELETE FROM repository_redirects WHERE lower(owner) = lower(${owner})`);
}

/** Grows the epoch that caches of an account's repositories are kept by. */
export async function renameRepositories(transaction: Executor, userId: number): Promise<void> {
  await transaction.execute(
    sql`UPDATE repositories SET access_epoch = access_epoch + 1 WHERE owner_id = ${userId}`,
  );
}
