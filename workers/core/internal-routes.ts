// What the gateway and an administrator's scripts ask of the Worker, signed with the secret they share with it.
import { Hono, type MiddlewareHandler } from "hono";
import { SIGNATURE_HEADER, verifySignature } from "../../schema/signature.ts";
import type { AppEnv } from "./app-env.ts";
import { notFound } from "./errors.ts";
import { drainOutbox } from "./outbox.ts";

/** Lets signed requests through; for all others there is nothing here. */
export const requireSignature: MiddlewareHandler<AppEnv> = async (context, next) => {
  const body = await context.req.text();
  const { pathname, search } = new URL(context.req.url);
  const request = { method: context.req.method, path: `${pathname}${search}`, body };
  const header = context.req.header(SIGNATURE_HEADER);
  if (!(await verifySignature(context.get("env").gatewaySecret, request, header))) throw notFound();
  await next();
};

/** Mounted at /internal. */
export const internalRoutes = new Hono<AppEnv>().post("/outbox", requireSignature, async (context) => {
  await drainOutbox({
    env: context.get("env"),
    database: context.get("database"),
    log: context.get("log"),
  });
  return context.body(null, 204);
});
