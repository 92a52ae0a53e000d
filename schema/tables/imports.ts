// Imports: packs and bundles larger than one request may carry, uploaded in parts and indexed afterwards. Invariant: an
// attempt writes only while it holds the row (`state`, `attempt`), so that a second or a late one changes nothing.
import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { users } from "./auth.ts";
import { createdAt, identity, moment, reference, updatedAt } from "./columns.ts";
import { refOperations, repositories } from "./git.ts";

export const imports = pgTable(
  "imports",
  {
    id: identity(),
    repositoryId: reference("repository_id")
      .notNull()
      .references(() => repositories.id, { onDelete: "cascade" }),
    /** Null when whoever began it has deleted their account. */
    actorId: reference("actor_id").references(() => users.id, { onDelete: "set null" }),
    format: text("format").$type<ImportFormat>().notNull(),
    /** Refs may also be moved to what doesn't contain their old value. */
    isForced: boolean("is_forced").notNull().default(false),
    sizeBytes: bigint("size_bytes", { mode: "number" }).notNull(),
    /** Size of each part but the last. */
    partBytes: integer("part_bytes").notNull(),
    /** What a pack's refs are to be; a bundle says so itself. */
    refs: jsonb("refs").$type<ImportRef[]>().notNull().default([]),
    state: text("state").$type<ImportState>().notNull().default("uploading"),
    /** While it is indexed: what is under way, and how far, in bytes or in deltas. */
    phase: text("phase").$type<ImportPhase>(),
    done: bigint("done", { mode: "number" }).notNull().default(0),
    total: bigint("total", { mode: "number" }).notNull().default(0),
    /** Each claim takes the next number; every write of an attempt names its own. */
    attempt: integer("attempt").notNull().default(0),
    /** The attempt that last put aside how far it had come; the next one goes on from there. */
    savedAttempt: integer("saved_attempt"),
    /** Until then nobody else is told to take it up. */
    leaseUntil: moment("lease_until"),
    /** The etag of each part as it was when the upload was complete: only these bytes are ever read. */
    partEtags: jsonb("part_etags").$type<string[]>(),
    /** Parts may be in R2. */
    hasParts: boolean("has_parts").notNull().default(true),
    /** Why it failed, for the person who began it. */
    failure: text("failure"),
    result: jsonb("result").$type<ImportResult>(),
    operationId: reference("operation_id").references(() => refOperations.id),
    /** When an upload that nobody goes on with is given up. */
    expiresAt: moment("expires_at").notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("imports_repository").on(table.repositoryId, table.id),
    index("imports_actor").on(table.actorId),
    index("imports_operation").on(table.operationId),
    // What the clock looks for: everything that hasn't ended, or hasn't been cleaned up.
    index("imports_unfinished").on(table.id).where(sql`${table.hasParts}`),
    check("imports_format", sql`${table.format} IN ('bundle', 'pack')`),
    check(
      "imports_state",
      sql`${table.state} IN ('uploading', 'queued', 'indexing', 'done', 'failed', 'aborted', 'expired')`,
    ),
    check("imports_phase", sql`${table.phase} IN ('scanning', 'resolving', 'storing')`),
  ],
);

export type ImportFormat = "bundle" | "pack";
export type ImportState = "uploading" | "queued" | "indexing" | "done" | "failed" | "aborted" | "expired";
export type ImportPhase = "scanning" | "resolving" | "storing";

export interface ImportRef {
  /** Full name, such as `refs/heads/main`. */
  name: string;
  oid: string;
}

export interface ImportResult {
  /** Refs that were made or moved. */
  moved: number;
  /** Refs that were there already. */
  unchanged: number;
  /** Refs that are not a client's to set, left out: their number, and the first of their names. */
  skipped: number;
  skippedNames: string[];
  /** What a push would have told the person, such as the runs it started. */
  lines: string[];
}
