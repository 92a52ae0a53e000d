// Memberships with their roles, open invitations included, under GitHub's paths.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requirePermission } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { addLinks, idParam, json, pageOf, pageQuery, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { sendSoon } from "../core/outbox.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { requirePerson } from "../repos/collaborators.ts";
import { describeInvitation, describeMembership, invitationSchema, membershipSchema } from "./describe.ts";
import {
  answerInvitation,
  findInvitationOf,
  inviteAddress,
  inviteMember,
  listInvitations,
  listOwnInvitations,
  toOrganizationRole,
  withdrawInvitation,
} from "./invitations.ts";
import { findMembership, removeMember, setMemberRole } from "./members.ts";
import { listOrganizationsOf, requireOrganization } from "./organizations.ts";
import { requireOwner } from "./owners.ts";

const params = z.object({ org: z.string() });
const personParams = params.extend({ username: z.string() });

const getOne = createRoute({
  method: "get",
  path: "/orgs/{org}/memberships/{username}",
  summary: "How somebody belongs, or is invited to",
  "x-permission": "organization.see-members, or signed-in for oneself",
  request: { params: personParams },
  responses: { 200: { description: "It", ...json(membershipSchema) }, ...errorResponses(401, 403, 404) },
});

const putOne = createRoute({
  method: "put",
  path: "/orgs/{org}/memberships/{username}",
  summary: "Invite somebody, or give a member another role",
  "x-permission": "organization.administer",
  request: {
    params: personParams,
    body: json(z.object({ role: z.enum(["admin", "member"]).nullish().transform(unsaid) })),
  },
  responses: {
    200: { description: "As it is now", ...json(membershipSchema) },
    ...errorResponses(401, 403, 404, 409, 422),
  },
});

const deleteOne = createRoute({
  method: "delete",
  path: "/orgs/{org}/memberships/{username}",
  summary: "Remove a member, or withdraw their invitation",
  "x-permission": "organization.administer, or organization.leave for oneself",
  request: { params: personParams },
  responses: { 204: { description: "Removed" }, ...errorResponses(401, 403, 404, 409) },
});

const listOwn = createRoute({
  method: "get",
  path: "/user/memberships/orgs",
  summary: "One's own memberships, or the invitations to them",
  "x-permission": "account.read",
  request: { query: pageQuery.extend({ state: z.enum(["active", "pending"]).optional() }) },
  responses: {
    200: { description: "One page", ...json(z.array(membershipSchema)) },
    ...errorResponses(401, 403),
  },
});

const patchOwn = createRoute({
  method: "patch",
  path: "/user/memberships/orgs/{org}",
  summary: "Take an invitation",
  "x-permission": "account.write",
  request: { params, body: { required: true, ...json(z.object({ state: z.literal("active") })) } },
  responses: {
    200: { description: "Taken", ...json(membershipSchema) },
    ...errorResponses(401, 403, 404, 422),
  },
});

const listInvited = createRoute({
  method: "get",
  path: "/orgs/{org}/invitations",
  summary: "The open invitations",
  "x-permission": "organization.see-access",
  request: { params, query: pageQuery },
  responses: {
    200: { description: "One page, oldest first", ...json(z.array(invitationSchema)) },
    ...errorResponses(401, 403, 404),
  },
});

const invite = createRoute({
  method: "post",
  path: "/orgs/{org}/invitations",
  summary: "Invite somebody, by account or by email address",
  "x-permission": "organization.invite",
  request: {
    params,
    body: {
      required: true,
      ...json(
        z.object({
          invitee_id: z.number().int().nullish().transform(unsaid),
          login: z.string().nullish().transform(unsaid),
          email: z.string().nullish().transform(unsaid),
          role: z.enum(["admin", "direct_member", "billing_manager"]).nullish().transform(unsaid),
          team_ids: z.array(z.number().int()).max(100).nullish().transform(unsaid),
        }),
      ),
    },
  },
  responses: {
    201: { description: "Invited", ...json(invitationSchema) },
    ...errorResponses(401, 403, 404, 422),
  },
});

const withdraw = createRoute({
  method: "delete",
  path: "/orgs/{org}/invitations/{invitation_id}",
  summary: "Withdraw an invitation",
  "x-permission": "organization.invite",
  request: { params: params.extend({ invitation_id: idParam }) },
  responses: { 204: { description: "Withdrawn" }, ...errorResponses(401, 403, 404) },
});

/** @throws ForgeError `invalid` for who is named in two ways */
function requireOneInvitee(body: { login?: string | undefined; invitee_id?: number | undefined }): void {
  if (body.login === undefined && body.invitee_id === undefined) return;
  const message = "Name an account or an address, not both.";
  const fields = [{ resource: "OrganizationInvitation", field: "email", code: "invalid" as const, message }];
  throw new ForgeError("invalid", message, { fields });
}

/** Mounted at /api/v3. */
export const membershipRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(getOne, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const person = await requirePerson(database, username);
    const membership = await findMembership(database, actor, organization, person);
    const invitation =
      membership === undefined ? await findInvitationOf(database, actor, organization, person.id) : undefined;
    const { publicUrl } = context.get("env");
    if (membership === undefined && invitation === undefined) throw notFound();
    const role = membership ?? toOrganizationRole(invitation?.role ?? "member");
    const state = membership === undefined ? "pending" : "active";
    return context.json(describeMembership(organization, person, { state, role }, publicUrl), 200);
  })
  .openapi(putOne, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.administer");
    const person = await requirePerson(database, username);
    const role = context.req.valid("json")?.role === "admin" ? "owner" : "member";
    const origin = readOrigin(context);
    const isMember = (await findMembership(database, actor, organization, person)) !== undefined;
    if (isMember) await setMemberRole(database, actor, origin, organization, { username, role });
    else {
      const services = { env: context.get("env"), database, actor, origin };
      await inviteMember(services, organization, { username, role, teamIds: [] });
      sendSoon(context);
    }
    const state = isMember ? ("active" as const) : ("pending" as const);
    const { publicUrl } = context.get("env");
    return context.json(describeMembership(organization, person, { state, role }, publicUrl), 200);
  })
  .openapi(deleteOne, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, username } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const person = await requirePerson(database, username);
    const origin = readOrigin(context);
    const invitation = await findInvitationOf(database, actor, organization, person.id);
    if (invitation && person.id !== actor.userId) {
      await withdrawInvitation(database, actor, origin, organization, invitation.id);
    } else {
      const removal = { username, withCollaborations: false };
      await removeMember(database, actor, origin, organization, removal);
    }
    return context.body(null, 204);
  })
  .openapi(listOwn, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    requirePermission(actor, "account.read", { accountId: actor.userId });
    const page = pageOf(context);
    const { publicUrl } = context.get("env");
    const person = { id: actor.userId, username: actor.username, isAdmin: actor.isAdmin };
    if (context.req.valid("query").state === "pending") {
      const { invitations, total } = await listOwnInvitations(database, actor, page);
      addLinks(context, page, total);
      const described = [];
      for (const { owner, role } of invitations) {
        const organization = await requireOrganization(database, actor, owner, "organization.read");
        const membership = { state: "pending" as const, role: toOrganizationRole(role) };
        described.push(describeMembership(organization, person, membership, publicUrl));
      }
      return context.json(described, 200);
    }
    const found = await listOrganizationsOf(database, actor.userId, "all", page);
    addLinks(context, page, found.total);
    const described = found.organizations.map((organization) => {
      const membership = { state: "active" as const, role: organization.organizationRole ?? "member" };
      return describeMembership(organization, person, membership, publicUrl);
    });
    return context.json(described, 200);
  })
  .openapi(patchOwn, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const invitation = await findInvitationOf(database, actor, organization, actor.userId);
    if (!invitation) throw notFound();
    await answerInvitation(database, actor, readOrigin(context), invitation.id, "accept");
    const membership = { state: "active" as const, role: toOrganizationRole(invitation.role) };
    const person = { id: actor.userId, username: actor.username, isAdmin: actor.isAdmin };
    const { publicUrl } = context.get("env");
    return context.json(describeMembership(organization, person, membership, publicUrl), 200);
  })
  .openapi(listInvited, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.see-access");
    const page = pageOf(context);
    const { invitations, total } = await listInvitations(database, actor, organization, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    return context.json(
      invitations.map((invitation) => describeInvitation(invitation, organization, publicUrl)),
      200,
    );
  })
  .openapi(invite, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.invite");
    const body = context.req.valid("json");
    const roles = { admin: "owner", direct_member: "member", billing_manager: "billing" } as const;
    const offer = { role: roles[body.role ?? "direct_member"], teamIds: body.team_ids ?? [] };
    const origin = readOrigin(context);
    const env = context.get("env");
    const services = { env, database, actor, origin };
    if (body.email !== undefined) {
      requireOneInvitee(body);
      const wanted = { email: body.email.trim(), ...offer };
      const invitation = await inviteAddress(services, organization, wanted);
      sendSoon(context);
      return context.json(describeInvitation(invitation, organization, env.publicUrl), 201);
    }
    const username = body.login ?? (await requireOwner(database, { id: body.invitee_id ?? 0 })).username;
    const invitation = await inviteMember(services, organization, { username, ...offer });
    sendSoon(context);
    return context.json(describeInvitation(invitation, organization, env.publicUrl), 201);
  })
  .openapi(withdraw, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org, invitation_id: id } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.invite");
    await withdrawInvitation(database, actor, readOrigin(context), organization, id);
    return context.body(null, 204);
  });
