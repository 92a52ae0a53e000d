// One's own API tokens under /api/user/tokens, and what a scanner of secrets asks.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError } from "../core/errors.ts";
import { formatTime, formatTimeOrNull } from "../core/format-time.ts";
import { TOKEN_CHECKS_PER_ADDRESS } from "../core/limits.ts";
import { idParam, json, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { toAddressKey } from "../rate-limits/limit-requests.ts";
import { takeRequest } from "../rate-limits/service.ts";
import {
  checkLeakedToken,
  createOwnToken,
  listOwnTokens,
  requireOwnToken,
  revokeOwnToken,
  rotateOwnToken,
  type TokenRow,
} from "./service.ts";

const tokenSchema = z
  .object({
    id: z.number().int(),
    name: z.string(),
    token_prefix: z.string(),
    scopes: z.array(z.string()),
    repositories: z.array(z.string()).nullable(),
    last_used_at: z.string().nullable(),
    last_used_address: z.string(),
    expires_at: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("Token");
const madeSchema = tokenSchema.extend({ token: z.string() }).openapi("NewToken");
const params = z.object({ id: idParam });

const listRoute = createRoute({
  method: "get",
  path: "/user/tokens",
  summary: "One's own API tokens that have not ended",
  "x-permission": "account.credentials",
  responses: { 200: { description: "All", ...json(z.array(tokenSchema)) }, ...errorResponses(401, 403) },
});

const createTokenRoute = createRoute({
  method: "post",
  path: "/user/tokens",
  summary: "Make an API token",
  "x-permission": "account.credentials",
  description:
    "It is shown in this answer and never again. A token makes none that may more, or for longer, than itself.",
  request: {
    body: {
      required: true,
      ...json(
        z.strictObject({
          name: z.string(),
          scopes: z.array(z.string()),
          repositories: z.array(z.string()).nullish(),
          expires_in_days: z.number().int().nullish(),
        }),
      ),
    },
  },
  responses: {
    201: { description: "Made", ...json(madeSchema) },
    ...errorResponses(400, 401, 403, 404, 422),
  },
});

const rotateRoute = createRoute({
  method: "post",
  path: "/user/tokens/{id}/rotate",
  summary: "Give a token a new secret",
  "x-permission": "account.credentials",
  request: { params },
  responses: {
    200: { description: "Its new secret", ...json(madeSchema) },
    ...errorResponses(401, 403, 404),
  },
});

const revokeRoute = createRoute({
  method: "delete",
  path: "/user/tokens/{id}",
  summary: "End a token at once",
  "x-permission": "account.credentials",
  request: { params },
  responses: { 204: { description: "Ended" }, ...errorResponses(401, 403, 404) },
});

const checkRoute = createRoute({
  method: "post",
  path: "/tokens/check",
  summary: "Ask whether a string that was found is a live API token, and have it revoked",
  "x-permission": "public",
  description: "Nothing is told of whose it is. `revoke` ends it at once, and its owner's log says so.",
  request: {
    body: {
      required: true,
      ...json(
        z.strictObject({ token: z.string().max(200), revoke: z.boolean().nullish().transform(unsaid) }),
      ),
    },
  },
  responses: {
    200: {
      description: "What it is",
      ...json(z.object({ state: z.enum(["malformed", "unknown", "live", "revoked"]) })),
    },
    ...errorResponses(400, 422),
  },
});

/** Mounted at /api. */
export const tokenRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listRoute, async (context) => {
    const tokens = await listOwnTokens(context.get("database"), context.get("actor"));
    return context.json(tokens.map(describeToken), 200);
  })
  .openapi(createTokenRoute, async (context) => {
    const [database, actor] = [context.get("database"), context.get("actor")];
    const body = context.req.valid("json");
    const made = await createOwnToken(database, actor, readOrigin(context), {
      name: body.name,
      scopes: body.scopes,
      repositories: body.repositories ?? null,
      expiresInDays: body.expires_in_days ?? null,
    });
    context.header("Cache-Control", "no-store");
    const row = await requireOwnToken(database, actor, made.id);
    return context.json({ ...describeToken(row), token: made.token }, 201);
  })
  .openapi(rotateRoute, async (context) => {
    const [database, actor] = [context.get("database"), context.get("actor")];
    const { id } = context.req.valid("param");
    const row = await requireOwnToken(database, actor, id);
    const made = await rotateOwnToken(database, actor, readOrigin(context), id);
    context.header("Cache-Control", "no-store");
    return context.json(
      { ...describeToken(row), token: made.token, token_prefix: made.token.slice(0, 9) },
      200,
    );
  })
  .openapi(revokeRoute, async (context) => {
    const { id } = context.req.valid("param");
    await revokeOwnToken(context.get("database"), context.get("actor"), readOrigin(context), id);
    return context.body(null, 204);
  })
  .openapi(checkRoute, async (context) => {
    const [database, origin] = [context.get("database"), readOrigin(context)];
    const taken = await takeRequest(database, TOKEN_CHECKS_PER_ADDRESS, toAddressKey(origin.address));
    const { retryAfterMs } = taken;
    if (!taken.allowed) throw new ForgeError("too_many_requests", "Too many questions.", { retryAfterMs });
    const { token, revoke = false } = context.req.valid("json");
    return context.json({ state: await checkLeakedToken(database, origin, token, revoke) }, 200);
  });

function describeToken(row: TokenRow): z.infer<typeof tokenSchema> {
  return {
    id: row.id,
    name: row.name,
    token_prefix: row.tokenPrefix,
    scopes: row.scopes,
    repositories: row.repositories,
    last_used_at: formatTimeOrNull(row.lastUsedAt),
    last_used_address: row.lastUsedAddress,
    expires_at: formatTimeOrNull(row.expiresAt),
    created_at: formatTime(row.createdAt),
  };
}
