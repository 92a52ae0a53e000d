// One session of the database for one transaction. Invariant: every wait for the database ends, and however it ends
// the session is closed; a session that was lost is never waited for again.
import { Client } from "@neondatabase/serverless";
import { drizzle } from "drizzle-orm/neon-serverless";
import type { PgTransactionConfig } from "drizzle-orm/pg-core";
import { explainTrouble, sayUnavailable } from "./database-trouble.ts";
import type { Executor } from "./db.ts";
import { startTimer } from "./patient-timer.ts";

/** How long the database is waited for. */
export interface DatabaseWaits {
  /** For the way to a session to open. */
  readonly sessionMs: number;
  /** For the answer to one statement; to the first, with the welcome to the session. */
  readonly answerMs: number;
}

/** A session that opens while its caller does something else. */
export interface OpeningSession {
  /** Runs the one transaction that the session is for, and closes it. */
  transaction<Result>(work: (transaction: Executor) => Promise<Result>): Promise<Result>;
  /** Gives the session up. To be called in any case. */
  close(): Promise<void>;
}

/** Begins to open a session. That it can't be is thrown by `transaction`. */
export function openSession(databaseUrl: string, waits: DatabaseWaits): OpeningSession {
  const session = new Session(databaseUrl, waits);
  const opening = session.connect();
  // Thrown by whoever waits for it.
  const opened = opening.catch(() => undefined);
  return {
    transaction: (work) => runIn(session, opening, work),
    async close() {
      await opened;
      session.close();
    },
  };
}

/**
 * Runs `work` in one transaction of a session of its own. What `work` throws rolls back and is thrown on; a database that
 * doesn't answer, or is lost meanwhile, is a ForgeError `unavailable`.
 */
export async function runInSession<Result>(
  databaseUrl: string,
  waits: DatabaseWaits,
  work: (transaction: Executor) => Promise<Result>,
  config?: PgTransactionConfig,
): Promise<Result> {
  const session = new Session(databaseUrl, waits);
  return runIn(session, session.connect(), work, config);
}

async function runIn<Result>(
  session: Session,
  opening: Promise<void>,
  work: (transaction: Executor) => Promise<Result>,
  config?: PgTransactionConfig,
): Promise<Result> {
  let isCommitting = false;
  try {
    await opening;
    return await drizzle(session.client).transaction(async (transaction) => {
      const result = await work(transaction);
      isCommitting = true;
      return result;
    }, config);
  } catch (error) {
    // Where the session was lost, what came after that is only how it was noticed.
    if (session.lossCause === undefined) throw explainTrouble(error);
    const cause = new AggregateError([session.lossCause, error], "The session with the database was lost.");
    throw sayUnavailable(isCommitting ? MAYBE_DONE : NOT_DONE, cause);
  } finally {
    session.close();
  }
}

const NOT_DONE = "The database doesn't answer at the moment. Nothing was changed; try again in a minute.";
const MAYBE_DONE =
  "The database didn't say whether this was done. Look whether it was, and if not, try again in a minute.";

class Session {
  readonly client: Client;
  /** Why the session is of no use any more; undefined while it is. */
  lossCause: Error | undefined;
  #isClosed = false;
  readonly #waits: DatabaseWaits;
  readonly #lost = Promise.withResolvers<never>();

  constructor(databaseUrl: string, waits: DatabaseWaits) {
    this.#waits = waits;
    this.client = new Client(databaseUrl);
    this.client.on("error", (error) => this.#lose(error));
    this.client.on("end", () => this.#lose(new Error("the database closed the session")));
    // Whoever waits is told by the race below.
    this.#lost.promise.catch(() => undefined);
    // The driver's own limit leaves a statement that is late in the session, and what comes next waits behind it.
    const answerTo = (given: unknown[]): Promise<unknown> =>
      Reflect.apply(Client.prototype.query, this.client, given);
    Object.defineProperty(this.client, "query", {
      value: (...given: unknown[]) => this.#wait(() => answerTo(given), waits.answerMs, "answer"),
    });
  }

  connect(): Promise<void> {
    return this.#wait(() => this.client.connect(), this.#waits.sessionMs, "session");
  }

  /** Says goodbye where that can be said, once, and waits for nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The driver says goodbye to the database, and then leaves the WebSocket for the other side to close.
    if (this.lossCause === undefined) this.client.end(() => undefined);
    this.client.connection.stream.destroy();
  }

  #lose(cause: Error): void {
    this.lossCause ??= cause;
    this.#lost.reject(this.lossCause);
  }

  async #wait<Value>(ask: () => Promise<Value>, limitMs: number, what: string): Promise<Value> {
    if (this.lossCause !== undefined) throw this.lossCause;
    const timer = startTimer(limitMs, () => this.#lose(new Error(`no ${what} within ${limitMs} ms`)));
    try {
      return await Promise.race([ask(), this.#lost.promise]);
    } finally {
      timer.stop();
    }
  }
}
