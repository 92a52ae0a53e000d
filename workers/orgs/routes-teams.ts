// Teams, under GitHub's paths.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { TeamAction } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { addLinks, json, pageOf, pageQuery, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { unsupported } from "../core/unsupported.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { describeTeam, teamSchema } from "./describe.ts";
import { type Organization, requireOrganization } from "./organizations.ts";
import {
  changeTeam,
  createTeam,
  deleteTeam,
  findParent,
  listTeams,
  requireTeam,
  type Team,
} from "./teams.ts";

const params = z.object({ org: z.string() });
const teamParams = params.extend({ team_slug: z.string() });
const list = { description: "One page, by slug", ...json(z.array(teamSchema)) };
const text = z.string().max(350);
/** As every team is: what it may do is said of each repository. */
const UNSUPPORTED = {
  notification_setting: unsupported("notifications_disabled"),
  permission: unsupported("pull"),
  parent_team_slug: unsupported(),
};

const listAll = createRoute({
  method: "get",
  path: "/orgs/{org}/teams",
  summary: "The teams that one may know of",
  "x-permission": "organization.see-members",
  request: { params, query: pageQuery },
  responses: { 200: list, ...errorResponses(401, 404) },
});

const createOne = createRoute({
  method: "post",
  path: "/orgs/{org}/teams",
  summary: "Make a team",
  "x-permission": "organization.create-team",
  request: {
    params,
    body: {
      required: true,
      ...json(
        z.object({
          name: z.string(),
          description: text.nullish(),
          privacy: z.enum(["closed", "secret"]).nullish().transform(unsaid),
          parent_team_id: z.number().int().nullish(),
          ...UNSUPPORTED,
          ...{ maintainers: unsupported(), repo_names: unsupported(), ldap_dn: unsupported("") },
        }),
      ),
    },
  },
  responses: { 201: { description: "Made", ...json(teamSchema) }, ...errorResponses(401, 403, 404, 422) },
});

const getOne = createRoute({
  method: "get",
  path: "/orgs/{org}/teams/{team_slug}",
  summary: "One team",
  "x-permission": "team.read",
  request: { params: teamParams },
  responses: { 200: { description: "It", ...json(teamSchema) }, ...errorResponses(401, 404) },
});

const patchOne = createRoute({
  method: "patch",
  path: "/orgs/{org}/teams/{team_slug}",
  summary: "Change a team",
  "x-permission": "team.administer, or team.maintain for its description",
  request: {
    params: teamParams,
    body: {
      required: true,
      ...json(
        z.object({
          name: z.string().nullish().transform(unsaid),
          description: text.nullish().transform(unsaid),
          privacy: z.enum(["closed", "secret"]).nullish().transform(unsaid),
          parent_team_id: z.number().int().nullable().optional(),
          ...UNSUPPORTED,
        }),
      ),
    },
  },
  responses: { 200: { description: "Changed", ...json(teamSchema) }, ...errorResponses(401, 403, 404, 422) },
});

const deleteOne = createRoute({
  method: "delete",
  path: "/orgs/{org}/teams/{team_slug}",
  summary: "End a team",
  "x-permission": "team.administer",
  request: { params: teamParams },
  responses: { 204: { description: "Ended" }, ...errorResponses(401, 403, 404) },
});

const listChildren = createRoute({
  method: "get",
  path: "/orgs/{org}/teams/{team_slug}/teams",
  summary: "The teams right within a team",
  "x-permission": "team.read",
  request: { params: teamParams, query: pageQuery },
  responses: { 200: list, ...errorResponses(401, 404) },
});

/** Mounted at /api/v3. */
export const teamRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listAll, async (context) => {
    const { actor, organization } = await findOrganization(context, context.req.valid("param").org);
    const page = pageOf(context);
    const found = await listTeams(context.get("database"), actor, organization, {}, page);
    addLinks(context, page, found.total);
    return context.json(await describeAll(context, organization, found.teams), 200);
  })
  .openapi(createOne, async (context) => {
    const database = context.get("database");
    const { actor, organization } = await findOrganization(context, context.req.valid("param").org);
    const body = context.req.valid("json");
    const team = await createTeam(database, actor, readOrigin(context), organization, {
      name: body.name,
      description: body.description ?? "",
      privacy: body.privacy ?? (body.parent_team_id == null ? "secret" : "closed"),
      parentId: body.parent_team_id ?? null,
    });
    return context.json(await describeOne(context, organization, team), 201);
  })
  .openapi(getOne, async (context) => {
    const { organization, team } = await findTeam(context, context.req.valid("param"), "team.read");
    return context.json(await describeOne(context, organization, team), 200);
  })
  .openapi(patchOne, async (context) => {
    const { actor, organization, team } = await findTeam(
      context,
      context.req.valid("param"),
      "team.maintain",
    );
    const body = context.req.valid("json");
    const changes = {
      name: body.name,
      description: body.description,
      privacy: body.privacy,
      parentId: body.parent_team_id,
    };
    const origin = readOrigin(context);
    const changed = await changeTeam(context.get("database"), actor, origin, organization, team, changes);
    return context.json(await describeOne(context, organization, changed), 200);
  })
  .openapi(deleteOne, async (context) => {
    const { actor, organization, team } = await findTeam(
      context,
      context.req.valid("param"),
      "team.administer",
    );
    await deleteTeam(context.get("database"), actor, readOrigin(context), organization, team);
    return context.body(null, 204);
  })
  .openapi(listChildren, async (context) => {
    const { actor, organization, team } = await findTeam(context, context.req.valid("param"), "team.read");
    const page = pageOf(context);
    const found = await listTeams(context.get("database"), actor, organization, { parent: team }, page);
    addLinks(context, page, found.total);
    return context.json(await describeAll(context, organization, found.teams), 200);
  });

async function findOrganization(context: Context<AppEnv>, name: string) {
  const actor = requireUser(context.get("actor"));
  const organization = await requireOrganization(
    context.get("database"),
    actor,
    name,
    "organization.see-members",
  );
  return { actor, organization };
}

async function findTeam(
  context: Context<AppEnv>,
  { org, team_slug: slug }: z.infer<typeof teamParams>,
  action: TeamAction,
) {
  const { actor, organization } = await findOrganization(context, org);
  const team = await requireTeam(context.get("database"), actor, organization, slug, action);
  return { actor, organization, team };
}

async function describeOne(context: Context<AppEnv>, organization: Organization, team: Team) {
  const parent = await findParent(context.get("database"), organization, team);
  return describeTeam(team, parent, organization, context.get("env").publicUrl);
}

async function describeAll(context: Context<AppEnv>, organization: Organization, teams: Team[]) {
  const described: Awaited<ReturnType<typeof describeOne>>[] = [];
  for (const team of teams) described.push(await describeOne(context, organization, team));
  return described;
}
