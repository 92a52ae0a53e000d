// Who is let into a repository, under GitHub's paths.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { REPOSITORY_ROLES } from "../../schema/roles.ts";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { notFound } from "../core/errors.ts";
import { addLinks, json, pageOf, pageQuery, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { sendSoon } from "../core/outbox.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import {
  listCollaborators,
  listRepositoryTeams,
  removeCollaborator,
  requirePerson,
  setCollaborator,
} from "./collaborators.ts";
import { describeInvitation, repositoryInvitationSchema } from "./describe-invitation.ts";
import { describePermissions } from "./describe-repository.ts";
import { describeUser, simpleUserSchema } from "./describe-user.ts";
import { GITHUB_PERMISSIONS, toGithubPermission, toRole } from "./github-permissions.ts";
import { requireRepository, roleIn } from "./service.ts";

const params = z.object({ owner: z.string(), repo: z.string() });
const personParams = params.extend({ username: z.string() });

const collaboratorSchema = simpleUserSchema.extend({
  role_name: z.enum(REPOSITORY_ROLES),
  permissions: z.record(z.string(), z.boolean()),
});

const listRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/collaborators",
  summary: "The people with access to a repository",
  "x-permission": "repository.see-access",
  request: {
    params,
    query: pageQuery.extend({
      affiliation: z.enum(["all", "direct", "outside"]).optional(),
      permission: z.enum(GITHUB_PERMISSIONS).optional(),
    }),
  },
  responses: {
    200: { description: "One page, by name", ...json(z.array(collaboratorSchema)) },
    ...errorResponses(401, 403, 404),
  },
});

const checkRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/collaborators/{username}",
  summary: "Whether somebody has access",
  "x-permission": "repository.see-access",
  request: { params: personParams },
  responses: { 204: { description: "They have" }, ...errorResponses(401, 403, 404) },
});

const permissionRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/collaborators/{username}/permission",
  summary: "What somebody may do",
  "x-permission": "repository.see-access",
  request: { params: personParams },
  responses: {
    200: {
      description: "Their role, whatever gives it",
      ...json(
        z.object({
          permission: z.enum(["admin", "write", "read", "none"]),
          role_name: z.string(),
          user: simpleUserSchema.nullable(),
        }),
      ),
    },
    ...errorResponses(401, 403, 404),
  },
});

const putRoute = createRoute({
  method: "put",
  path: "/repos/{owner}/{repo}/collaborators/{username}",
  summary: "Let somebody in, or invite them",
  "x-permission": "repository.administer",
  request: {
    params: personParams,
    body: json(
      z.object({
        permission: z
          .enum([...GITHUB_PERMISSIONS, "read", "write"])
          .nullish()
          .transform(unsaid),
      }),
    ),
  },
  responses: {
    201: { description: "Invited", ...json(repositoryInvitationSchema) },
    204: { description: "They have it" },
    ...errorResponses(401, 403, 404, 422),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/repos/{owner}/{repo}/collaborators/{username}",
  summary: "Take access away, or give one's own up",
  "x-permission": "repository.administer, or repository.give-up for one's own",
  request: { params: personParams },
  responses: { 204: { description: "They haven't" }, ...errorResponses(401, 403, 404) },
});

const teamSchema = z.looseObject({ id: z.number().int(), slug: z.string(), name: z.string() });

const teamsRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/teams",
  summary: "The teams that have a repository",
  "x-permission": "repository.administer",
  request: { params, query: pageQuery },
  responses: {
    200: { description: "By slug", ...json(z.array(teamSchema)) },
    ...errorResponses(401, 403, 404),
  },
});

/** Mounted at /api/v3. */
export const collaboratorRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.see-access");
    const page = pageOf(context);
    const { affiliation = "all", permission } = context.req.valid("query");
    const wanted = { affiliation, ...(permission === undefined ? {} : { role: toRole(permission) }) };
    const { people, total } = await listCollaborators(database, actor, repository, wanted, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    const described = people.map((person) => ({
      ...describeUser(person, publicUrl),
      role_name: person.role,
      permissions: describePermissions(person.role),
    }));
    return context.json(described, 200);
  })
  .openapi(checkRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo, username } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.see-access");
    const person = await requirePerson(database, username);
    if ((await roleIn(database, repository.id, person.id)) === null) throw notFound();
    return context.body(null, 204);
  })
  .openapi(permissionRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo, username } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.see-access");
    const person = await requirePerson(database, username);
    const held = await roleIn(database, repository.id, person.id);
    const role = held ?? (repository.visibility === "public" ? "read" : null);
    const { publicUrl } = context.get("env");
    const user = {
      ...describeUser(person, publicUrl),
      role_name: role ?? "none",
      permissions: describePermissions(role),
    };
    return context.json({ permission: summarise(role), role_name: role ?? "none", user }, 200);
  })
  .openapi(putRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo, username } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.administer");
    const role = toRole(context.req.valid("json")?.permission ?? "push");
    const services = { env: context.get("env"), database, actor, origin: readOrigin(context) };
    const result = await setCollaborator(services, repository, { username, role });
    if (result.outcome === "set") return context.body(null, 204);
    sendSoon(context);
    const { publicUrl } = context.get("env");
    return context.json(describeInvitation(result.invitation, repository, publicUrl), 201);
  })
  .openapi(deleteRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo, username } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.read");
    await removeCollaborator(database, actor, readOrigin(context), repository, username);
    return context.body(null, 204);
  })
  .openapi(teamsRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.administer");
    const all = await listRepositoryTeams(database, actor, repository);
    const page = pageOf(context);
    addLinks(context, page, all.length);
    const { publicUrl } = context.get("env");
    const described = all.slice(page.offset, page.offset + page.limit).map((team) => {
      const url = `${publicUrl}/api/v3/orgs/${repository.owner}/teams/${team.slug}`;
      return {
        ...{ id: team.id, node_id: btoa(`04:Team${team.id}`), slug: team.slug, name: team.name, url },
        ...{ description: team.description, privacy: team.privacy, parent: null, type: "organization" },
        html_url: `${publicUrl}/orgs/${repository.owner}/teams/${team.slug}`,
        members_url: `${url}/members{/member}`,
        repositories_url: `${url}/repos`,
        permission: toGithubPermission(team.role),
      };
    });
    return context.json(described, 200);
  });

// GitHub's four words; the exact role is in `role_name`.
function summarise(role: string | null): "admin" | "write" | "read" | "none" {
  if (role === null) return "none";
  if (role === "admin") return "admin";
  return role === "write" || role === "maintain" ? "write" : "read";
}
