// What signing in by wallet or passkey works with, from the request.
import type { Context } from "hono";
import { ensureBrowserSecret, readBrowserSecret } from "../workers/auth/browser-cookie.ts";
import { setSessionCookie } from "../workers/auth/middleware.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { ForgeError } from "../workers/core/errors.ts";
import type { BrowserServices, SignInPurpose } from "../workers/sign-in/browser-services.ts";
import { makeServices } from "./make-services.ts";

/** For an answer: whatever browser brings it. */
export const makeBrowserServices = (context: Context<AppEnv>): BrowserServices => ({
  ...makeServices(context),
  browserSecret: readBrowserSecret(context),
});

/** For a question: the browser gets a cookie that it has to bring along with the answer. */
export const makeAskingServices = (context: Context<AppEnv>): BrowserServices => ({
  ...makeServices(context),
  browserSecret: ensureBrowserSecret(context),
});

/**
 * What is signed in for. Only who is signed in by a browser session confirms.
 * @throws ForgeError `unauthorized` to confirm as nobody.
 */
export function readPurpose(context: Context<AppEnv>, given: unknown): SignInPurpose {
  if (given !== "confirm") return "sign-in";
  const actor = context.get("actor");
  if (actor.kind === "user" && actor.credential.kind === "session") return "confirm";
  throw new ForgeError("unauthorized", "Sign in first.");
}

/** Goes on as whoever the session is of. @param path one that `readReturnPath` gave, or one of our own */
export async function enterSession(
  context: Context<AppEnv>,
  session: string,
  path: string,
): Promise<Response> {
  await setSessionCookie(context, session);
  context.header("Cache-Control", "no-store");
  return context.redirect(path, 303);
}
