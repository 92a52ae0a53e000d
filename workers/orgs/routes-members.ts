// Members of organisations, under GitHub's paths.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { addLinks, json, pageOf, pageQuery } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { unsupported } from "../core/unsupported.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requirePerson } from "../repos/collaborators.ts";
import { describeUser, simpleUserSchema } from "../repos/describe-user.ts";
import {
  listMembers,
  listOutsideCollaborators,
  removeMember,
  removeOutsideCollaborator,
  requireMember,
  showMembership,
} from "./members.ts";
import { requireOrganization } from "./organizations.ts";

const params = z.object({ org: z.string() });
const personParams = params.extend({ username: z.string() });
const people = { description: "One page, by name", ...json(z.array(simpleUserSchema)) };

const listAll = createRoute({
  method: "get",
  path: "/orgs/{org}/members",
  summary: "The members; to others those who show that they are",
  "x-permission": "organization.read",
  request: {
    params,
    query: pageQuery.extend({
      role: z.enum(["all", "admin", "member"]).optional(),
      filter: unsupported("all"),
    }),
  },
  responses: { 200: people, ...errorResponses(404) },
});

const getMember = createRoute({
  method: "get",
  path: "/orgs/{org}/members/{username}",
  summary: "Whether somebody is a member, as far as one may know",
  "x-permission": "organization.read",
  request: { params: personParams },
  responses: { 204: { description: "They are" }, ...errorResponses(404) },
});

const deleteMember = createRoute({
  method: "delete",
  path: "/orgs/{org}/members/{username}",
  summary: "Remove a member",
  "x-permission": "organization.administer, or organization.leave for oneself",
  request: { params: personParams },
  responses: { 204: { description: "Removed" }, ...errorResponses(401, 403, 404, 409) },
});

const listPublic = createRoute({
  method: "get",
  path: "/orgs/{org}/public_members",
  summary: "Those who show that they are members",
  "x-permission": "organization.read",
  request: { params, query: pageQuery },
  responses: { 200: people, ...errorResponses(404) },
});

const getPublic = createRoute({
  method: "get",
  path: "/orgs/{org}/public_members/{username}",
  summary: "Whether somebody shows that they are a member",
  "x-permission": "organization.read",
  request: { params: personParams },
  responses: { 204: { description: "They do" }, ...errorResponses(404) },
});

const putPublic = createRoute({
  method: "put",
  path: "/orgs/{org}/public_members/{username}",
  summary: "Show that one is a member",
  "x-permission": "organization.show-membership",
  request: { params: personParams },
  responses: { 204: { description: "Shown" }, ...errorResponses(401, 403, 404) },
});

const deletePublic = createRoute({
  method: "delete",
  path: "/orgs/{org}/public_members/{username}",
  summary: "Keep it to the organisation that one is a member",
  "x-permission": "organization.show-membership",
  request: { params: personParams },
  responses: { 204: { description: "Kept" }, ...errorResponses(401, 403, 404) },
});

const listOutside = createRoute({
  method: "get",
  path: "/orgs/{org}/outside_collaborators",
  summary: "People with access to its repositories who aren't members",
  "x-permission": "organization.see-access",
  request: { params, query: pageQuery.extend({ filter: unsupported("all") }) },
  responses: { 200: people, ...errorResponses(401, 403, 404) },
});

const deleteOutside = createRoute({
  method: "delete",
  path: "/orgs/{org}/outside_collaborators/{username}",
  summary: "End all access of somebody who isn't a member",
  "x-permission": "organization.administer",
  request: { params: personParams },
  responses: { 204: { description: "Ended" }, ...errorResponses(401, 403, 404, 422) },
});

/** Mounted at /api/v3. */
export const organizationMemberRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listAll, async (context) => {
    const database = context.get("database");
    const actor = context.get("actor");
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const page = pageOf(context);
    const asked = context.req.valid("query").role ?? "all";
    const role = asked === "all" ? undefined : asked === "admin" ? "owner" : "member";
    const { members, total } = await listMembers(database, actor, organization, { role }, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    return context.json(
      members.map((member) => describeUser(member, publicUrl)),
      200,
    );
  })
  .openapi(getMember, async (context) => {
    const database = context.get("database");
    const actor = context.get("actor");
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const member = await requireMember(database, actor, organization, username);
    if (member.role === "billing") throw notFound();
    return context.body(null, 204);
  })
  .openapi(deleteMember, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const removal = { username, withCollaborations: false };
    await removeMember(database, actor, readOrigin(context), organization, removal);
    return context.body(null, 204);
  })
  .openapi(listPublic, async (context) => {
    const database = context.get("database");
    const actor = context.get("actor");
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const page = pageOf(context);
    const { members, total } = await listMembers(database, actor, organization, { publicOnly: true }, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    return context.json(
      members.map((member) => describeUser(member, publicUrl)),
      200,
    );
  })
  .openapi(getPublic, async (context) => {
    const database = context.get("database");
    const actor = context.get("actor");
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const member = await requireMember(database, actor, organization, username);
    if (!member.isPublic) throw notFound();
    return context.body(null, 204);
  })
  .openapi(putPublic, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.show-membership");
    refuseOthers(username, actor.username);
    await showMembership(database, actor, readOrigin(context), organization, true);
    return context.body(null, 204);
  })
  .openapi(deletePublic, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.show-membership");
    refuseOthers(username, actor.username);
    await showMembership(database, actor, readOrigin(context), organization, false);
    return context.body(null, 204);
  })
  .openapi(listOutside, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.see-access");
    const page = pageOf(context);
    const outside = await listOutsideCollaborators(database, actor, organization, page);
    addLinks(context, page, outside.total);
    const { publicUrl } = context.get("env");
    return context.json(
      outside.people.map((person) => describeUser(person, publicUrl)),
      200,
    );
  })
  .openapi(deleteOutside, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.administer");
    const person = await requirePerson(database, username);
    await removeOutsideCollaborator(database, actor, readOrigin(context), organization, person);
    return context.body(null, 204);
  });

function refuseOthers(username: string, own: string): void {
  if (username.toLowerCase() === own.toLowerCase()) return;
  throw new ForgeError("forbidden", "Everybody shows or hides their own membership.");
}
