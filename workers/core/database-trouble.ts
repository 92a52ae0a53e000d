// Which failures of a statement are the database's being away. Invariant: what PostgreSQL said of the statement itself
// (a constraint, a syntax error) is never taken for that.
import { NeonDbError } from "@neondatabase/serverless";
import { ForgeError } from "./errors.ts";

// https://www.postgresql.org/docs/current/errcodes-appendix.html: too_many_connections, admin_shutdown, crash_shutdown,
// cannot_connect_now, database_dropped, idle_session_timeout; and class 08, which is of connections.
const AWAY = new Set(["53300", "57P01", "57P02", "57P03", "57P04", "57P05"]);

const isAwayCode = (code: unknown): boolean =>
  typeof code === "string" && (AWAY.has(code) || code.startsWith("08"));

const RETRY_AFTER_MS = 60_000;

/** @param what a sentence that says what is known of the request. */
export function sayUnavailable(what: string, cause: unknown): ForgeError {
  return new ForgeError("unavailable", what, { cause, retryAfterMs: RETRY_AFTER_MS });
}

/** A ForgeError `unavailable` where the database is away, otherwise what it was given. */
export function explainTrouble(error: unknown): unknown {
  if (error instanceof ForgeError || !isAway(error)) return error;
  return sayUnavailable("The database doesn't answer at the moment. Try again in a minute.", error);
}

function isAway(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && isAwayCode(at.code)) return true;
    // Over HTTP, an error without PostgreSQL's code is one of the way to it: refused, cut, late.
    if (at instanceof NeonDbError && at.code === undefined) return true;
  }
  return false;
}
