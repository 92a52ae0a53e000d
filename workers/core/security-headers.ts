// Headers of every answer to a browser: nothing inline runs, nothing is sniffed, framed or referred elsewhere.
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

const addStandardHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
  crossOriginResourcePolicy: "same-origin",
});

/** An answer that brings a policy of its own, as people's files do, keeps it. */
export const addSecurityHeaders: MiddlewareHandler = async (context, next) => {
  let own: string | null = null;
  await addStandardHeaders(context, async () => {
    await next();
    own = context.res.headers.get("content-security-policy");
  });
  if (own !== null) context.res.headers.set("content-security-policy", own);
};
