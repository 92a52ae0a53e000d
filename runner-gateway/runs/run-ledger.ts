// Who changes runs goes through here: one change of a run at a time within this process, each in a transaction
// of its own, and only what was committed is shown to readers and to the Worker.
import type { Database } from "../database.ts";
import { openRunChange, type RunChange, type StoredEvent, writeRunChange } from "./run-change.ts";

/** What happens after a commit. */
interface CommitListener {
  /** Events of the run that are now in Postgres, in order. */
  published(runId: number, events: readonly StoredEvent[]): void;
  /** Rows of these topics were added to the outbox. */
  announced(topics: readonly string[]): void;
}

export interface RunLedger {
  readonly database: Database;
  /**
   * Runs `work` with the run locked, writes what it recorded and commits; what it throws rolls all back.
   * Null when the run doesn't exist (any more).
   */
  change<Result>(runId: number, work: (change: RunChange) => Promise<Result>): Promise<Result | null>;
  /** Tells readers and the Worker of a change that was written in the caller's own transaction. */
  committed(change: RunChange, events: readonly StoredEvent[]): void;
}

export function createRunLedger(database: Database, listener: CommitListener): RunLedger {
  // The newest change of each run; the next one waits for it, so that one run takes one connection.
  const tails = new Map<number, Promise<unknown>>();

  function committed(change: RunChange, events: readonly StoredEvent[]): void {
    if (events.length > 0) listener.published(change.run.id, events);
    if (change.notices.length > 0) listener.announced(change.notices.map(({ topic }) => topic));
  }

  async function runChange<Result>(
    runId: number,
    work: (change: RunChange) => Promise<Result>,
  ): Promise<Result | null> {
    const outcome = await database.transaction(async (transaction) => {
      const change = await openRunChange(transaction, runId);
      if (!change) return null;
      const result = await work(change);
      return { change, result, events: await writeRunChange(change) };
    });
    if (!outcome) return null;
    committed(outcome.change, outcome.events);
    return outcome.result;
  }

  return {
    database,
    committed,
    change(runId, work) {
      const before = tails.get(runId) ?? Promise.resolve();
      const result = before.then(() => runChange(runId, work));
      // The next in line waits for the end of this one, whichever it is; its failure is its caller's.
      const tail = result.then(
        () => undefined,
        () => undefined,
      );
      tails.set(runId, tail);
      void tail.then(() => {
        if (tails.get(runId) === tail) tails.delete(runId);
      });
      return result;
    },
  };
}
