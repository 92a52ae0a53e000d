// What every part of housekeeping is given, and the points at which a test may stop it.
import type { Database } from "../../core/db.ts";
import type { Log } from "../../core/log.ts";

/** Points of housekeeping between two of its effects. */
type HousekeepingStep =
  | "planned"
  | "stored"
  | "committed"
  | "marked for deletion"
  | "objects deleted"
  | "orphans found";

export interface HousekeepingContext {
  readonly bucket: R2Bucket;
  readonly database: Database;
  /** Told where housekeeping stopped. */
  readonly log?: Pick<Log, "error">;
  /** Called at each step. What it throws stops the work there, as the end of the process would. */
  readonly reach?: (step: HousekeepingStep) => Promise<void>;
}
