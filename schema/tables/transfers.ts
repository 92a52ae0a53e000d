// Repositories offered to another person. Invariant: a repository is on offer to one at a time, and moves in the transaction
// that takes its offer away.
import { index, pgTable, text } from "drizzle-orm/pg-core";
import { users } from "./auth.ts";
import { createdAt, identity, moment, reference } from "./columns.ts";
import { repositories } from "./git.ts";

export const repositoryTransfers = pgTable(
  "repository_transfers",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .unique()
      .references(() => repositories.id, { onDelete: "cascade" }),
    /** Who owned it when it was offered: nobody else's is given away by it. */
    fromId: reference("from_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    requesterId: reference("requester_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    recipientId: reference("recipient_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** What it is to be called then; null for what it is called. */
    newName: text("new_name"),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index("repository_transfers_from").on(table.fromId),
    index("repository_transfers_requester").on(table.requesterId),
    index("repository_transfers_recipient").on(table.recipientId),
  ],
);
