// Repositories and what git knows of them. Packs and blobs live in R2; these rows make them visible.
import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
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
import { accessTokens, users } from "./auth.ts";
import { bytewiseText, createdAt, identity, moment, reference, updatedAt } from "./columns.ts";
import { workflowRuns } from "./runs.ts";

export const repositories = pgTable(
  "repositories",
  {
    id: identity(),
    ownerId: reference("owner_id")
      .notNull()
      .references(() => users.id),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    /** `internal`: to the members of the organisation that owns it. */
    visibility: text("visibility").notNull().default("public"),
    archivedAt: moment("archived_at"),
    /** Grows whenever fewer people may read it than before, or it is called otherwise: caches are keyed by it. */
    accessEpoch: integer("access_epoch").notNull().default(0),
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
    /** What of `refs/` may be pushed: `heads`, or `*` for nearly all (schema/ref-namespaces.ts). */
    refNamespaces: text("ref_namespaces").array().notNull().default(sql`'{heads,tags,notes}'::text[]`),
    /** What its packs may take; null for the limits of workers/git/limits.ts. */
    quotaBytes: bigint("quota_bytes", { mode: "number" }),
    quotaObjects: integer("quota_objects"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("repositories_owner_name_unique").on(table.ownerId, sql`lower(${table.name})`),
    index("repositories_housekeep").on(table.housekeepAt).where(sql`${table.housekeepAt} IS NOT NULL`),
    check("repositories_visibility", sql`${table.visibility} IN ('public', 'internal', 'private')`),
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
    /** The pack's own trailer. */
    sha: text("sha").notNull(),
    /** What the keys of its objects in R2 begin with (workers/git/store/keys.ts). No two packs ever share one. */
    storageKey: text("storage_key").notNull(),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    objectCount: integer("object_count").notNull(),
    /** `push`: as received; `repack`: made by housekeeping. */
    class: text("class").notNull().default("push"),
    /** The format of its graph: one older than workers/git/pack/pack-graph.ts writes is made anew by housekeeping. */
    graphVersion: integer("graph_version").notNull().default(1),
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
    uniqueIndex("packs_storage_key_unique").on(table.storageKey),
    check("packs_class", sql`${table.class} IN ('push', 'repack')`),
    check("packs_state", sql`${table.state} IN ('live', 'retired', 'deleting')`),
    check("packs_retired_at", sql`(${table.state} = 'live') = (${table.retiredAt} IS NULL)`),
    index("packs_retired").on(table.retiredAt).where(sql`${table.state} <> 'live'`),
    index("packs_old_graph").on(table.repositoryId).where(sql`${table.graphVersion} < 2`),
  ],
);

/** Repositories where housekeeping stopped, since what would have remained has gaps. Nothing is removed from them. */
export const repositoryGaps = pgTable("repository_gaps", {
  repositoryId: reference("repository_id")
    .primaryKey()
    .references(() => repositories.id, { onDelete: "cascade" }),
  /** What is missing: the first of them, one a line. */
  problem: text("problem").notNull(),
  foundAt: moment("found_at").notNull().defaultNow(),
  /** When it was last looked at. */
  checkedAt: moment("checked_at").notNull().defaultNow(),
});

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
    /** Null when whoever it was has deleted their account. */
    actorId: reference("actor_id").references(() => users.id, { onDelete: "set null" }),
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

/** Names that a repository had; they lead to it until another takes the name. */
export const repositoryRedirects = pgTable(
  "repository_redirects",
  {
    id: identity(),
    /** The owner's name of then, as it was written. */
    owner: text("owner").notNull(),
    name: text("name").notNull(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("repository_redirects_unique").on(sql`lower(${table.owner})`, sql`lower(${table.name})`),
    index("repository_redirects_repository").on(table.repositoryId),
  ],
);

/** Credentials of one repository alone: a token for HTTPS, or an SSH public key for later use. */
export const deployKeys = pgTable(
  "deploy_keys",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    title: text("title").notNull(),
    canWrite: boolean("can_write").notNull().default(false),
    tokenHash: text("token_hash").unique(),
    tokenPrefix: text("token_prefix").notNull().default(""),
    publicKey: text("public_key"),
    fingerprint: text("fingerprint"),
    createdBy: reference("created_by").references(() => users.id, { onDelete: "set null" }),
    lastUsedAt: moment("last_used_at"),
    createdAt: createdAt(),
  },
  (table) => [
    index("deploy_keys_repository").on(table.repositoryId),
    index("deploy_keys_creator").on(table.createdBy),
    uniqueIndex("deploy_keys_fingerprint_unique").on(table.fingerprint),
    check("deploy_keys_one_kind", sql`(${table.tokenHash} IS NULL) <> (${table.publicKey} IS NULL)`),
  ],
);

/** The repositories that a limited API token reaches. */
export const accessTokenRepositories = pgTable(
  "access_token_repositories",
  {
    tokenId: reference("token_id")
      .notNull()
      .references(() => accessTokens.id, { onDelete: "cascade" }),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
  },
  (table) => [
    primaryKey({ columns: [table.tokenId, table.repositoryId] }),
    index("access_token_repositories_repository").on(table.repositoryId),
  ],
);

/** Rules for branches by glob; of those that match, the one of the highest priority rules. */
export const protectedBranches = pgTable(
  "protected_branches",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    /** A glob over the branch's short name: `*` and `?` stop at `/`, `**` does not. */
    pattern: text("pattern").notNull(),
    priority: integer("priority").notNull().default(0),
    rules: jsonb("rules").$type<BranchRules>().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex("protected_branches_pattern_unique").on(table.repositoryId, table.pattern)],
);

/** Account and team ids that an exception or a restriction names. */
export interface Principals {
  users: number[];
  teams: number[];
}

/** Every field of a branch's protection. Null where a restriction doesn't apply. */
export interface BranchRules {
  /** Who may push at all; null for everyone with write. */
  push: Principals | null;
  /** Who may merge; null for everyone with write. */
  merge: Principals | null;
  allowForcePushes: boolean;
  allowDeletions: boolean;
  blockCreations: boolean;
  /** Changes arrive by pull request only. */
  requirePullRequest: boolean;
  requiredApprovals: number;
  dismissStaleReviews: boolean;
  requireCodeOwners: boolean;
  /** Contexts that must have succeeded on the commit that the branch moves to. */
  requiredContexts: string[];
  /** The branch must contain the tip it is merged into. */
  requireUpToDate: boolean;
  requireSignatures: boolean;
  requireLinearHistory: boolean;
  /** Globs of paths that may not change. */
  protectedPaths: string[];
  /** Whether those with admin are held to it too. */
  enforceAdmins: boolean;
  /** Who is not held to it. */
  bypass: Principals;
}

/** What is said of a commit by those who test it; the newest of a context counts. */
export const commitStatuses = pgTable(
  "commit_statuses",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    oid: text("oid").notNull(),
    context: text("context").notNull().default("default"),
    state: text("state").notNull(),
    description: text("description").notNull().default(""),
    targetUrl: text("target_url").notNull().default(""),
    creatorId: reference("creator_id").references(() => users.id, { onDelete: "set null" }),
    /** The run that says so; null for what came by the API. A run says each state once. */
    runId: reference("run_id").references((): AnyPgColumn => workflowRuns.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("commit_statuses_run_unique").on(table.runId, table.state),
    index("commit_statuses_commit").on(table.repositoryId, table.oid, table.context, table.id),
    index("commit_statuses_creator").on(table.creatorId),
    check("commit_statuses_state", sql`${table.state} IN ('error', 'failure', 'pending', 'success')`),
    check("commit_statuses_oid_shape", sql`${table.oid} ~ '^[0-9a-f]{40}$'`),
  ],
);

export interface RefChange {
  name: string;
  before: string;
  after: string;
}
