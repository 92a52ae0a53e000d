// The SQL of mail: the rows that wait, the links that were mailed, and whom an address or a name belongs to.
import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, ne, or, sql } from "drizzle-orm";
import { emails, emailTokens, users } from "../../schema/tables/auth.ts";
import { mails } from "../../schema/tables/mail.ts";
import type { Executor } from "../core/db.ts";
import { hasLogin } from "../core/has-login.ts";
import { MAIL_RETRY_SECONDS_MAX, MAIL_RETRY_SECONDS_MIN } from "../core/limits.ts";

type EmailTokenRow = typeof emailTokens.$inferSelect;

export async function insertMail(query: Executor, sealed: string, expiresAt: Date): Promise<number> {
  const [row] = await query.insert(mails).values({ sealed, expiresAt }).returning({ id: mails.id });
  if (!row) throw new Error("no mail was written");
  return row.id;
}

// 15 s, 30 s, 1 min … Longer than one attempt takes, so that no two work at the same mail.
const nextWait = sql`least(${MAIL_RETRY_SECONDS_MAX}::int, ${MAIL_RETRY_SECONDS_MIN}::int * 2 ^ least(${mails.attempts}, 20)) * interval '1 second'`;

/** Takes a due mail up for one attempt; undefined when it isn't due, or not waiting any more. */
export async function takeUpMail(query: Executor, id: number) {
  const [row] = await query
    .update(mails)
    .set({ attempts: sql`${mails.attempts} + 1`, nextAttemptAt: sql`now() + ${nextWait}` })
    .where(and(eq(mails.id, id), eq(mails.state, "queued"), sql`${mails.nextAttemptAt} <= now()`))
    .returning({
      sealed: mails.sealed,
      attempts: mails.attempts,
      nextAttemptAt: mails.nextAttemptAt,
      expiresAt: mails.expiresAt,
    });
  return row;
}

/** The sealed text of a mail that waits, held until the transaction ends. */
export async function lockMail(transaction: Executor, id: number) {
  const [row] = await transaction
    .select({ sealed: mails.sealed, expiresAt: mails.expiresAt })
    .from(mails)
    .where(and(eq(mails.id, id), eq(mails.state, "queued")))
    .for("update");
  return row;
}

export async function replaceSealed(
  transaction: Executor,
  id: number,
  sealed: string,
  expiresAt: Date,
): Promise<void> {
  await transaction.update(mails).set({ sealed, expiresAt }).where(eq(mails.id, id));
}

/** @param keepsText whether an admin may have it tried again */
export async function endMail(
  query: Executor,
  id: number,
  state: "sent" | "failed" | "needless",
  problem = "",
  keepsText = false,
): Promise<void> {
  await query
    .update(mails)
    .set({
      ...{ state, problem, sentAt: state === "sent" ? sql`now()` : null },
      ...(keepsText ? {} : { sealed: null }),
    })
    .where(and(eq(mails.id, id), eq(mails.state, "queued")));
}

export async function noteProblem(query: Executor, id: number, problem: string): Promise<void> {
  await query.update(mails).set({ problem }).where(eq(mails.id, id));
}

/** Mails that have been due for a while, whose messages may have been lost; oldest first. */
export async function listOverdue(query: Executor, limit: number): Promise<number[]> {
  const rows = await query
    .select({ id: mails.id })
    .from(mails)
    .where(and(eq(mails.state, "queued"), sql`${mails.nextAttemptAt} < now() - interval '30 seconds'`))
    .orderBy(asc(mails.nextAttemptAt))
    .limit(limit);
  return rows.map((row) => row.id);
}

/** Whoever signs in by this name or verified address; organisations and the suspended don't. */
export async function findAccount(query: Executor, login: string) {
  const [row] = await query
    .select({ userId: users.id, username: users.username, primary: primaryOf })
    .from(users)
    .where(and(eq(users.kind, "person"), isNull(users.suspendedAt), hasLogin(login)));
  return row;
}

// Written out: drizzle leaves the table off where a select has but one, and `id` would be the address's own.
const primaryOf = sql<string | null>`(
  SELECT main.address FROM emails main WHERE main.user_id = "users"."id" AND main.is_primary)`;

/** An account that mail is for, by id. */
export async function findAccountById(query: Executor, userId: number) {
  const [row] = await query
    .select({ userId: users.id, username: users.username, primary: primaryOf })
    .from(users)
    .where(eq(users.id, userId));
  return row;
}

/** Whose verified address this is. */
export async function findAddressOwner(query: Executor, address: string) {
  const [row] = await query
    .select({ userId: users.id, username: users.username })
    .from(emails)
    .innerJoin(users, eq(users.id, emails.userId))
    .where(and(sql`lower(${emails.address}) = lower(${address})`, isNotNull(emails.verifiedAt)));
  return row;
}

export async function insertToken(
  transaction: Executor,
  token: Pick<
    typeof emailTokens.$inferInsert,
    "userId" | "kind" | "address" | "secretHash" | "payload" | "expiresAt"
  >,
): Promise<void> {
  await transaction.insert(emailTokens).values(token);
}

/** The link with this hash and purpose, whatever has become of it, and the name of whose account it is. */
export async function findToken(query: Executor, kind: string, secretHash: string) {
  const [row] = await query
    .select({ token: emailTokens, username: users.username })
    .from(emailTokens)
    .leftJoin(users, eq(users.id, emailTokens.userId))
    .where(and(eq(emailTokens.secretHash, secretHash), eq(emailTokens.kind, kind)));
  return row;
}

/** A usable link of this purpose, held until the transaction ends: whoever comes second finds it used. */
export async function lockToken(
  transaction: Executor,
  kind: string,
  secretHash: string,
): Promise<EmailTokenRow | undefined> {
  const [row] = await transaction
    .select()
    .from(emailTokens)
    .where(
      and(
        eq(emailTokens.secretHash, secretHash),
        eq(emailTokens.kind, kind),
        isNull(emailTokens.usedAt),
        gt(emailTokens.expiresAt, sql`now()`),
      ),
    )
    .for("update");
  return row;
}

export async function markTokenUsed(transaction: Executor, id: number): Promise<void> {
  await transaction.update(emailTokens).set({ usedAt: sql`now()` }).where(eq(emailTokens.id, id));
}

/** Ends the unused links of these purposes: those of an account, or all for an address. */
export async function endTokens(
  transaction: Executor,
  kinds: readonly string[],
  whose: { userId: number } | { address: string },
): Promise<void> {
  const isTheirs =
    "userId" in whose
      ? eq(emailTokens.userId, whose.userId)
      : sql`lower(${emailTokens.address}) = lower(${whose.address})`;
  await transaction
    .update(emailTokens)
    .set({ expiresAt: sql`now()` })
    .where(
      and(
        isTheirs,
        inArray(emailTokens.kind, [...kinds]),
        isNull(emailTokens.usedAt),
        gt(emailTokens.expiresAt, sql`now()`),
      ),
    );
}

/** The other link of a change of address. */
export async function findChangeToken(
  transaction: Executor,
  kind: string,
  changeId: string,
): Promise<EmailTokenRow | undefined> {
  const [row] = await transaction
    .select()
    .from(emailTokens)
    .where(and(eq(emailTokens.kind, kind), sql`${emailTokens.payload}->>'changeId' = ${changeId}`));
  return row;
}

/** Removes what nobody can use or wants to know of any more. */
export async function deleteOldMail(query: Executor): Promise<void> {
  await query
    .update(mails)
    .set({ sealed: null })
    .where(and(eq(mails.state, "failed"), isNotNull(mails.sealed), lt(mails.expiresAt, sql`now()`)));
  const monthAgo = sql`now() - interval '30 days'`;
  await query.delete(mails).where(and(ne(mails.state, "queued"), lt(mails.createdAt, monthAgo)));
  await query
    .delete(emailTokens)
    .where(
      or(
        lt(emailTokens.expiresAt, monthAgo),
        and(lt(emailTokens.expiresAt, sql`now()`), eq(emailTokens.kind, "activate")),
      ),
    );
}
