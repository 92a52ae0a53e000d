// Headers of every answer to a browser: nothing inline runs, nothing is sniffed, framed or referred elsewhere.
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { AppEnv } from "./app-env.ts";
import { HTTPS_ONLY_SECONDS } from "./limits.ts";

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
  // Only in production: see below.
  strictTransportSecurity: false,
  // Passkeys are this site's own matter; the rest is nobody's.
  permissionsPolicy: {
    publickeyCredentialsGet: ["self"],
    accelerometer: [],
    camera: [],
    displayCapture: [],
    geolocation: [],
    gyroscope: [],
    magnetometer: [],
    microphone: [],
    midi: [],
    payment: [],
    serial: [],
    usb: [],
  },
});

/** An answer that brings a policy of its own, as people's files do, keeps it. */
export const addSecurityHeaders: MiddlewareHandler<AppEnv> = async (context, next) => {
  let own: string | null = null;
  await addStandardHeaders(context, async () => {
    await next();
    own = context.res.headers.get("content-security-policy");
  });
  if (own !== null) context.res.headers.set("content-security-policy", own);
  // A host that somebody tries Plue out on may serve other things by http.
  if (context.get("env").isProduction) {
    context.res.headers.set("strict-transport-security", `max-age=${HTTPS_ONLY_SECONDS}; includeSubDomains`);
  }
};
