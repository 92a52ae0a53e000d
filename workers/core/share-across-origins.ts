// The API for pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol): with a token, never a cookie.
// Invariant: `*` and no `Access-Control-Allow-Credentials`, so no browser lets another origin read what a cookie opened.
// Reads by cookie need no more than that, since they change nothing; what changes something needs the same origin and the
// session's own token (workers/auth/middleware.ts).
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import { PREFLIGHT_KEPT_SECONDS } from "./limits.ts";

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS =
  "Authorization, Content-Type, Content-Digest, Content-MD5, If-Match, If-None-Match, If-Modified-Since, Last-Event-ID, X-GitHub-Api-Version";
const EXPOSED_HEADERS =
  "ETag, Link, Location, Retry-After, X-OAuth-Scopes, X-Accepted-OAuth-Scopes, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, X-RateLimit-Reset, X-RateLimit-Resource, X-Request-Id";

/** Answers preflights, which carry no credential, and lets every other answer be read anywhere. */
export const shareAcrossOrigins: MiddlewareHandler<AppEnv> = async (context, next) => {
  const isPreflight =
    context.req.method === "OPTIONS" && context.req.header("access-control-request-method") !== undefined;
  if (isPreflight) {
    return context.body(null, 204, {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": METHODS,
      "Access-Control-Allow-Headers": REQUEST_HEADERS,
      "Access-Control-Max-Age": String(PREFLIGHT_KEPT_SECONDS),
    });
  }
  await next();
  context.res.headers.set("Access-Control-Allow-Origin", "*");
  context.res.headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  return undefined;
};
