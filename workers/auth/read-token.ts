// The token in an Authorization header, however clients send it.
import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError } from "../core/errors.ts";

const QUERY_NAMES = ["access_token", "token", "private_token", "api_key", "client_secret"];

/** What to say of a token in the address, which logs, histories and other sites would keep; undefined without one. */
export function findTokenInQuery(context: Context<AppEnv>): string | undefined {
  const query = context.req.queries();
  const isNamed = QUERY_NAMES.some((name) => query[name] !== undefined);
  const isToken = (value: string) => /^plue_(?:[a-z]+_)?[0-9A-Za-z]{36}$/.test(value);
  if (!isNamed && !Object.values(query).some((values) => values.some(isToken))) return undefined;
  return "A token doesn't belong in an address. Send it as `Authorization: Bearer …`, and revoke this one.";
}

/** @throws ForgeError `bad_request` for a token in the address. */
export function refuseTokenInQuery(context: Context<AppEnv>): void {
  const problem = findTokenInQuery(context);
  if (problem !== undefined) throw new ForgeError("bad_request", problem);
}

/** The token of an Authorization header: `Bearer`, `token`, or the password of `Basic`. */
export function readToken(header: string | undefined): string | undefined {
  const match = /^(bearer|token|basic) +(\S+) *$/i.exec(header ?? "");
  if (!match?.[1] || !match[2]) return undefined;
  return match[1].toLowerCase() === "basic" ? readBasicPassword(match[2]) : match[2];
}

function readBasicPassword(encoded: string): string | undefined {
  try {
    const decoded = atob(encoded);
    const colon = decoded.indexOf(":");
    if (colon < 0) return undefined;
    const [user, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
    // `https://TOKEN@host` sends the token as the user name and no password, and older scripts a fixed one.
    return password === "" || password === "x-oauth-basic" ? user : password;
  } catch (cause) {
    throw new ForgeError("unauthorized", "The Authorization header isn't valid base64.", { cause });
  }
}
