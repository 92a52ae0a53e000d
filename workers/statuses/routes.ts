// Commit statuses under the paths and in the shapes of GitHub's REST v3.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { STATUS_CONTEXT_CHARACTERS_MAX } from "../../schema/run-status-context.ts";
import type { RepositoryAction } from "../auth/permissions.ts";
import { findRevision } from "../content/find-revision.ts";
import type { AppEnv } from "../core/app-env.ts";
import { notFound } from "../core/errors.ts";
import { json, pageQuery, takePage, unsaid } from "../core/openapi.ts";
import { formatLinks, readPage } from "../core/paging.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { createObjectReader } from "../git/store/object-reader.ts";
import { describeRepository, repositorySchema } from "../repos/describe-repository.ts";
import { requireRepository } from "../repos/service.ts";
import { describePlainStatus, describeStatus, plainStatusSchema, statusSchema } from "./describe-status.ts";
import { addStatus, combineStatuses, listStatuses } from "./service.ts";

const DESCRIPTION_CHARACTERS_MAX = 140;
const ADDRESS_CHARACTERS_MAX = 2_000;

const statusBody = z
  .object({
    state: z.enum(["error", "failure", "pending", "success"]),
    target_url: z
      .union([z.literal(""), z.url({ protocol: /^https?$/ }).max(ADDRESS_CHARACTERS_MAX)])
      .nullish(),
    description: z.string().max(DESCRIPTION_CHARACTERS_MAX).nullish(),
    context: z.string().min(1).max(STATUS_CONTEXT_CHARACTERS_MAX).nullish().transform(unsaid),
  })
  .openapi("CreateCommitStatus");

const combinedSchema = z
  .object({
    state: z.enum(["failure", "pending", "success"]),
    sha: z.string(),
    total_count: z.number().int(),
    statuses: z.array(plainStatusSchema),
    repository: repositorySchema,
    commit_url: z.string(),
    url: z.string(),
  })
  .openapi("CombinedCommitStatus");

const names = z.object({ owner: z.string(), repo: z.string() });
const refParams = names.extend({ ref: z.string() });

const addRoute = createRoute({
  method: "post",
  path: "/repos/{owner}/{repo}/statuses/{sha}",
  summary: "Say how a commit fares in a context",
  "x-permission": "status.write",
  request: { params: names.extend({ sha: z.string() }), body: { required: true, ...json(statusBody) } },
  responses: {
    201: { description: "Said", ...json(statusSchema) },
    ...errorResponses(400, 401, 403, 404, 422),
  },
});

const listRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/commits/{ref}/statuses",
  summary: "All that was said of a commit, newest first",
  "x-permission": "repository.read",
  request: { params: refParams, query: pageQuery },
  responses: {
    200: { description: "One page", ...json(z.array(statusSchema)) },
    ...errorResponses(401, 404),
  },
});

const combinedRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/commits/{ref}/status",
  summary: "The newest of each context, and what they come to",
  "x-permission": "repository.read",
  request: { params: refParams, query: pageQuery },
  responses: { 200: { description: "It", ...json(combinedSchema) }, ...errorResponses(401, 404) },
});

/** Mounted at /api/v3. */
export const statusRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(addRoute, async (context) => {
    const { owner, repo, sha } = context.req.valid("param");
    const [database, env, actor] = [context.get("database"), context.get("env"), context.get("actor")];
    const repository = await requireRepository(database, actor, owner, repo, "status.write");
    const body = context.req.valid("json");
    const status = await addStatus({ env, database }, actor, repository, sha, {
      state: body.state,
      context: body.context ?? "default",
      description: body.description ?? "",
      targetUrl: body.target_url ?? "",
    });
    const described = describeStatus(status, repository, env.publicUrl);
    context.header("Location", described.url);
    return context.json(described, 201);
  })
  .openapi(listRoute, async (context) => {
    const { repository, oid } = await requireCommit(context, context.req.valid("param"), "repository.read");
    const { publicUrl } = context.get("env");
    const page = readPage(context.req.valid("query"));
    const { statuses, total } = await listStatuses(context.get("database"), repository.id, oid, page);
    const links = formatLinks(context.req.url, publicUrl, page, total);
    if (links) context.header("Link", links);
    return context.json(
      statuses.map((status) => describeStatus(status, repository, publicUrl)),
      200,
    );
  })
  .openapi(combinedRoute, async (context) => {
    const { repository, oid } = await requireCommit(context, context.req.valid("param"), "repository.read");
    const { publicUrl } = context.get("env");
    const { state, statuses } = await combineStatuses(context.get("database"), repository.id, oid);
    const commitUrl = `${publicUrl}/api/v3/repos/${repository.owner}/${repository.name}/commits/${oid}`;
    return context.json(
      {
        state,
        sha: oid,
        total_count: statuses.length,
        statuses: takePage(context, statuses).map((status) =>
          describePlainStatus(status, repository, publicUrl),
        ),
        repository: describeRepository(repository, publicUrl),
        commit_url: commitUrl,
        url: `${commitUrl}/status`,
      },
      200,
    );
  });

/** The commit that a branch, a tag or a full id means. @throws ForgeError `not_found` */
async function requireCommit(
  context: Context<AppEnv>,
  { owner, repo, ref }: z.infer<typeof refParams>,
  action: RepositoryAction,
) {
  const database = context.get("database");
  const repository = await requireRepository(database, context.get("actor"), owner, repo, action);
  const objects = createObjectReader(context.get("env"), database, repository.id);
  const name = ref.replace(/^(refs\/)?(heads|tags)\//, "");
  const found = await findRevision(database.query, objects, repository.id, name);
  if (!found?.commit || found.path !== "") throw notFound(`No commit found for SHA: ${ref}`);
  return { repository, oid: found.commit.oid };
}
