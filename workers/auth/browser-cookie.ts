// The cookie that binds challenges to a browser that isn't signed in yet. Its secret opens nothing by itself.
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { randomBase62 } from "../../schema/token.ts";
import type { AppEnv } from "../core/app-env.ts";
import { CHALLENGE_LIFETIME_MS } from "../core/limits.ts";

const SECRET_LENGTH = 43;
const SECRET_SHAPE = /^[0-9A-Za-z]{43}$/;

/** The browser's secret; empty when it brought none. */
export function readBrowserSecret(context: Context<AppEnv>): string {
  const secret = getCookie(context, cookieName(context)) ?? "";
  return SECRET_SHAPE.test(secret) ? secret : "";
}

/** As `readBrowserSecret`, and gives the browser one if it brought none. It is kept as long as a challenge is good. */
export function ensureBrowserSecret(context: Context<AppEnv>): string {
  const secret = readBrowserSecret(context) || randomBase62(SECRET_LENGTH);
  setCookie(context, cookieName(context), secret, {
    path: "/",
    httpOnly: true,
    secure: isSecure(context),
    sameSite: "Strict",
    maxAge: CHALLENGE_LIFETIME_MS / 1000,
  });
  return secret;
}

const isSecure = (context: Context<AppEnv>): boolean => context.get("env").publicUrl.startsWith("https://");

// As the session's: a `__Host-` cookie can't be planted by another host of the domain.
const cookieName = (context: Context<AppEnv>): string =>
  isSecure(context) ? "__Host-plue-browser" : "plue-browser";
