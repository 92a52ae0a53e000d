// Who is in a team and which repositories it has, under GitHub's paths.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { TeamAction } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { notFound } from "../core/errors.ts";
import { addLinks, json, pageOf, pageQuery, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requirePerson } from "../repos/collaborators.ts";
import { describePermissions, describeRepository, repositorySchema } from "../repos/describe-repository.ts";
import { describeUser, simpleUserSchema } from "../repos/describe-user.ts";
import { GITHUB_PERMISSIONS, toRole } from "../repos/github-permissions.ts";
import { requireRepository } from "../repos/service.ts";
import { requireOrganization } from "./organizations.ts";
import {
  listTeamMembers,
  listTeamRepositories,
  removeTeamMember,
  removeTeamRepository,
  requireTeamRole,
  setTeamMember,
  setTeamRepository,
  type TeamRepository,
} from "./team-members.ts";
import { requireTeam } from "./teams.ts";

const params = z.object({ org: z.string(), team_slug: z.string() });
const personParams = params.extend({ username: z.string() });
const repositoryParams = params.extend({ owner: z.string(), repo: z.string() });
const membershipSchema = z.object({
  url: z.string(),
  role: z.enum(["maintainer", "member"]),
  state: z.literal("active"),
});

const listMembers = createRoute({
  method: "get",
  path: "/orgs/{org}/teams/{team_slug}/members",
  summary: "People of a team and of the teams within it",
  "x-permission": "team.read",
  request: {
    params,
    query: pageQuery.extend({ role: z.enum(["all", "maintainer", "member"]).optional() }),
  },
  responses: {
    200: { description: "One page, by name", ...json(z.array(simpleUserSchema)) },
    ...errorResponses(401, 404),
  },
});

const getMembership = createRoute({
  method: "get",
  path: "/orgs/{org}/teams/{team_slug}/memberships/{username}",
  summary: "What somebody is in a team",
  "x-permission": "team.read",
  request: { params: personParams },
  responses: { 200: { description: "It", ...json(membershipSchema) }, ...errorResponses(401, 404) },
});

const putMembership = createRoute({
  method: "put",
  path: "/orgs/{org}/teams/{team_slug}/memberships/{username}",
  summary: "Take a member of the organisation into a team",
  "x-permission": "team.maintain",
  request: {
    params: personParams,
    body: json(z.object({ role: z.enum(["maintainer", "member"]).nullish().transform(unsaid) })),
  },
  responses: {
    200: { description: "Taken", ...json(membershipSchema) },
    ...errorResponses(401, 403, 404, 422),
  },
});

const deleteMembership = createRoute({
  method: "delete",
  path: "/orgs/{org}/teams/{team_slug}/memberships/{username}",
  summary: "Take somebody out of a team",
  "x-permission": "team.maintain, or team.read for oneself",
  request: { params: personParams },
  responses: { 204: { description: "Taken out" }, ...errorResponses(401, 403, 404) },
});

const listRepositories = createRoute({
  method: "get",
  path: "/orgs/{org}/teams/{team_slug}/repos",
  summary: "What a team has, its parents' included",
  "x-permission": "team.read",
  request: { params, query: pageQuery },
  responses: {
    200: { description: "One page, by name", ...json(z.array(repositorySchema)) },
    ...errorResponses(401, 404),
  },
});

const getRepository = createRoute({
  method: "get",
  path: "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}",
  summary: "What a team may do to a repository",
  "x-permission": "team.read",
  request: { params: repositoryParams },
  responses: { 200: { description: "It", ...json(repositorySchema) }, ...errorResponses(401, 404) },
});

const putRepository = createRoute({
  method: "put",
  path: "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}",
  summary: "Lend a repository to a team",
  "x-permission": "repository.administer",
  request: {
    params: repositoryParams,
    body: json(
      z.object({
        permission: z
          .enum([...GITHUB_PERMISSIONS, "read", "write"])
          .nullish()
          .transform(unsaid),
      }),
    ),
  },
  responses: { 204: { description: "Lent" }, ...errorResponses(401, 403, 404, 422) },
});

const deleteRepository = createRoute({
  method: "delete",
  path: "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}",
  summary: "Take a repository back from a team",
  "x-permission": "repository.administer",
  request: { params: repositoryParams },
  responses: { 204: { description: "Taken back" }, ...errorResponses(401, 403, 404) },
});

/** Mounted at /api/v3. */
export const teamMemberRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listMembers, async (context) => {
    const { database, actor, team } = await findTeam(context, context.req.valid("param"), "team.read");
    const page = pageOf(context);
    const asked = context.req.valid("query").role ?? "all";
    const role = asked === "all" ? undefined : asked;
    const { members, total } = await listTeamMembers(database, actor, team, { role }, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    return context.json(
      members.map((member) => describeUser(member, publicUrl)),
      200,
    );
  })
  .openapi(getMembership, async (context) => {
    const asked = context.req.valid("param");
    const { database, actor, team } = await findTeam(context, asked, "team.read");
    const person = await requirePerson(database, asked.username);
    const role = await requireTeamRole(database, actor, team, person.id);
    return context.json(describeRole(context, asked, role), 200);
  })
  .openapi(putMembership, async (context) => {
    const asked = context.req.valid("param");
    const { database, actor, team } = await findTeam(context, asked, "team.maintain");
    const person = await requirePerson(database, asked.username);
    const role = context.req.valid("json")?.role ?? "member";
    await setTeamMember(database, actor, readOrigin(context), team, { ...person, role });
    return context.json(describeRole(context, asked, role), 200);
  })
  .openapi(deleteMembership, async (context) => {
    const asked = context.req.valid("param");
    const { database, actor, team } = await findTeam(context, asked, "team.read");
    const person = await requirePerson(database, asked.username);
    await removeTeamMember(database, actor, readOrigin(context), team, person);
    return context.body(null, 204);
  })
  .openapi(listRepositories, async (context) => {
    const { database, actor, team } = await findTeam(context, context.req.valid("param"), "team.read");
    const page = pageOf(context);
    const { repositories, total } = await listTeamRepositories(database, actor, team, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    return context.json(
      repositories.map((lent) => describeLent(lent, publicUrl)),
      200,
    );
  })
  .openapi(getRepository, async (context) => {
    const asked = context.req.valid("param");
    const { database, actor, team } = await findTeam(context, asked, "team.read");
    const repository = await requireRepository(database, actor, asked.owner, asked.repo, "repository.read");
    const everything = { page: 1, offset: 0, limit: 1 };
    const { repositories } = await listTeamRepositories(database, actor, team, everything, [repository.id]);
    const [lent] = repositories;
    if (!lent) throw notFound();
    return context.json(describeLent(lent, context.get("env").publicUrl), 200);
  })
  .openapi(putRepository, async (context) => {
    const asked = context.req.valid("param");
    const { database, actor, team } = await findTeam(context, asked, "team.read");
    const { owner, repo } = asked;
    const repository = await requireRepository(database, actor, owner, repo, "repository.administer");
    const role = toRole(context.req.valid("json")?.permission ?? "push");
    await setTeamRepository(database, actor, readOrigin(context), team, { repository, role });
    return context.body(null, 204);
  })
  .openapi(deleteRepository, async (context) => {
    const asked = context.req.valid("param");
    const { database, actor, team } = await findTeam(context, asked, "team.read");
    const { owner, repo } = asked;
    const repository = await requireRepository(database, actor, owner, repo, "repository.administer");
    await removeTeamRepository(database, actor, readOrigin(context), team, repository);
    return context.body(null, 204);
  });

async function findTeam(
  context: Context<AppEnv>,
  { org, team_slug: slug }: z.infer<typeof params>,
  action: TeamAction,
) {
  const database = context.get("database");
  const actor = requireUser(context.get("actor"));
  const organization = await requireOrganization(database, actor, org, "organization.see-members");
  return { database, actor, team: await requireTeam(database, actor, organization, slug, action) };
}

function describeRole(
  context: Context<AppEnv>,
  { org, team_slug: slug, username }: z.infer<typeof personParams>,
  role: "maintainer" | "member",
): z.infer<typeof membershipSchema> {
  const { publicUrl } = context.get("env");
  return {
    url: `${publicUrl}/api/v3/orgs/${org}/teams/${slug}/memberships/${username}`,
    role,
    state: "active",
  };
}

const describeLent = ({ repository, role }: TeamRepository, publicUrl: string) => ({
  ...describeRepository(repository, publicUrl),
  permissions: describePermissions(role),
  role_name: role,
});
