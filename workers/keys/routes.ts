// SSH keys and deploy keys under the paths and in the shapes of GitHub's REST v3. A deploy key without a `key` is a
// token for HTTPS, shown in that answer alone.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { notFound } from "../core/errors.ts";
import { formatTime, formatTimeOrNull } from "../core/format-time.ts";
import { idParam, json, pageQuery, takePage, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requireRepository } from "../repos/service.ts";
import {
  addDeployKey,
  addOwnKey,
  type DeployKeyRow,
  listDeployKeys,
  listKeysOf,
  listOwnKeys,
  removeDeployKey,
  removeOwnKey,
  type SshKeyRow,
} from "./service.ts";

const keySchema = z
  .object({
    ...{ id: z.number().int(), key: z.string(), title: z.string(), url: z.string() },
    ...{ created_at: z.string(), verified: z.boolean(), read_only: z.boolean() },
    last_used: z.string().nullable(),
  })
  .openapi("SshKey");
const publicKeySchema = z.object({ id: z.number().int(), key: z.string(), created_at: z.string() });
const deployKeySchema = keySchema
  .extend({ added_by: z.string().nullable(), enabled: z.boolean(), token: z.string().optional() })
  .openapi("DeployKey");

const repositoryParams = z.object({ owner: z.string(), repo: z.string() });
const own = { "x-permission": "account.keys" };
const administer = { "x-permission": "repository.administer" };

const listOwnRoute = createRoute({
  ...{ method: "get", path: "/user/keys", summary: "One's own SSH keys", ...own },
  request: { query: pageQuery },
  responses: { 200: { description: "One page", ...json(z.array(keySchema)) }, ...errorResponses(401, 403) },
});
const addOwnRoute = createRoute({
  ...{ method: "post", path: "/user/keys", summary: "Add an SSH key", ...own },
  request: {
    body: {
      required: true,
      ...json(z.object({ title: z.string().nullish().transform(unsaid), key: z.string() })),
    },
  },
  responses: { 201: { description: "Added", ...json(keySchema) }, ...errorResponses(400, 401, 403, 422) },
});
const getOwnRoute = createRoute({
  ...{ method: "get", path: "/user/keys/{key_id}", summary: "One of one's own SSH keys", ...own },
  request: { params: z.object({ key_id: idParam }) },
  responses: { 200: { description: "It", ...json(keySchema) }, ...errorResponses(401, 403, 404) },
});
const removeOwnRoute = createRoute({
  ...{ method: "delete", path: "/user/keys/{key_id}", summary: "Remove an SSH key", ...own },
  request: { params: z.object({ key_id: idParam }) },
  responses: { 204: { description: "Removed" }, ...errorResponses(401, 403, 404) },
});
const listOfRoute = createRoute({
  ...{ method: "get", path: "/users/{username}/keys", summary: "A person's SSH keys" },
  "x-permission": "public",
  request: { params: z.object({ username: z.string() }), query: pageQuery },
  responses: { 200: { description: "One page", ...json(z.array(publicKeySchema)) } },
});
const listDeployRoute = createRoute({
  ...{ method: "get", path: "/repos/{owner}/{repo}/keys", summary: "Deploy keys", ...administer },
  request: { params: repositoryParams, query: pageQuery },
  responses: {
    200: { description: "One page", ...json(z.array(deployKeySchema)) },
    ...errorResponses(401, 403, 404),
  },
});
const addDeployRoute = createRoute({
  ...{ method: "post", path: "/repos/{owner}/{repo}/keys", summary: "Add a deploy key", ...administer },
  description:
    "With `key` an SSH public key, for later use; without one a token for git and the API over HTTPS.",
  request: {
    params: repositoryParams,
    body: {
      required: true,
      ...json(
        z.object({
          title: z.string().nullish().transform(unsaid),
          key: z.string().nullish().transform(unsaid),
          read_only: z.boolean().nullish().transform(unsaid),
        }),
      ),
    },
  },
  responses: {
    201: { description: "Added", ...json(deployKeySchema) },
    ...errorResponses(400, 401, 403, 404, 422),
  },
});
const keyParams = repositoryParams.extend({ key_id: idParam });
const getDeployRoute = createRoute({
  ...{ method: "get", path: "/repos/{owner}/{repo}/keys/{key_id}", summary: "A deploy key", ...administer },
  request: { params: keyParams },
  responses: { 200: { description: "It", ...json(deployKeySchema) }, ...errorResponses(401, 403, 404) },
});
const removeDeployRoute = createRoute({
  ...{
    method: "delete",
    path: "/repos/{owner}/{repo}/keys/{key_id}",
    summary: "End a deploy key",
    ...administer,
  },
  request: { params: keyParams },
  responses: { 204: { description: "Ended" }, ...errorResponses(401, 403, 404) },
});

/** Mounted at /api/v3. */
export const keyRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listOwnRoute, async (context) => {
    const rows = await listOwnKeys(context.get("database"), context.get("actor"));
    return context.json(
      takePage(context, rows).map((row) => describeKey(context, row)),
      200,
    );
  })
  .openapi(addOwnRoute, async (context) => {
    const { title = "", key } = context.req.valid("json");
    const wanted = { title, key };
    const row = await addOwnKey(context.get("database"), context.get("actor"), readOrigin(context), wanted);
    return context.json(describeKey(context, row), 201);
  })
  .openapi(getOwnRoute, async (context) => {
    const { key_id } = context.req.valid("param");
    const rows = await listOwnKeys(context.get("database"), context.get("actor"));
    const row = rows.find(({ id }) => id === key_id);
    if (!row) throw notFound();
    return context.json(describeKey(context, row), 200);
  })
  .openapi(removeOwnRoute, async (context) => {
    const { key_id } = context.req.valid("param");
    await removeOwnKey(context.get("database"), context.get("actor"), readOrigin(context), key_id);
    return context.body(null, 204);
  })
  .openapi(listOfRoute, async (context) => {
    const rows = await listKeysOf(context.get("database"), context.req.valid("param").username);
    const described = takePage(context, rows).map(({ id, publicKey, createdAt }) => ({
      ...{ id, key: publicKey, created_at: formatTime(createdAt) },
    }));
    return context.json(described, 200);
  })
  .openapi(listDeployRoute, async (context) => {
    const repository = await requireAdministered(context);
    const rows = await listDeployKeys(context.get("database"), repository.id);
    return context.json(
      takePage(context, rows).map((row) => describeDeployKey(context, row)),
      200,
    );
  })
  .openapi(addDeployRoute, async (context) => {
    const repository = await requireAdministered(context);
    const { title = "", key = null, read_only = true } = context.req.valid("json");
    const [database, actor] = [context.get("database"), context.get("actor")];
    const wanted = { title, key, canWrite: !read_only };
    const made = await addDeployKey(database, actor, readOrigin(context), repository, wanted);
    context.header("Cache-Control", "no-store");
    const row = await findDeployKey(context, repository.id, made.id);
    const token = made.token === null ? {} : { token: made.token };
    return context.json({ ...describeDeployKey(context, row), ...token }, 201);
  })
  .openapi(getDeployRoute, async (context) => {
    const repository = await requireAdministered(context);
    const row = await findDeployKey(context, repository.id, context.req.valid("param").key_id);
    return context.json(describeDeployKey(context, row), 200);
  })
  .openapi(removeDeployRoute, async (context) => {
    const repository = await requireAdministered(context);
    const [database, actor] = [context.get("database"), context.get("actor")];
    const { key_id } = context.req.valid("param");
    await removeDeployKey(database, actor, readOrigin(context), repository, key_id);
    return context.body(null, 204);
  });

function requireAdministered(context: Context<AppEnv>) {
  const [owner = "", name = ""] = [context.req.param("owner"), context.req.param("repo")];
  const [database, actor] = [context.get("database"), context.get("actor")];
  return requireRepository(database, actor, owner, name, "repository.administer");
}

async function findDeployKey(context: Context<AppEnv>, repositoryId: number, wantedId: number) {
  const rows = await listDeployKeys(context.get("database"), repositoryId);
  const row = rows.find(({ id }) => id === wantedId);
  if (!row) throw notFound();
  return row;
}

function describeKey(context: Context<AppEnv>, row: SshKeyRow): z.infer<typeof keySchema> {
  return {
    ...{ id: row.id, key: row.publicKey, title: row.title, verified: true, read_only: false },
    url: `${context.get("env").publicUrl}/api/v3/user/keys/${row.id}`,
    created_at: formatTime(row.createdAt),
    last_used: formatTimeOrNull(row.lastUsedAt),
  };
}

function describeDeployKey(context: Context<AppEnv>, row: DeployKeyRow): z.infer<typeof deployKeySchema> {
  const [owner = "", repo = ""] = [context.req.param("owner"), context.req.param("repo")];
  return {
    ...{ id: row.id, key: row.publicKey ?? `${row.tokenPrefix}…`, title: row.title, verified: true },
    url: `${context.get("env").publicUrl}/api/v3/repos/${owner}/${repo}/keys/${row.id}`,
    created_at: formatTime(row.createdAt),
    read_only: !row.canWrite,
    added_by: row.createdBy,
    last_used: formatTimeOrNull(row.lastUsedAt),
    enabled: true,
  };
}
