// Repositories in the shapes and under the paths of GitHub's REST v3.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { addLinks, json, pageOf, unsaid } from "../core/openapi.ts";
import { unsupported } from "../core/unsupported.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { describeRepository, repositorySchema, toVisibility } from "./describe-repository.ts";
import { initializeRepository } from "./initialize-repository.ts";
import { ownRepositoriesQuery, readOrder, readOwnRepositories } from "./list-query.ts";
import { createRepository, listRepositories, requireRepository } from "./service.ts";
import { UNSUPPORTED_WHEN_MADE } from "./unsupported-fields.ts";

const createSchema = z
  .object({
    name: z.string(),
    description: z.string().max(350).nullish(),
    private: z.boolean().nullish().transform(unsaid),
    auto_init: z.boolean().nullish().transform(unsaid),
    has_discussions: unsupported(false),
    ...UNSUPPORTED_WHEN_MADE,
  })
  .openapi("CreateRepository");

const listRoute = createRoute({
  method: "get",
  path: "/user/repos",
  summary: "The repositories of the signed-in user: their own, and those they were let into",
  request: { query: ownRepositoriesQuery },
  responses: {
    200: { description: "One page, by name unless asked otherwise", ...json(z.array(repositorySchema)) },
    ...errorResponses(401),
  },
});

const createRepositoryRoute = createRoute({
  method: "post",
  path: "/user/repos",
  summary: "Make a repository, empty or with a README",
  request: { body: { required: true, ...json(createSchema) } },
  responses: {
    201: { description: "Made", ...json(repositorySchema) },
    ...errorResponses(400, 401, 403, 422),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}",
  summary: "One repository",
  request: { params: z.object({ owner: z.string(), repo: z.string() }) },
  responses: { 200: { description: "It", ...json(repositorySchema) }, ...errorResponses(401, 404) },
});

/** Mounted at /api/v3. */
export const repositoryRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listRoute, async (context) => {
    const actor = requireUser(context.get("actor"));
    const { publicUrl } = context.get("env");
    const query = context.req.valid("query");
    const page = pageOf(context);
    const { by, ...wanted } = readOwnRepositories(query);
    const among = { ...wanted, belongingTo: { userId: actor.userId, by } };
    const order = readOrder(query, "full_name");
    const found = await listRepositories(context.get("database"), actor, among, order, page);
    const { repositories, total } = found;
    addLinks(context, page, total);
    return context.json(
      repositories.map((repository) => describeRepository(repository, publicUrl)),
      200,
    );
  })
  .openapi(createRepositoryRoute, async (context) => {
    const actor = requireUser(context.get("actor"));
    const { publicUrl } = context.get("env");
    const body = context.req.valid("json");
    const made = await createRepository(context.get("database"), actor, {
      name: body.name,
      description: body.description ?? "",
      visibility: toVisibility(body.private),
    });
    const repository = body.auto_init ? await initializeRepository(context, actor, made) : made;
    const described = describeRepository(repository, publicUrl);
    context.header("Location", described.url);
    return context.json(described, 201);
  })
  .openapi(getRoute, async (context) => {
    const { owner, repo } = context.req.valid("param");
    const repository = await requireRepository(
      context.get("database"),
      context.get("actor"),
      owner,
      repo,
      "repository.read",
    );
    return context.json(describeRepository(repository, context.get("env").publicUrl), 200);
  });
