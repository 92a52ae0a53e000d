// The first shield: Cloudflare's own counts of requests, by address and class of requests, asked before anything else.
// Invariant: it only ever refuses. Each of Cloudflare's places counts for itself and not to the very number; what is
// allowed exactly, Postgres says afterwards (service.ts).
// https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError } from "../core/errors.ts";
import { SHIELD_PERIOD_MS } from "../core/limits.ts";
import { readOrigin } from "../core/origin.ts";
import { toAddressKey } from "./limit-requests.ts";
import { classifyRequest, type RateResource } from "./request-rules.ts";

const SIGN_IN = /^\/(login|register|reset|activate|verify)(\/|$)/;
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** As `requireUnshielded`, for all that comes after. */
export const shieldRequests: MiddlewareHandler<AppEnv> = async (context, next) => {
  await requireUnshielded(context, classifyRequest(context.req.path) ?? "core");
  await next();
};

/** @throws ForgeError `too_many_requests` when Cloudflare has counted too many; without its bindings, never. */
export async function requireUnshielded(context: Context<AppEnv>, resource: RateResource): Promise<void> {
  const address = toAddressKey(readOrigin(context).address);
  if (address === "") return;
  const { rateShield, signInShield, clientAddressSource } = context.get("env");
  // Elsewhere the bindings are only played, and everybody on one machine would share their numbers.
  if (clientAddressSource.kind !== "cloudflare") return;
  const { method, path } = context.req;
  const isSignIn = !SAFE_METHODS.has(method) && SIGN_IN.test(path);
  const [first, second] = await Promise.all([
    rateShield?.limit({ key: `${resource}:${address}` }),
    isSignIn ? signInShield?.limit({ key: address }) : undefined,
  ]);
  if (first?.success !== false && second?.success !== false) return;
  throw new ForgeError("too_many_requests", "Too many requests from this address. Try again in a minute.", {
    retryAfterMs: SHIELD_PERIOD_MS,
  });
}
