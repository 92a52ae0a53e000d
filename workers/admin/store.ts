// The SQL of people as admins see them: found, counted, shut out and let in.
import { and, asc, eq, exists, isNotNull, ne, or, type SQL, sql } from "drizzle-orm";
import { emails, users } from "../../schema/tables/auth.ts";
import type { Executor } from "../core/db.ts";
import type { PageRequest } from "../core/paging.ts";

/** Which people: all, those shut out, or admins. */
export type PeopleFilter = "all" | "suspended" | "admins";

const listed = {
  id: users.id,
  username: users.username,
  isAdmin: users.isAdmin,
  suspendedAt: users.suspendedAt,
  createdAt: users.createdAt,
};

/** By name; `search` begins it, or is a verified address, whole. */
export async function listPeople(query: Executor, search: string, filter: PeopleFilter, page: PageRequest) {
  return query
    .select(listed)
    .from(users)
    .where(isWanted(query, search, filter))
    .orderBy(asc(sql`lower(${users.username})`))
    .offset(page.offset)
    .limit(page.limit);
}

export async function countPeople(query: Executor, search: string, filter: PeopleFilter): Promise<number> {
  const [row] = await query
    .select({ total: sql<number>`count(*)::int` })
    .from(users)
    .where(isWanted(query, search, filter));
  return row?.total ?? 0;
}

function isWanted(query: Executor, search: string, filter: PeopleFilter): SQL | undefined {
  const hasAddress = exists(
    query
      .select({ one: sql`1` })
      .from(emails)
      .where(
        and(
          sql`${emails.userId} = "users"."id"`,
          sql`lower(${emails.address}) = lower(${search})`,
          isNotNull(emails.verifiedAt),
        ),
      ),
  );
  const beginsSo = sql`starts_with(lower(${users.username}), lower(${search}))`;
  return and(
    eq(users.kind, "person"),
    search === "" ? undefined : or(beginsSo, hasAddress),
    filter === "suspended" ? isNotNull(users.suspendedAt) : undefined,
    filter === "admins" ? eq(users.isAdmin, true) : undefined,
  );
}

const countOf = (what: SQL) => sql<number>`(SELECT count(*)::int FROM ${what})`;
const ofPerson = sql`user_id = "users"."id"`;
const isLiveSession = sql`revoked_at IS NULL AND expires_at > now()`;
const isLiveToken = sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;

/** A person with what there is of theirs, as numbers. */
export async function findPerson(query: Executor, username: string) {
  const [row] = await query
    .select({
      ...listed,
      displayName: users.displayName,
      suspensionReason: users.suspensionReason,
      hasPassword: sql<boolean>`${users.passwordHash} IS NOT NULL`,
      hasPrimaryAddress: sql<boolean>`EXISTS (SELECT FROM emails WHERE ${ofPerson} AND is_primary)`,
      addressCount: countOf(sql`emails WHERE ${ofPerson} AND verified_at IS NOT NULL`),
      walletCount: countOf(sql`wallets WHERE ${ofPerson}`),
      passkeyCount: countOf(sql`passkeys WHERE ${ofPerson}`),
      sshKeyCount: countOf(sql`ssh_keys WHERE ${ofPerson}`),
      sessionCount: countOf(sql`auth_sessions WHERE ${ofPerson} AND ${isLiveSession}`),
      tokenCount: countOf(sql`access_tokens WHERE ${ofPerson} AND ${isLiveToken}`),
      lastUsedAt: sql`(SELECT max(used) FROM (
        SELECT max(last_used_at) AS used FROM auth_sessions WHERE ${ofPerson}
        UNION ALL SELECT max(last_used_at) FROM access_tokens WHERE ${ofPerson}) uses)`.mapWith(
        (value: string | Date | null) => (value === null ? null : new Date(value)),
      ),
    })
    .from(users)
    .where(and(eq(users.kind, "person"), sql`lower(${users.username}) = lower(${username})`));
  return row;
}

/** The admins who can act; none of them is taken away by another until the transaction ends. */
export async function lockAdmins(transaction: Executor): Promise<number[]> {
  const rows = await transaction
    .select({ id: users.id, suspendedAt: users.suspendedAt })
    .from(users)
    .where(eq(users.isAdmin, true))
    .orderBy(asc(users.id))
    .for("update");
  return rows.filter(({ suspendedAt }) => suspendedAt === null).map(({ id }) => id);
}

/** Makes a person one of the site's admins, or ends that. @returns whether it is a change */
export async function setAdmin(transaction: Executor, userId: number, isAdmin: boolean): Promise<boolean> {
  const changed = await transaction
    .update(users)
    .set({ isAdmin, updatedAt: sql`now()` })
    .where(and(eq(users.id, userId), ne(users.isAdmin, isAdmin)))
    .returning({ id: users.id });
  return changed.length > 0;
}

/** Shuts a person out with a reason, or with null lets them in again. @returns whether that is a change */
export async function setSuspension(
  transaction: Executor,
  userId: number,
  reason: string | null,
): Promise<boolean> {
  const isOther = reason === null ? isNotNull(users.suspendedAt) : sql`${users.suspendedAt} IS NULL`;
  const changed = await transaction
    .update(users)
    .set({
      suspendedAt: reason === null ? null : sql`now()`,
      suspensionReason: reason ?? "",
      updatedAt: sql`now()`,
    })
    .where(and(eq(users.id, userId), isOther))
    .returning({ id: users.id });
  return changed.length > 0;
}
