// Changing, giving away and ending repositories, under the paths and in the shapes of GitHub's REST v3.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { json, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { sendSoon } from "../core/outbox.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { changeRepository, listRefNamespaces, type RepositoryChange } from "./change-repository.ts";
import { describeRepository, repositorySchema } from "./describe-repository.ts";
import { deleteRepository, transferRepository } from "./end-repository.ts";
import { requireRepository } from "./service.ts";
import { UNSUPPORTED_WHEN_CHANGED } from "./unsupported-fields.ts";

const params = z.object({ owner: z.string(), repo: z.string() });

const changeBody = z
  .object({
    name: z.string().nullish().transform(unsaid),
    description: z.string().nullish(),
    private: z.boolean().nullish().transform(unsaid),
    visibility: z.enum(["public", "internal", "private"]).nullish().transform(unsaid),
    default_branch: z.string().nullish().transform(unsaid),
    archived: z.boolean().nullish().transform(unsaid),
    ...UNSUPPORTED_WHEN_CHANGED,
  })
  .openapi("ChangeRepository");

const changeRoute = createRoute({
  method: "patch",
  path: "/repos/{owner}/{repo}",
  summary: "Change a repository",
  "x-permission": "repository.administer",
  request: { params, body: { required: true, ...json(changeBody) } },
  responses: {
    200: { description: "As it is now", ...json(repositorySchema) },
    ...errorResponses(400, 401, 403, 404, 422),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/repos/{owner}/{repo}",
  summary: "End a repository with all that is in it",
  "x-permission": "repository.administer",
  request: { params },
  responses: { 204: { description: "It is gone" }, ...errorResponses(401, 403, 404) },
});

const transferRoute = createRoute({
  method: "post",
  path: "/repos/{owner}/{repo}/transfer",
  summary: "Give a repository to an organisation, take it oneself, or offer it to another person",
  "x-permission": "repository.administer",
  request: {
    params,
    body: {
      required: true,
      ...json(
        z
          .object({
            new_owner: z.string(),
            new_name: z.string().nullish().transform(unsaid),
            team_ids: z
              .array(z.number().int())
              .max(0, "teams get it after the transfer")
              .nullish()
              .transform(unsaid),
          })
          .openapi("TransferRepository"),
      ),
    },
  },
  responses: {
    202: { description: "Given, or offered: then it has its owner still", ...json(repositorySchema) },
    ...errorResponses(400, 401, 403, 404, 422),
  },
});

const namespacesSchema = z
  .object({
    ref_namespaces: z.array(z.string()).openapi({
      description: "What of refs/ may be pushed, as heads; * for all but Gerrit's",
      example: ["heads", "tags", "notes", "pull"],
    }),
  })
  .openapi("RefNamespaces");

const readNamespacesRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/ref-namespaces",
  summary: "Which refs may be pushed to a repository",
  "x-permission": "repository.read",
  request: { params },
  responses: {
    200: { description: "As it is", ...json(namespacesSchema) },
    ...errorResponses(401, 403, 404),
  },
});

const changeNamespacesRoute = createRoute({
  method: "put",
  path: "/repos/{owner}/{repo}/ref-namespaces",
  summary: "Say which refs may be pushed to a repository",
  "x-permission": "repository.administer",
  request: { params, body: { required: true, ...json(namespacesSchema) } },
  responses: {
    200: { description: "As it is now", ...json(namespacesSchema) },
    ...errorResponses(400, 401, 403, 404, 422),
  },
});

/** Mounted at /api/v3. */
export const repositorySettingsRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(changeRoute, async (context) => {
    const repository = await find(context, context.req.valid("param"));
    const change = readChange(context.req.valid("json"));
    const changed = await changeRepository(context.get("database"), editorOf(context), repository, change);
    return context.json(describeRepository(changed, context.get("env").publicUrl), 200);
  })
  .openapi(readNamespacesRoute, async (context) => {
    const { id } = await find(context, context.req.valid("param"));
    return context.json({ ref_namespaces: await listRefNamespaces(context.get("database"), id) }, 200);
  })
  .openapi(changeNamespacesRoute, async (context) => {
    const repository = await find(context, context.req.valid("param"));
    const database = context.get("database");
    const { ref_namespaces: refNamespaces } = context.req.valid("json");
    await changeRepository(database, editorOf(context), repository, { refNamespaces });
    return context.json({ ref_namespaces: await listRefNamespaces(database, repository.id) }, 200);
  })
  .openapi(deleteRoute, async (context) => {
    const repository = await find(context, context.req.valid("param"));
    await deleteRepository(context.get("database"), editorOf(context), repository);
    return context.body(null, 204);
  })
  .openapi(transferRoute, async (context) => {
    const repository = await find(context, context.req.valid("param"));
    const { new_owner: owner, new_name: name } = context.req.valid("json");
    const [env, database] = [context.get("env"), context.get("database")];
    const end = await transferRepository(env, database, editorOf(context), repository, {
      owner,
      ...(name === undefined ? {} : { name }),
    });
    if (end.end === "offered") sendSoon(context);
    const now = end.end === "moved" ? end.repository : repository;
    return context.json(describeRepository(now, env.publicUrl), 202);
  });

// The service asks for the right to do it.
const find = (context: Context<AppEnv>, { owner, repo }: z.infer<typeof params>) =>
  requireRepository(context.get("database"), context.get("actor"), owner, repo, "repository.read");

const editorOf = (context: Context<AppEnv>) => ({
  actor: context.get("actor"),
  origin: readOrigin(context),
});

function readChange(body: z.infer<typeof changeBody>): RepositoryChange {
  const visibility = body.visibility ?? (body.private === undefined ? undefined : readPrivacy(body.private));
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.description === undefined ? {} : { description: body.description ?? "" }),
    ...(visibility === undefined ? {} : { visibility }),
    ...(body.default_branch === undefined ? {} : { defaultBranch: body.default_branch }),
    ...(body.archived === undefined ? {} : { isArchived: body.archived }),
  };
}

const readPrivacy = (isPrivate: boolean) => (isPrivate ? ("private" as const) : ("public" as const));
