// Who is who: accounts, the ways they sign in, browser sessions, and API tokens.
// Invariant: no secret is stored, only its SHA-256; a password only as its salted, slow hash.
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { createdAt, identity, moment, reference, updatedAt } from "./columns.ts";

/**
 * Every account that may own repositories: people and organisations, in one space of names. What only an organisation
 * has is in `organizations`, under the same id. Only a `person` signs in.
 */
export const users = pgTable(
  "users",
  {
    id: identity(),
    kind: text("kind").notNull().default("person"),
    username: text("username").notNull(),
    displayName: text("display_name").notNull().default(""),
    bio: text("bio").notNull().default(""),
    location: text("location").notNull().default(""),
    website: text("website").notNull().default(""),
    /** `auto` follows the browser. */
    appearance: text("appearance").notNull().default("auto"),
    isAdmin: boolean("is_admin").notNull().default(false),
    /** A PHC string: algorithm, parameters, salt and hash; null when there is no password. */
    passwordHash: text("password_hash"),
    passwordChangedAt: moment("password_changed_at"),
    suspendedAt: moment("suspended_at"),
    /** In an admin's words, for admins; empty while not suspended. */
    suspensionReason: text("suspension_reason").notNull().default(""),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("users_username_unique").on(sql`lower(${table.username})`),
    // What a name looks like: see workers/repos/names.ts.
    index("users_skeleton").on(
      sql`translate(replace(replace(replace(lower(${table.username}), '-', ''), 'rn', 'm'), 'vv', 'w'), '01i', 'oll')`,
    ),
    check("users_username_shape", sql`${table.username} ~ '^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$'`),
    check("users_kind", sql`${table.kind} IN ('person', 'organization')`),
    check("users_appearance", sql`${table.appearance} IN ('auto', 'light', 'dark')`),
    check(
      "users_organization_never_signs_in",
      sql`${table.kind} = 'person' OR (NOT ${table.isAdmin} AND ${table.passwordHash} IS NULL)`,
    ),
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
    /** How it was opened. */
    method: text("method").notNull().default("link"),
    userAgent: text("user_agent").notNull().default(""),
    address: text("address").notNull().default(""),
    /** When its user last proved who they are; what is dangerous asks for a recent one. */
    provedAt: moment("proved_at").notNull().defaultNow(),
    lastUsedAt: moment("last_used_at").notNull().defaultNow(),
    expiresAt: moment("expires_at").notNull(),
    revokedAt: moment("revoked_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("auth_sessions_user").on(table.userId),
    check("auth_sessions_method", sql`${table.method} IN ('link', 'password', 'email', 'wallet', 'passkey')`),
  ],
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
    /** Whether it reaches only the repositories of `access_token_repositories`, be they none. */
    isRepositoryLimited: boolean("is_repository_limited").notNull().default(false),
    lastUsedAt: moment("last_used_at"),
    lastUsedAddress: text("last_used_address").notNull().default(""),
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

/** Email addresses; one that is verified belongs to one account. */
export const emails = pgTable(
  "emails",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    address: text("address").notNull(),
    isPrimary: boolean("is_primary").notNull().default(false),
    isPublic: boolean("is_public").notNull().default(false),
    verifiedAt: moment("verified_at"),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("emails_verified_unique")
      .on(sql`lower(${table.address})`)
      .where(sql`${table.verifiedAt} IS NOT NULL`),
    uniqueIndex("emails_user_address_unique").on(table.userId, sql`lower(${table.address})`),
    uniqueIndex("emails_primary_unique").on(table.userId).where(sql`${table.isPrimary}`),
    check("emails_primary_is_verified", sql`NOT ${table.isPrimary} OR ${table.verifiedAt} IS NOT NULL`),
    check("emails_address_length", sql`length(${table.address}) BETWEEN 3 AND 254`),
  ],
);

/** Links that were mailed: each does one thing once. The account may not exist yet (`activate`). */
export const emailTokens = pgTable(
  "email_tokens",
  {
    id: identity(),
    userId: reference("user_id").references(() => users.id, { onDelete: "cascade" }),
    kind: text("kind").notNull(),
    address: text("address").notNull(),
    secretHash: text("secret_hash").notNull().unique(),
    /** What is to be done when it is taken, such as the username and password hash of a registration. */
    payload: jsonb("payload").$type<Record<string, unknown>>().notNull().default({}),
    expiresAt: moment("expires_at").notNull(),
    usedAt: moment("used_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("email_tokens_user").on(table.userId),
    index("email_tokens_address").on(sql`lower(${table.address})`),
    check(
      "email_tokens_kind",
      sql`${table.kind} IN ('activate', 'verify', 'sign-in', 'reset', 'change-old', 'change-new')`,
    ),
  ],
);

/**
 * Nonces of Sign-In with Ethereum, challenges of WebAuthn, and tickets of wallets that have no account yet: taken once,
 * by the browser they were given to.
 */
export const signInChallenges = pgTable(
  "sign_in_challenges",
  {
    id: identity(),
    kind: text("kind").notNull(),
    valueHash: text("value_hash").notNull().unique(),
    /** SHA-256 of the cookie that binds it to one browser. */
    browserHash: text("browser_hash").notNull(),
    /** Who it is for, where it adds a wallet or passkey to an account or confirms who is signed in. */
    userId: reference("user_id").references(() => users.id, { onDelete: "cascade" }),
    /** What was proved already: the address of a wallet that may make an account. */
    subject: text("subject").notNull().default(""),
    expiresAt: moment("expires_at").notNull(),
    usedAt: moment("used_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("sign_in_challenges_user").on(table.userId),
    index("sign_in_challenges_expiry").on(table.expiresAt),
    check(
      "sign_in_challenges_kind",
      sql`${table.kind} IN ('siwe', 'wallet-register', 'passkey-register', 'passkey-sign-in')`,
    ),
  ],
);

/**
 * Small texts that one browser left for its next request: a form that was filled in, a token to be shown once, where a
 * submitted form led. Sealed under a secret that the browser has and the database hasn't, and gone within minutes.
 */
export const keptTexts = pgTable(
  "kept_texts",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** SHA-256 of what it is and the browser's secret. */
    keyHash: text("key_hash").notNull().unique(),
    /** Empty while it isn't known yet. */
    sealed: text("sealed").notNull(),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index("kept_texts_user").on(table.userId),
    index("kept_texts_expiry").on(table.expiresAt),
    check("kept_texts_length", sql`length(${table.sealed}) <= 200000`),
  ],
);

export const wallets = pgTable(
  "wallets",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `0x` and 40 lowercase hex digits. */
    address: text("address").notNull().unique(),
    name: text("name").notNull().default(""),
    lastUsedAt: moment("last_used_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("wallets_user").on(table.userId),
    check("wallets_address_shape", sql`${table.address} ~ '^0x[0-9a-f]{40}$'`),
  ],
);

export const passkeys = pgTable(
  "passkeys",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** base64url */
    credentialId: text("credential_id").notNull().unique(),
    /** COSE, base64url */
    publicKey: text("public_key").notNull(),
    counter: bigint("counter", { mode: "number" }).notNull().default(0),
    transports: text("transports").array().notNull(),
    isBackupEligible: boolean("is_backup_eligible").notNull(),
    isBackedUp: boolean("is_backed_up").notNull(),
    lastUsedAt: moment("last_used_at"),
    createdAt: createdAt(),
  },
  (table) => [index("passkeys_user").on(table.userId)],
);

export const sshKeys = pgTable(
  "ssh_keys",
  {
    id: identity(),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    title: text("title").notNull(),
    /** Algorithm and base64, without comment. */
    publicKey: text("public_key").notNull(),
    /** `SHA256:` and base64 without padding, as `ssh-keygen -lf` prints. */
    fingerprint: text("fingerprint").notNull().unique(),
    lastUsedAt: moment("last_used_at"),
    createdAt: createdAt(),
  },
  (table) => [index("ssh_keys_user").on(table.userId)],
);

/**
 * One row a limited thing: either GCRA's theoretical arrival time, or failures and the lock they led to. A row whose
 * `arrivalAt` has passed says nothing. UNLOGGED: after a crash of PostgreSQL all limits begin anew.
 */
export const rateLimits = pgTable("rate_limits", {
  key: text("key").primaryKey(),
  /** When as much is allowed again as at first; of failures, when they are forgotten. */
  arrivalAt: moment("arrival_at").notNull(),
  failures: integer("failures").notNull().default(0),
  lockedUntil: moment("locked_until"),
});

/**
 * Who did what, to what, from where, with which credential. Rows are only ever added, and end by their age: a trigger
 * refuses every other change (schema/migrations/*_guard.sql), and says itself when a row was added.
 */
export const auditEvents = pgTable(
  "audit_events",
  {
    id: identity(),
    /** Such as `token.create`; no foreign keys, since a record outlives what it tells of. */
    action: text("action").notNull(),
    actorId: reference("actor_id"),
    actorName: text("actor_name").notNull().default(""),
    /** The account whose log this belongs to. */
    ownerId: reference("owner_id"),
    repositoryId: reference("repository_id"),
    targetKind: text("target_kind").notNull().default(""),
    targetId: reference("target_id"),
    targetName: text("target_name").notNull().default(""),
    address: text("address").notNull().default(""),
    userAgent: text("user_agent").notNull().default(""),
    credentialKind: text("credential_kind").notNull().default("none"),
    credentialId: reference("credential_id"),
    requestId: text("request_id").notNull().default(""),
    details: jsonb("details").$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [
    index("audit_events_actor").on(table.actorId, table.id),
    index("audit_events_owner").on(table.ownerId, table.id),
    index("audit_events_action").on(table.action, table.id),
    index("audit_events_created").on(table.createdAt),
  ],
);

/** Names of accounts that were deleted, which nobody gets for a time: what still points there would be theirs. */
export const reservedNames = pgTable(
  "reserved_names",
  {
    id: identity(),
    name: text("name").notNull(),
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("reserved_names_unique").on(sql`lower(${table.name})`),
    index("reserved_names_expiry").on(table.expiresAt),
  ],
);

/** Settings of the whole site, one row a name. */
export const siteSettings = pgTable("site_settings", {
  name: text("name").primaryKey(),
  value: jsonb("value").$type<unknown>().notNull(),
  updatedAt: updatedAt(),
});
