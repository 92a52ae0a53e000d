// Puts the actor into the context: bearer first (cookies are then ignored), then the session cookie.
// Unsafe methods with a cookie need a matching origin and the session's token.
import type { Context, MiddlewareHandler, Next } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { areEqualSecrets } from "../../schema/constant-time.ts";
import type { Actor } from "../core/actor.ts";
import { ANONYMOUS } from "../core/actor.ts";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError } from "../core/errors.ts";
import { SESSION_LIFETIME_MS } from "../core/limits.ts";
import { readOrigin } from "../core/origin.ts";
import { readPostedForm } from "../core/read-posted-form.ts";
import {
  chargeAddress,
  finishCharge,
  requireWithinLimit,
  toAddressKey,
} from "../rate-limits/limit-requests.ts";
import { classifyRequest, findRules, type RequestRules } from "../rate-limits/request-rules.ts";
import { authenticateOrCount } from "./bad-tokens.ts";
import { rememberBrowser } from "./known-browser.ts";
import { readToken, refuseTokenInQuery } from "./read-token.ts";
import { authenticateSession } from "./service.ts";
import { settleScopes } from "./token-scopes.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Authenticates every request that comes by it. @throws ForgeError `unauthorized` for a bad bearer token. */
export const authenticate: MiddlewareHandler<AppEnv> = async (context, next) => {
  refuseTokenInQuery(context);
  const resource = classifyRequest(context.req.path);
  const rules = resource && findRules(resource, context.get("env").rateLimitFactor);
  context.set("reauthenticate", async () => (await findActor(context, null)).actor);
  const { actor, charge } = await findActor(context, rules);
  context.set("actor", actor);
  if (charge) {
    requireWithinLimit(context, charge, nameActor(actor));
    await next();
    finishCharge(context, charge);
    await settleScopes(context, actor);
  } else if (rules && actor.kind === "anonymous") await answerAnonymous(context, rules, next);
  else await next();
};

// Whoever only looks is answered while their address is counted, and not told the answer past the limit.
async function answerAnonymous(context: Context<AppEnv>, rules: RequestRules, next: Next): Promise<void> {
  const address = toAddressKey(readOrigin(context).address);
  const counting = chargeAddress(context, rules, address);
  if (!SAFE_METHODS.has(context.req.method))
    requireWithinLimit(context, await counting, `address ${address}`);
  const [charge] = await Promise.all([counting, next()]);
  if (!charge.allowed) await context.res.body?.cancel();
  requireWithinLimit(context, charge, `address ${address}`);
  finishCharge(context, charge);
}

function nameActor(actor: Actor): string {
  if (actor.kind === "user") return `user ID ${actor.userId}`;
  return actor.kind === "deploy" ? `deploy key ${actor.deployKeyId}` : "this credential";
}

/** Refuses unsafe requests that ride on a cookie without the session's own token. */
export const refuseForgery: MiddlewareHandler<AppEnv> = async (context, next) => {
  const actor = context.get("actor");
  if (!SAFE_METHODS.has(context.req.method)) {
    requireSameOrigin(context);
    if (actor.kind === "user" && actor.credential.kind === "session") {
      await requireCsrfToken(context, actor.credential.csrfToken);
    }
  }
  await next();
};

async function findActor(context: Context<AppEnv>, rules: RequestRules | null) {
  const database = context.get("database");
  const header = context.req.header("authorization");
  if (header !== undefined) {
    const token = readToken(header);
    if (token === undefined)
      throw new ForgeError("unauthorized", "The Authorization header wasn't understood.");
    return authenticateOrCount(database, token, { address: readOrigin(context).address, rules });
  }
  const secret = readSessionSecret(context);
  if (secret !== undefined) return authenticateSession(database, secret, rules);
  return { actor: ANONYMOUS, charge: null };
}

/** The secret of the session that the browser says it has. */
export const readSessionSecret = (context: Context<AppEnv>): string | undefined =>
  getCookie(context, cookieName(context));

/** Gives the browser its new session, and has it remember that it had one. */
export async function setSessionCookie(context: Context<AppEnv>, secret: string): Promise<void> {
  setCookie(context, cookieName(context), secret, {
    path: "/",
    httpOnly: true,
    secure: isSecure(context),
    sameSite: "Lax",
    maxAge: SESSION_LIFETIME_MS / 1000,
  });
  await rememberBrowser(context, secret);
}

export function clearSessionCookie(context: Context<AppEnv>): void {
  deleteCookie(context, cookieName(context), { path: "/", secure: isSecure(context) });
}

const isSecure = (context: Context<AppEnv>): boolean => context.get("env").publicUrl.startsWith("https://");

// A `__Host-` cookie can't be planted by another host of the domain; it needs https, which localhost lacks.
const cookieName = (context: Context<AppEnv>): string => (isSecure(context) ? "__Host-plue" : "plue");

function requireSameOrigin(context: Context<AppEnv>): void {
  if (context.req.header("authorization") !== undefined) return;
  const site = context.req.header("sec-fetch-site");
  const origin = context.req.header("origin");
  const isForeign =
    (site !== undefined && site !== "same-origin") ||
    (origin !== undefined &&
      origin !== new URL(context.req.url).origin &&
      origin !== context.get("env").publicUrl);
  if (isForeign) throw new ForgeError("forbidden", "This request came from another site and was refused.");
}

async function requireCsrfToken(context: Context<AppEnv>, expected: string): Promise<void> {
  const given = context.req.header("x-csrf-token") ?? (await readFormField(context, "_csrf"));
  if (given === undefined || !areEqualSecrets(given, expected)) {
    throw new ForgeError("forbidden", "This form has expired. Go back, reload the page and send it again.");
  }
}

async function readFormField(context: Context<AppEnv>, name: string): Promise<string | undefined> {
  if (!context.req.header("content-type")?.startsWith("application/x-www-form-urlencoded")) return undefined;
  const value = (await readPostedForm(context))[name]?.at(-1);
  return typeof value === "string" ? value : undefined;
}
