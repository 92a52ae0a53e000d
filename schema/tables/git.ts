// Repositories and what git knows of them. Packs and blobs live in R2; these rows make them visible.
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from "drizzle-orm/pg-core";
import { users } from "./auth.ts";
import { bytewiseText, createdAt, identity, moment, reference, updatedAt } from "./columns.ts";

export const repositories = pgTable(
  "repositories",
  {
    id: identity(),
    ownerId: reference("owner_id")
      .notNull()
      .references(() => users.id),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    isPrivate: boolean("is_private").notNull().default(false),
    defaultBranch: text("default_branch").notNull().default("main"),
    /** The next run's number is this plus one; taken in the transaction that makes the run. */
    runCount: integer("run_count").notNull().default(0),
    pushedAt: moment("pushed_at"),
    /** Grows whenever stored objects may have gone: what was found to be there before is to be looked for again. */
    packEpoch: integer("pack_epoch").notNull().default(0),
    /** When housekeeping is to look for unreachable objects; null while there can't be any. */
    housekeepAt: moment("housekeep_at"),
    /** Until when one worker keeps house here; past or null when none does. */
    housekeepingUntil: moment("housekeeping_until"),
    /** What its packs may take; null for the limits of workers/git/limits.ts. */
    quotaBytes: bigint("quota_bytes", { mode: "number" }),
    quotaObjects: integer("quota_objects"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("repositories_owner_name_unique").on(table.ownerId, sql`lower(${table.name})`),
    index("repositories_housekeep").on(table.housekeepAt).where(sql`${table.housekeepAt} IS NOT NULL`),
    check("repositories_name_shape", sql`${table.name} ~ '^[A-Za-z0-9._-]{1,100}$'`),
  ],
);

export const refs = pgTable(
  "refs",
  {
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    /** Full name, such as `refs/heads/main`. Collated "C", so that order and prefixes are those of bytes. */
    name: bytewiseText("name").notNull(),
    oid: text("oid").notNull(),
    /** What an annotated tag finally points at; null when `oid` is not a tag object. */
    peeled: text("peeled"),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ columns: [table.repositoryId, table.name] }),
    check("refs_oid_shape", sql`${table.oid} ~ '^[0-9a-f]{40}$'`),
    check("refs_name_shape", sql`${table.name} LIKE 'refs/%'`),
  ],
);

export const packs = pgTable(
  "packs",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    /** The pack's own trailer, and its name in R2. */
    sha: text("sha").notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    objectCount: integer("object_count").notNull(),
    /** `push`: as received; `repack`: made by housekeeping. */
    class: text("class").notNull().default("push"),
    /**
     * `live`: served; `retired`: replaced, kept for readers in flight; `deleting`: its objects may be gone from R2.
     * Changed only by who holds the lock of the repository's row.
     */
    state: text("state").notNull().default("live"),
    /** When it entered its state; null while it is live. */
    retiredAt: moment("retired_at"),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("packs_repository_sha_unique").on(table.repositoryId, table.sha),
    check("packs_class", sql`${table.class} IN ('push', 'repack')`),
    check("packs_state", sql`${table.state} IN ('live', 'retired', 'deleting')`),
    check("packs_retired_at", sql`(${table.state} = 'live') = (${table.retiredAt} IS NULL)`),
    index("packs_retired").on(table.retiredAt).where(sql`${table.state} <> 'live'`),
  ],
);

/** How far a sweep over all of R2's keys has come, so that each slice goes on where the last one stopped. */
export const sweeps = pgTable("sweeps", {
  name: text("name").primaryKey(),
  /** The last key that was looked at; empty at the beginning of a pass. */
  afterKey: text("after_key").notNull().default(""),
  passStartedAt: moment("pass_started_at").notNull().defaultNow(),
  updatedAt: updatedAt(),
});

/** The operation log: every ref change ever made, with each ref before and after. */
export const refOperations = pgTable(
  "ref_operations",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    actorId: reference("actor_id").references(() => users.id),
    kind: text("kind").notNull(),
    /** [{name, before, after}]; the zero oid stands for absent. */
    changes: jsonb("changes").$type<RefChange[]>().notNull(),
    undoneBy: reference("undone_by"),
    createdAt: createdAt(),
  },
  (table) => [
    index("ref_operations_actor").on(table.actorId),
    index("ref_operations_repository").on(table.repositoryId, table.id),
    check("ref_operations_kind", sql`${table.kind} IN ('push', 'undo', 'restore', 'merge', 'api')`),
  ],
);

export interface RefChange {
  name: string;
  before: string;
  after: string;
}
