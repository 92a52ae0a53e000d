// Mail that is to be sent, is being sent, or was. Invariant: what it says, and who it is for, lies here encrypted, and
// only until it was delivered or given up: a mail holds links that are secrets.
import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, identity, moment } from "./columns.ts";

export const mails = pgTable(
  "mails",
  {
    id: identity(),
    /**
     * AES-256-GCM of a mail or of the order to write one; null once nothing is left to do. One that was given up keeps
     * it while it is worth another try.
     */
    sealed: text("sealed"),
    /** `needless`: it was asked for in the name of nobody who has an account; `dropped`: an admin said so. */
    state: text("state").notNull().default("queued"),
    attempts: integer("attempts").notNull().default(0),
    /** Whoever takes it up moves this on first: it is the lease of one attempt and the wait before the next. */
    nextAttemptAt: moment("next_attempt_at").notNull().defaultNow(),
    /** From then on it is of no use to who gets it, and is given up. */
    expiresAt: moment("expires_at").notNull(),
    /** Why the last attempt failed, for an administrator; no address and no secret. */
    problem: text("problem").notNull().default(""),
    sentAt: moment("sent_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("mails_due").on(table.nextAttemptAt).where(sql`${table.state} = 'queued'`),
    index("mails_failed").on(table.id).where(sql`${table.state} = 'failed'`),
    index("mails_created").on(table.createdAt),
    check("mails_state", sql`${table.state} IN ('queued', 'sent', 'failed', 'needless', 'dropped')`),
    check(
      "mails_sealed",
      sql`CASE ${table.state} WHEN 'queued' THEN ${table.sealed} IS NOT NULL WHEN 'failed' THEN true ELSE ${table.sealed} IS NULL END`,
    ),
  ],
);
