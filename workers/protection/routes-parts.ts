// The parts of a branch's protection by themselves, as GitHub's REST v3 has them. Each changes the rule of that branch
// alone; one that stands for many branches is changed in the settings.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { BranchRules } from "../../schema/tables/git.ts";
import type { AppEnv } from "../core/app-env.ts";
import { notFound } from "../core/errors.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import {
  type BranchContext,
  branchParams,
  changeOwnRule,
  namePushers,
  requireBranch,
  requireRule,
} from "./branch-context.ts";
import {
  adminsSchema,
  describeAdmins,
  describeRestrictions,
  describeReviews,
  describeSignatures,
  describeStatusChecks,
  restrictionsSchema,
  reviewsSchema,
  statusChecksSchema,
} from "./describe-protection.ts";
import {
  NO_REVIEWS,
  NO_STATUS_CHECKS,
  readReviews,
  readStatusChecks,
  reviewsBody,
  statusChecksBody,
} from "./read-protection.ts";

const json = <Schema extends z.ZodType>(schema: Schema) => ({ content: { "application/json": { schema } } });
const pathOf = <Part extends string>(part: Part) =>
  `/repos/{owner}/{repo}/branches/{branch}/protection/${part}` as const;

const answering = <
  Method extends "get" | "post" | "put" | "patch" | "delete",
  Part extends string,
  Schema extends z.ZodType,
>(
  method: Method,
  part: Part,
  schema: Schema,
  summary: string,
) =>
  createRoute({
    ...{ method, path: pathOf(part), summary, "x-permission": "repository.administer" },
    request: { params: branchParams },
    responses: {
      200: { description: "As it is now", ...json(schema) },
      ...errorResponses(401, 403, 404, 422),
    },
  });

const taking = <
  Method extends "post" | "put" | "patch" | "delete",
  Part extends string,
  Body extends z.ZodType,
  Schema extends z.ZodType,
>(
  method: Method,
  part: Part,
  body: Body,
  schema: Schema,
  summary: string,
) =>
  createRoute({
    ...{ method, path: pathOf(part), summary, "x-permission": "repository.administer" },
    request: { params: branchParams, body: { required: true, ...json(body) } },
    responses: {
      200: { description: "As it is now", ...json(schema) },
      ...errorResponses(401, 403, 404, 422),
    },
  });

const ending = <Part extends string>(part: Part, summary: string) =>
  createRoute({
    ...{ method: "delete" as const, path: pathOf(part), summary, "x-permission": "repository.administer" },
    request: { params: branchParams },
    responses: { 204: { description: "Ended" }, ...errorResponses(401, 403, 404, 422) },
  });

const contextsSchema = z.array(z.string());
const contextsBody = z.union([z.array(z.string()), z.object({ contexts: z.array(z.string()) })]);
const listOf = (body: z.infer<typeof contextsBody>) => (Array.isArray(body) ? body : body.contexts);

type Params = z.infer<typeof branchParams>;
const find = (context: Context<AppEnv>, params: Params) =>
  requireBranch(context, params, "repository.administer");

async function read(context: Context<AppEnv>, params: Params) {
  const found = await find(context, params);
  return { found, rules: (await requireRule(context, found)).rules };
}

async function change(
  context: Context<AppEnv>,
  params: Params,
  to: (rules: BranchRules) => BranchRules,
): Promise<{ found: BranchContext; rules: BranchRules }> {
  const found = await find(context, params);
  return { found, rules: await changeOwnRule(context, found, to) };
}

function orMissing<Part>(part: Part | undefined | null, what: string): Part {
  if (part === undefined || part === null) throw notFound(what);
  return part;
}

const changeContexts =
  (to: (before: string[], given: string[]) => string[], given: string[]) =>
  (rules: BranchRules): BranchRules => ({
    ...rules,
    requiredContexts: [...new Set(to(rules.requiredContexts, given))],
  });

const CHECKS = "required_status_checks";
const CONTEXTS = "required_status_checks/contexts";
const REVIEWS = "required_pull_request_reviews";
const NO_CHECKS_HERE = "Required status checks not enabled";

/** Part of `protectionRoutes`. */
export const protectionPartRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(
    answering("get", "enforce_admins", adminsSchema, "Whether admins are held to it"),
    async (context) => {
      const { found, rules } = await read(context, context.req.valid("param"));
      return context.json(describeAdmins(found.url, rules), 200);
    },
  )
  .openapi(answering("post", "enforce_admins", adminsSchema, "Hold admins to it"), async (context) => {
    const params = context.req.valid("param");
    const { found, rules } = await change(context, params, (before) => ({ ...before, enforceAdmins: true }));
    return context.json(describeAdmins(found.url, rules), 200);
  })
  .openapi(ending("enforce_admins", "Let admins go past it"), async (context) => {
    await change(context, context.req.valid("param"), (before) => ({ ...before, enforceAdmins: false }));
    return context.body(null, 204);
  })
  .openapi(
    answering("get", "required_signatures", adminsSchema, "Whether commits must be signed"),
    async (context) => {
      const { found, rules } = await read(context, context.req.valid("param"));
      return context.json(describeSignatures(found.url, rules), 200);
    },
  )
  .openapi(
    answering("post", "required_signatures", adminsSchema, "Ask for signed commits"),
    async (context) => {
      const params = context.req.valid("param");
      const { found, rules } = await change(context, params, (before) => ({
        ...before,
        requireSignatures: true,
      }));
      return context.json(describeSignatures(found.url, rules), 200);
    },
  )
  .openapi(ending("required_signatures", "Ask for signed commits no longer"), async (context) => {
    await change(context, context.req.valid("param"), (before) => ({ ...before, requireSignatures: false }));
    return context.body(null, 204);
  })
  .openapi(
    answering("get", CHECKS, statusChecksSchema, "Contexts that must have succeeded"),
    async (context) => {
      const { found, rules } = await read(context, context.req.valid("param"));
      return context.json(orMissing(describeStatusChecks(found.url, rules), NO_CHECKS_HERE), 200);
    },
  )
  .openapi(taking("patch", CHECKS, statusChecksBody, statusChecksSchema, "Change them"), async (context) => {
    const body = context.req.valid("json");
    const params = context.req.valid("param");
    const { found, rules } = await change(context, params, (before) => readStatusChecks(body, before));
    return context.json(orMissing(describeStatusChecks(found.url, rules), NO_CHECKS_HERE), 200);
  })
  .openapi(ending(CHECKS, "Ask for no context any longer"), async (context) => {
    await change(context, context.req.valid("param"), (before) => ({ ...before, ...NO_STATUS_CHECKS }));
    return context.body(null, 204);
  })
  .openapi(answering("get", CONTEXTS, contextsSchema, "The contexts by name"), async (context) => {
    const { rules } = await read(context, context.req.valid("param"));
    return context.json(rules.requiredContexts, 200);
  })
  .openapi(taking("post", CONTEXTS, contextsBody, contextsSchema, "Ask for more"), async (context) => {
    const to = changeContexts((before, given) => [...before, ...given], listOf(context.req.valid("json")));
    const { rules } = await change(context, context.req.valid("param"), to);
    return context.json(rules.requiredContexts, 200);
  })
  .openapi(taking("put", CONTEXTS, contextsBody, contextsSchema, "Ask for these"), async (context) => {
    const to = changeContexts((_before, given) => given, listOf(context.req.valid("json")));
    const { rules } = await change(context, context.req.valid("param"), to);
    return context.json(rules.requiredContexts, 200);
  })
  .openapi(taking("delete", CONTEXTS, contextsBody, contextsSchema, "Ask for fewer"), async (context) => {
    const to = changeContexts(
      (before, given) => before.filter((one) => !given.includes(one)),
      listOf(context.req.valid("json")),
    );
    const { rules } = await change(context, context.req.valid("param"), to);
    return context.json(rules.requiredContexts, 200);
  })
  .openapi(answering("get", REVIEWS, reviewsSchema, "What is asked of reviews"), async (context) => {
    const { found, rules } = await read(context, context.req.valid("param"));
    return context.json(orMissing(describeReviews(found.url, rules), "Reviews are not required"), 200);
  })
  .openapi(taking("patch", REVIEWS, reviewsBody, reviewsSchema, "Change it"), async (context) => {
    const body = context.req.valid("json");
    const params = context.req.valid("param");
    const { found, rules } = await change(context, params, (before) => readReviews(body, before));
    return context.json(orMissing(describeReviews(found.url, rules), "Reviews are not required"), 200);
  })
  .openapi(ending(REVIEWS, "Ask for no reviews any longer"), async (context) => {
    await change(context, context.req.valid("param"), (before) => ({ ...before, ...NO_REVIEWS }));
    return context.body(null, 204);
  })
  .openapi(answering("get", "restrictions", restrictionsSchema, "Who may push"), async (context) => {
    const { found, rules } = await read(context, context.req.valid("param"));
    const named = await namePushers(context, found.repository, rules);
    return context.json(describeRestrictions(found.url, orMissing(named, "Restrictions not enabled")), 200);
  })
  .openapi(ending("restrictions", "Let everyone with write push"), async (context) => {
    await change(context, context.req.valid("param"), (before) => ({ ...before, push: null }));
    return context.body(null, 204);
  });
