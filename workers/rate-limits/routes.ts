// What is left of one's limits, under GitHub's path. Asking is free.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { readOrigin } from "../core/origin.ts";
import { toAddressKey } from "./limit-requests.ts";
import { findRules, type RateResource } from "./request-rules.ts";
import { readRequests } from "./service.ts";

const limitSchema = z.object({
  limit: z.number().int(),
  remaining: z.number().int(),
  used: z.number().int(),
  reset: z.number().int(),
});

const rateLimitRoute = createRoute({
  method: "get",
  path: "/rate_limit",
  summary: "What is left of one's limits",
  "x-permission": "public",
  responses: {
    200: {
      description: "By class of requests; asking is free",
      content: {
        "application/json": {
          schema: z.object({
            resources: z.object({ core: limitSchema, search: limitSchema, git: limitSchema }),
            rate: limitSchema,
          }),
        },
      },
    },
  },
});

/** Mounted at /api/v3. */
export const rateLimitRoutes = new OpenAPIHono<AppEnv>().openapi(rateLimitRoute, async (context) => {
  const core = await describeLimit(context, "core");
  const search = await describeLimit(context, "search");
  const git = await describeLimit(context, "git");
  return context.json({ resources: { core, search, git }, rate: core }, 200);
});

async function describeLimit(context: Context<AppEnv>, resource: RateResource) {
  const rules = findRules(resource, context.get("env").rateLimitFactor);
  const payer = nameCredential(context);
  const rule = payer === null ? rules.perAddress : rules.perCredential;
  const key = payer ?? toAddressKey(readOrigin(context).address);
  const { limit, remaining, resetAt } = await readRequests(context.get("database"), rule, key);
  return { limit, remaining, used: limit - remaining, reset: Math.ceil(resetAt.getTime() / 1000) };
}

/** As the statements that find out who asks name a credential (auth/find-token.ts); null for none. */
function nameCredential(context: Context<AppEnv>): string | null {
  const actor = context.get("actor");
  if (actor.kind === "run") return `job:${actor.jobId}`;
  if (actor.kind === "deploy") return `deploy:${actor.deployKeyId}`;
  if (actor.kind !== "user") return null;
  const { credential } = actor;
  return credential.kind === "token" ? `token:${credential.tokenId}` : `session:${credential.sessionId}`;
}
