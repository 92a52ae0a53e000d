// Conditional requests (RFC 9110, section 13) under /api/v3: every answer to a GET carries an ETag, and who shows it again is
// told that nothing changed. Invariant: an ETag is made of the body alone, so it outlives the token that it was got with.
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";

/** Inside of whatever counts requests: an answer without news is free. */
export const answerUnchanged: MiddlewareHandler<AppEnv> = async (context, next) => {
  await next();
  const { res, req } = context;
  const isRead = req.method === "GET" || req.method === "HEAD";
  if (!isRead || res.status !== 200 || !res.headers.get("content-type")?.startsWith("application/json"))
    return;
  const body = await res.arrayBuffer();
  const etag = `W/"${await hash(body)}"`;
  const headers = new Headers(res.headers);
  headers.set("etag", etag);
  headers.set("vary", "Accept, Authorization, Cookie");
  if (!headers.has("cache-control")) headers.set("cache-control", "private, no-cache");
  const isKnown = namesEtag(req.header("if-none-match"), etag);
  if (isKnown) headers.delete("content-type");
  // Else Hono would merge the headers of the former answer into those of the new one.
  context.res = undefined;
  context.res = isKnown ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
};

// Whether the list of an `If-None-Match` header names `etag`; weak and strong ones are the same here, as in RFC 9110.
function namesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "");
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === opaque);
}

async function hash(body: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
