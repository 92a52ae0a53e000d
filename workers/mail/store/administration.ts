// The SQL of mail as admins see it: how much waits or failed, and one of it tried again or let go. What mails say isn't read.
import { and, asc, count, desc, eq, gt, isNotNull, type SQL, sql } from "drizzle-orm";
import { mails } from "../../../schema/tables/mail.ts";
import type { Executor } from "../../core/db.ts";
import type { PageRequest } from "../../core/paging.ts";

/** Mails that wait for an attempt, or that were given up. */
export type MailKind = "waiting" | "failed";

const isOf = (kind: MailKind): SQL => eq(mails.state, kind === "waiting" ? "queued" : "failed");
const isUsable = and(isNotNull(mails.sealed), gt(mails.expiresAt, sql`now()`));

/** Waiting ones by when they are due, failed ones newest first. */
export async function listMails(query: Executor, kind: MailKind, page: PageRequest) {
  return query
    .select({
      id: mails.id,
      attempts: mails.attempts,
      problem: mails.problem,
      nextAttemptAt: mails.nextAttemptAt,
      expiresAt: mails.expiresAt,
      createdAt: mails.createdAt,
      canRetry: sql<boolean>`${isUsable}`,
    })
    .from(mails)
    .where(isOf(kind))
    .orderBy(kind === "waiting" ? asc(mails.nextAttemptAt) : desc(mails.id))
    .offset(page.offset)
    .limit(page.limit);
}

export async function countMails(query: Executor, kind: MailKind): Promise<number> {
  const [row] = await query.select({ total: count() }).from(mails).where(isOf(kind));
  return row?.total ?? 0;
}

/** Makes a mail due now, with all its attempts before it. @returns false for one that is over or of no use any more */
export async function makeDue(transaction: Executor, id: number): Promise<boolean> {
  const changed = await transaction
    .update(mails)
    .set({ state: "queued", attempts: 0, nextAttemptAt: sql`now()` })
    .where(and(eq(mails.id, id), sql`${mails.state} IN ('queued', 'failed')`, isUsable))
    .returning({ id: mails.id });
  return changed.length > 0;
}

/** Lets a mail go. @returns false for one that is over */
export async function dropMail(transaction: Executor, id: number): Promise<boolean> {
  const dropped = await transaction
    .update(mails)
    .set({ state: "dropped", sealed: null })
    .where(and(eq(mails.id, id), sql`${mails.state} IN ('queued', 'failed')`))
    .returning({ id: mails.id });
  return dropped.length > 0;
}
