// Branch protection under the paths and in the shapes of GitHub's REST v3: the whole of it, and the rules of a branch.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../core/app-env.ts";
import { pageQuery, takePage } from "../core/openapi.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requireRepository } from "../repos/service.ts";
import {
  branchParams,
  editorOf,
  namePushers,
  requireBranch,
  requireOwnRule,
  requireRule,
  setOwnRule,
} from "./branch-context.ts";
import { describeProtection, describeRules, protectionSchema, ruleSchema } from "./describe-protection.ts";
import { protectionBody, readProtection } from "./read-protection.ts";
import { protectionPartRoutes } from "./routes-parts.ts";
import { findBranchRule, removeRule, resolvePrincipals } from "./service.ts";

const PATH = "/repos/{owner}/{repo}/branches/{branch}/protection";
const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { "application/json": { schema } } });

const getRoute = createRoute({
  method: "get",
  path: PATH,
  summary: "The rules that a branch is under",
  "x-permission": "repository.administer",
  request: { params: branchParams },
  responses: { 200: { description: "They", ...json(protectionSchema) }, ...errorResponses(401, 403, 404) },
});

const putRoute = createRoute({
  method: "put",
  path: PATH,
  summary: "Set the rules for one branch",
  "x-permission": "repository.administer",
  request: { params: branchParams, body: { required: true, ...json(protectionBody) } },
  responses: {
    200: { description: "As they are now", ...json(protectionSchema) },
    ...errorResponses(401, 403, 404, 422),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: PATH,
  summary: "End the rules for one branch",
  "x-permission": "repository.administer",
  request: { params: branchParams },
  responses: { 204: { description: "Ended" }, ...errorResponses(401, 403, 404, 422) },
});

const rulesRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/rules/branches/{branch}",
  summary: "What is asked of a branch of this name, be there one or not",
  "x-permission": "repository.read",
  request: { params: branchParams, query: pageQuery },
  responses: { 200: { description: "It", ...json(z.array(ruleSchema)) }, ...errorResponses(401, 404) },
});

/** Mounted at /api/v3. */
export const protectionRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(getRoute, async (context) => {
    const found = await requireBranch(context, context.req.valid("param"), "repository.administer");
    const { rules } = await requireRule(context, found);
    const named = await namePushers(context, found.repository, rules);
    return context.json(describeProtection(found.url, rules, named), 200);
  })
  .openapi(putRoute, async (context) => {
    const found = await requireBranch(context, context.req.valid("param"), "repository.administer");
    const body = context.req.valid("json");
    const rules = await setOwnRule(context, found, async (before) => {
      const wanted = readProtection(body, before);
      const { id } = found.repository;
      const push = wanted.push && (await resolvePrincipals(context.get("database"), id, wanted.push));
      return { ...wanted.rules, push };
    });
    const named = await namePushers(context, found.repository, rules);
    return context.json(describeProtection(found.url, rules, named), 200);
  })
  .openapi(deleteRoute, async (context) => {
    const found = await requireBranch(context, context.req.valid("param"), "repository.administer");
    const { id } = await requireOwnRule(context, found);
    await removeRule(context.get("database"), editorOf(context), found.repository, id);
    return context.body(null, 204);
  })
  .openapi(rulesRoute, async (context) => {
    const { owner, repo, branch } = context.req.valid("param");
    const database = context.get("database");
    const repository = await requireRepository(
      database,
      context.get("actor"),
      owner,
      repo,
      "repository.read",
    );
    const rule = await findBranchRule(database, repository.id, branch);
    const source = `${repository.owner}/${repository.name}`;
    return context.json(takePage(context, rule === null ? [] : describeRules(rule, source)), 200);
  });
protectionRoutes.route("/", protectionPartRoutes);
