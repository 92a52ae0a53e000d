// Browsers that an account has been signed in from: what others try against the account doesn't keep it from them.
// Invariant: the cookie holds hashes of sessions' secrets, which open nothing; each is looked up with the account it was of.
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { hashSecret } from "../../schema/token.ts";
import type { AppEnv } from "../core/app-env.ts";
import { KNOWN_ACCOUNTS_PER_BROWSER_MAX, KNOWN_BROWSER_LIFETIME_MS } from "../core/limits.ts";

const HASH_SHAPE = /^[0-9a-f]{64}$/;

/** Has the browser remember that a session with this secret was opened in it. */
export async function rememberBrowser(context: Context<AppEnv>, sessionSecret: string): Promise<void> {
  const known = [await hashSecret(sessionSecret), ...readKnownSessions(context)];
  setCookie(context, cookieName(context), known.slice(0, KNOWN_ACCOUNTS_PER_BROWSER_MAX).join("."), {
    path: "/",
    httpOnly: true,
    secure: isSecure(context),
    sameSite: "Lax",
    maxAge: KNOWN_BROWSER_LIFETIME_MS / 1000,
  });
}

/** The hashes of the newest sessions that were opened in this browser, as it says. */
export function readKnownSessions(context: Context<AppEnv>): string[] {
  const hashes = (getCookie(context, cookieName(context)) ?? "").split(".");
  return hashes.filter((hash) => HASH_SHAPE.test(hash)).slice(0, KNOWN_ACCOUNTS_PER_BROWSER_MAX);
}

const isSecure = (context: Context<AppEnv>): boolean => context.get("env").publicUrl.startsWith("https://");

// As the session's: a `__Host-` cookie can't be planted by another host of the domain.
const cookieName = (context: Context<AppEnv>): string =>
  isSecure(context) ? "__Host-plue-known" : "plue-known";
