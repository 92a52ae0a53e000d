// Who is who: accounts, browser sessions, API tokens and one-time sign-in links.
// Invariant: no secret is stored, only its SHA-256.
import { sql } from "drizzle-orm";
import { boolean, check, index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, identity, moment, reference, updatedAt } from "./columns.ts";

export const users = pgTable(
  "users",
  {
    id: identity(),
    username: text("username").notNull(),
    displayName: text("display_name").notNull().default(""),
    isAdmin: boolean("is_admin").notNull().default(false),
    suspendedAt: moment("suspended_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("users_username_unique").on(sql`lower(${table.username})`),
    check("users_username_shape", sql`${table.username} ~ '^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$'`),
  ],
);

export const authSessions = pgTable(
  "auth_sessions",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    tokenHash: text("token_hash").notNull().unique(),
    userAgent: text("user_agent").notNull().default(""),
    lastUsedAt: moment("last_used_at").notNull().defaultNow(),
    expiresAt: moment("expires_at").notNull(),
    revokedAt: moment("revoked_at"),
    createdAt: createdAt(),
  },
  (table) => [index("auth_sessions_user").on(table.userId)],
);

export const accessTokens = pgTable(
  "access_tokens",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    tokenHash: text("token_hash").notNull().unique(),
    /** The first characters of the token, so that its owner can tell tokens apart. */
    tokenPrefix: text("token_prefix").notNull(),
    scopes: text("scopes").array().notNull(),
    lastUsedAt: moment("last_used_at"),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    createdAt: createdAt(),
  },
  (table) => [index("access_tokens_user").on(table.userId)],
);

/** One-time links that open a session; the secret in the link is stored hashed and taken by one UPDATE. */
export const signInLinks = pgTable(
  "sign_in_links",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    secretHash: text("secret_hash").notNull().unique(),
    expiresAt: moment("expires_at").notNull(),
    usedAt: moment("used_at"),
    createdAt: createdAt(),
  },
  (table) => [index("sign_in_links_user").on(table.userId)],
);
