// What the gateway asks of the Worker, signed with their shared secret.
import { Hono } from "hono";
import { SIGNATURE_HEADER, verifySignature } from "../../schema/signature.ts";
import type { AppEnv } from "./app-env.ts";
import { notFound } from "./errors.ts";
import { drainOutbox } from "./outbox.ts";

/** Mounted at /internal. Without a good signature nothing is here. */
export const internalRoutes = new Hono<AppEnv>().post("/outbox", async (context) => {
  const env = context.get("env");
  const body = await context.req.text();
  const { pathname, search } = new URL(context.req.url);
  const request = { method: context.req.method, path: `${pathname}${search}`, body };
  const isGenuine = await verifySignature(env.gatewaySecret, request, context.req.header(SIGNATURE_HEADER));
  if (!isGenuine) throw notFound();
  await drainOutbox(env, context.get("database"));
  return context.body(null, 204);
});
