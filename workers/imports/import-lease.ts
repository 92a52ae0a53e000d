// Holds on to an import while it is indexed, and says how far it has come. Invariant: whoever lost it hears of that
// before the next step, by an exception.
import type { ImportPhase } from "../../schema/tables/imports.ts";
import type { Database } from "../core/db.ts";
import { IMPORT_HEARTBEAT_MS, IMPORT_LEASE_MS } from "../core/limits.ts";
import { type Claim, reportProgress } from "./store.ts";

/** Thrown where an attempt finds that it has lost its import to another. */
export class ImportLost extends Error {
  override readonly name = "ImportLost";
}

interface Progress {
  readonly phase: ImportPhase;
  readonly done: number;
  readonly total: number;
}

export class ImportLease {
  private readonly database: Database;
  private readonly claim: Claim;
  private progress: Progress;
  private readonly timer: ReturnType<typeof setInterval>;
  private writing: Promise<void> | null = null;
  private failure: Error | null = null;
  /** Until then nobody else can have been told to take the import up, whatever becomes of a beat. */
  private heldUntilMs = Date.now() + IMPORT_LEASE_MS;

  constructor(database: Database, claim: Claim, progress: Progress) {
    this.database = database;
    this.claim = claim;
    this.progress = progress;
    this.timer = setInterval(() => this.beat(), IMPORT_HEARTBEAT_MS);
  }

  /** Notes how far it is; told on with the next beat. @throws ImportLost, or what a beat failed of. */
  readonly report = (progress: Progress): void => {
    this.progress = progress;
    if (this.failure !== null) throw this.failure;
  };

  /** Ends the beat and waits for the last one. May be called again. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
  }

  private beat(): void {
    this.writing ??= this.write().finally(() => {
      this.writing = null;
    });
  }

  private async write(): Promise<void> {
    try {
      const isHeld = await reportProgress(this.database.query, this.claim, this.progress);
      this.heldUntilMs = Date.now() + IMPORT_LEASE_MS;
      if (!isHeld) this.failure = new ImportLost("another attempt has taken this import over");
    } catch (error) {
      // A beat may fail, as long as one comes through in time.
      if (Date.now() < this.heldUntilMs) return;
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
  }
}
