// Branches under the paths and in the shapes of GitHub's REST v3, each with whether a rule protects it.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../core/app-env.ts";
import { addLinks, json, pageOf, pageQuery } from "../core/openapi.ts";
import { unsupported } from "../core/unsupported.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requireRepository } from "../repos/service.ts";
import { branchParams, protectionUrl, requireBranch } from "./branch-context.ts";
import { commitSchema, describeCommit } from "./describe-commit.ts";
import { describeStatusChecks } from "./describe-protection.ts";
import { findRule } from "./judge-move.ts";
import { findBranchRule, listBranches, listRules } from "./service.ts";

const shortBranchSchema = z
  .object({
    name: z.string(),
    commit: z.object({ sha: z.string(), url: z.string() }),
    protected: z.boolean(),
    protection_url: z.string(),
  })
  .openapi("ShortBranch");

const branchSchema = z
  .object({
    name: z.string(),
    commit: commitSchema,
    _links: z.object({ html: z.string(), self: z.string() }),
    protected: z.boolean(),
    protection: z.object({
      enabled: z.boolean(),
      required_status_checks: z.object({
        enforcement_level: z.enum(["off", "non_admins", "everyone"]),
        contexts: z.array(z.string()),
        checks: z.array(z.object({ context: z.string(), app_id: z.number().nullable() })),
      }),
    }),
    protection_url: z.string(),
  })
  .openapi("Branch");

const listRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/branches",
  summary: "The branches of a repository, by name",
  "x-permission": "repository.read",
  request: {
    params: branchParams.omit({ branch: true }),
    query: pageQuery.extend({ protected: unsupported() }),
  },
  responses: {
    200: { description: "One page", ...json(z.array(shortBranchSchema)) },
    ...errorResponses(401, 404),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/branches/{branch}",
  summary: "One branch with the commit it points at",
  "x-permission": "repository.read",
  request: { params: branchParams },
  responses: { 200: { description: "It", ...json(branchSchema) }, ...errorResponses(401, 404) },
});

/** Mounted at /api/v3. */
export const branchRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listRoute, async (context) => {
    const { owner, repo } = context.req.valid("param");
    const [database, actor] = [context.get("database"), context.get("actor")];
    const repository = await requireRepository(database, actor, owner, repo, "repository.read");
    const page = pageOf(context);
    const { branches, total } = await listBranches(database, repository.id, page);
    const rules = await listRules(database, repository.id);
    addLinks(context, page, total);
    const url = `${context.get("env").publicUrl}/api/v3/repos/${repository.owner}/${repository.name}`;
    return context.json(
      branches.map(({ name, oid }) => ({
        name,
        commit: { sha: oid, url: `${url}/commits/${oid}` },
        protected: findRule(rules, name) !== null,
        protection_url: protectionUrl(context, repository, name),
      })),
      200,
    );
  })
  .openapi(getRoute, async (context) => {
    const { repository, branch, tip } = await requireBranch(
      context,
      context.req.valid("param"),
      "repository.read",
    );
    const { publicUrl } = context.get("env");
    const rule = await findBranchRule(context.get("database"), repository.id, branch);
    const url = protectionUrl(context, repository, branch);
    const checks = rule === null ? undefined : describeStatusChecks(url, rule.rules);
    const level = rule?.rules.enforceAdmins ? ("everyone" as const) : ("non_admins" as const);
    return context.json(
      {
        name: branch,
        commit: await describeCommit(context, repository, tip),
        _links: {
          html: `${publicUrl}/${repository.owner}/${repository.name}/tree/${encodeURI(branch)}`,
          self: url.replace(/\/protection$/, ""),
        },
        protected: rule !== null,
        protection: {
          enabled: rule !== null,
          required_status_checks: {
            enforcement_level: checks === undefined ? ("off" as const) : level,
            contexts: checks?.contexts ?? [],
            checks: checks?.checks ?? [],
          },
        },
        protection_url: url,
      },
      200,
    );
  });
