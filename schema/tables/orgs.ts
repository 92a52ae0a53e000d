// Organisations and who belongs to them: members, teams, and the people and teams that a repository lets in.
// Invariant: an organisation has an owner; whoever takes one away looks in the same transaction, under its row's lock.
import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  boolean,
  check,
  index,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { users } from "./auth.ts";
import { createdAt, identity, moment, reference, updatedAt } from "./columns.ts";
import { repositories } from "./git.ts";

/** What an account of the kind `organization` has besides; `id` is the account's. */
export const organizations = pgTable(
  "organizations",
  {
    id: reference("id")
      .primaryKey()
      .references(() => users.id, { onDelete: "cascade" }),
    billingEmail: text("billing_email").notNull().default(""),
    /** The role that every member has in every repository of the organisation. */
    baseRole: text("base_role").notNull().default("read"),
    membersCanCreate: boolean("members_can_create").notNull().default(true),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [check("organizations_base_role", sql`${table.baseRole} IN ('none', 'read', 'write', 'admin')`)],
);

export const organizationMembers = pgTable(
  "organization_members",
  {
    organizationId: reference("organization_id")
      .notNull()
      .references(() => organizations.id, { onDelete: "cascade" }),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `billing` reads nothing and pays; the other two are members. */
    role: text("role").notNull(),
    /** Whether strangers may see the membership. */
    isPublic: boolean("is_public").notNull().default(false),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.userId] }),
    index("organization_members_user").on(table.userId),
    check("organization_members_role", sql`${table.role} IN ('owner', 'member', 'billing')`),
  ],
);

export const teams = pgTable(
  "teams",
  {
    id: identity(),
    organizationId: reference("organization_id")
      .notNull()
      .references(() => organizations.id, { onDelete: "cascade" }),
    /** A team has what its parent has; no team is its own ancestor. */
    parentId: reference("parent_id").references((): AnyPgColumn => teams.id, { onDelete: "set null" }),
    slug: text("slug").notNull(),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    /** `secret`: seen by its own members and the owners. */
    privacy: text("privacy").notNull().default("closed"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("teams_slug_unique").on(table.organizationId, sql`lower(${table.slug})`),
    index("teams_parent").on(table.parentId),
    check("teams_privacy", sql`${table.privacy} IN ('closed', 'secret')`),
    check("teams_slug_shape", sql`${table.slug} ~ '^[a-z0-9](-?[a-z0-9]){0,99}$'`),
  ],
);

export const teamMembers = pgTable(
  "team_members",
  {
    teamId: reference("team_id")
      .notNull()
      .references(() => teams.id, { onDelete: "cascade" }),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text("role").notNull().default("member"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.userId] }),
    index("team_members_user").on(table.userId),
    check("team_members_role", sql`${table.role} IN ('maintainer', 'member')`),
  ],
);

export const teamRepositories = pgTable(
  "team_repositories",
  {
    teamId: reference("team_id")
      .notNull()
      .references(() => teams.id, { onDelete: "cascade" }),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    role: text("role").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.repositoryId] }),
    index("team_repositories_repository").on(table.repositoryId),
    check("team_repositories_role", sql`${table.role} IN ('read', 'triage', 'write', 'maintain', 'admin')`),
  ],
);

/** People let into one repository by themselves; outside collaborators where an organisation owns it. */
export const collaborators = pgTable(
  "collaborators",
  {
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    userId: reference("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text("role").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.repositoryId, table.userId] }),
    index("collaborators_user").on(table.userId),
    check("collaborators_role", sql`${table.role} IN ('read', 'triage', 'write', 'maintain', 'admin')`),
  ],
);

/** An offer of membership or of access; nothing is given before its invitee takes it. */
export const invitations = pgTable(
  "invitations",
  {
    id: identity(),
    organizationId: reference("organization_id").references(() => organizations.id, { onDelete: "cascade" }),
    repositoryId: reference("repository_id").references(() => repositories.id, { onDelete: "cascade" }),
    /** Whom it is for: an account, or whoever proves to own the address. */
    inviteeId: reference("invitee_id").references(() => users.id, { onDelete: "cascade" }),
    email: text("email"),
    secretHash: text("secret_hash").unique(),
    role: text("role").notNull(),
    /** Teams that an organisation's invitee joins at once. */
    teamIds: reference("team_ids").array().notNull().default([]),
    inviterId: reference("inviter_id").references(() => users.id, { onDelete: "set null" }),
    expiresAt: moment("expires_at").notNull(),
    /** When it was taken, declined or withdrawn. */
    endedAt: moment("ended_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("invitations_organization").on(table.organizationId),
    index("invitations_repository").on(table.repositoryId),
    index("invitations_invitee").on(table.inviteeId),
    index("invitations_inviter").on(table.inviterId),
    index("invitations_email").on(sql`lower(${table.email})`),
    check(
      "invitations_one_target",
      sql`(${table.organizationId} IS NULL) <> (${table.repositoryId} IS NULL)`,
    ),
    check("invitations_one_invitee", sql`(${table.inviteeId} IS NULL) <> (${table.email} IS NULL)`),
    check(
      "invitations_role",
      sql`${table.role} IN ('owner', 'member', 'billing', 'read', 'triage', 'write', 'maintain', 'admin')`,
    ),
  ],
);
