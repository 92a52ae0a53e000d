// Errors of the API in GitHub's shape: {message, documentation_url, errors, request_id}.
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { AppEnv } from "./app-env.ts";
import { explainTrouble } from "./database-trouble.ts";
import type { Env } from "./env.ts";
import { ForgeError } from "./errors.ts";
import { hideSecrets } from "./request-context.ts";

/** What went wrong as a ForgeError; what nobody expected becomes `internal`, its cause kept for the log. */
export function toForgeError(thrown: unknown): ForgeError {
  const error = explainTrouble(thrown);
  if (error instanceof ForgeError) return error;
  if (error instanceof HTTPException && error.status === 400) {
    return new ForgeError("bad_request", "Problems parsing JSON", { cause: error });
  }
  if (isUnwritable(error)) {
    return new ForgeError("bad_request", "The request holds a character that no text can have.", {
      cause: error,
    });
  }
  return new ForgeError("internal", "Something went wrong on our side.", { cause: error });
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html: character_not_in_repertoire and
// untranslatable_character, by which PostgreSQL refuses a NUL in a text and in JSON. Nothing of ours ever holds one.
const UNWRITABLE = new Set(["22021", "22P05"]);
// invalid_text_representation: JSON of ours is refused for half a surrogate pair, and for nothing else.
const INVALID_TEXT = "22P02";

function isUnwritable(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!("code" in at) || typeof at.code !== "string") continue;
    if (UNWRITABLE.has(at.code)) return true;
    if (at.code === INVALID_TEXT && at.message.endsWith("for type json")) return true;
  }
  return false;
}

/** Writes a failure to the log: expected refusals in one line, faults with their whole chain. */
export function logFailure(context: Context<AppEnv>, error: ForgeError): void {
  const log = context.get("log");
  if (error.status >= 500) log.error("request failed", error, { path: hideSecrets(context.req.path) });
}

/** The JSON answer of the API to an error. */
export function answerApiError(context: Context<AppEnv>, error: ForgeError): Response {
  if (error.status === 401) context.header("WWW-Authenticate", 'Bearer realm="Plue"');
  if (error.retryAfterMs !== undefined) context.header("Retry-After", formatSeconds(error.retryAfterMs));
  if (error.allow !== undefined) context.header("Allow", error.allow.join(", "));
  // The site's own address, whatever Host the request named; there is none where the environment can't be read.
  const env: Env | undefined = context.get("env");
  const body = {
    message: error.message,
    documentation_url: `${env?.publicUrl ?? ""}/api/openapi.json`,
    request_id: context.get("requestId"),
    ...(error.fields.length > 0 ? { errors: error.fields } : {}),
  };
  return context.json(body, error.status);
}

/** Whole seconds, never too few, as `Retry-After` has them. */
export const formatSeconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)));
