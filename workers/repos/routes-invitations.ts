// Invitations to repositories, under GitHub's paths.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { REPOSITORY_ROLES } from "../../schema/roles.ts";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { addLinks, idParam, json, pageOf, pageQuery } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { describeInvitation, repositoryInvitationSchema } from "./describe-invitation.ts";
import {
  answerRepositoryInvitation,
  changeRepositoryInvitation,
  listOwnRepositoryInvitations,
  listRepositoryInvitations,
  withdrawRepositoryInvitation,
} from "./invitations.ts";
import { requireInvitedRepository, requireRepository } from "./service.ts";

const params = z.object({ owner: z.string(), repo: z.string() });
const oneParams = params.extend({ invitation_id: idParam });
const ownParams = z.object({ invitation_id: idParam });

const listRoute = createRoute({
  method: "get",
  path: "/repos/{owner}/{repo}/invitations",
  summary: "The open invitations to a repository",
  "x-permission": "repository.administer",
  request: { params, query: pageQuery },
  responses: {
    200: { description: "One page, oldest first", ...json(z.array(repositoryInvitationSchema)) },
    ...errorResponses(401, 403, 404),
  },
});

const patchRoute = createRoute({
  method: "patch",
  path: "/repos/{owner}/{repo}/invitations/{invitation_id}",
  summary: "Change what an invitation offers",
  "x-permission": "repository.administer",
  request: {
    params: oneParams,
    body: { required: true, ...json(z.object({ permissions: z.enum(REPOSITORY_ROLES) })) },
  },
  responses: {
    200: { description: "Changed", ...json(repositoryInvitationSchema) },
    ...errorResponses(401, 403, 404, 422),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/repos/{owner}/{repo}/invitations/{invitation_id}",
  summary: "Withdraw an invitation",
  "x-permission": "repository.administer",
  request: { params: oneParams },
  responses: { 204: { description: "Withdrawn" }, ...errorResponses(401, 403, 404) },
});

const ownRoute = createRoute({
  method: "get",
  path: "/user/repository_invitations",
  summary: "The invitations to repositories that one may take",
  "x-permission": "account.read",
  request: { query: pageQuery },
  responses: {
    200: { description: "One page, oldest first", ...json(z.array(repositoryInvitationSchema)) },
    ...errorResponses(401, 403),
  },
});

const acceptRoute = createRoute({
  method: "patch",
  path: "/user/repository_invitations/{invitation_id}",
  summary: "Take an invitation",
  "x-permission": "account.write",
  request: { params: ownParams },
  responses: { 204: { description: "Taken" }, ...errorResponses(401, 403, 404) },
});

const declineRoute = createRoute({
  method: "delete",
  path: "/user/repository_invitations/{invitation_id}",
  summary: "Decline an invitation",
  "x-permission": "account.write",
  request: { params: ownParams },
  responses: { 204: { description: "Declined" }, ...errorResponses(401, 403, 404) },
});

/** Mounted at /api/v3. */
export const repositoryInvitationRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.administer");
    const page = pageOf(context);
    const { invitations, total } = await listRepositoryInvitations(database, actor, repository, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    return context.json(
      invitations.map((invitation) => describeInvitation(invitation, repository, publicUrl)),
      200,
    );
  })
  .openapi(patchRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo, invitation_id: id } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.administer");
    const invitation = await changeRepositoryInvitation(database, actor, readOrigin(context), repository, {
      ...{ id, role: context.req.valid("json").permissions },
    });
    return context.json(describeInvitation(invitation, repository, context.get("env").publicUrl), 200);
  })
  .openapi(deleteRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { owner, repo, invitation_id: id } = context.req.valid("param");
    const repository = await requireRepository(database, actor, owner, repo, "repository.administer");
    await withdrawRepositoryInvitation(database, actor, readOrigin(context), repository, id);
    return context.body(null, 204);
  })
  .openapi(ownRoute, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const page = pageOf(context);
    const { invitations, total } = await listOwnRepositoryInvitations(database, actor, page);
    addLinks(context, page, total);
    const { publicUrl } = context.get("env");
    const described = [];
    for (const invitation of invitations) {
      const repository = await requireInvitedRepository(database, invitation.repositoryId ?? 0);
      described.push(describeInvitation(invitation, repository, publicUrl));
    }
    return context.json(described, 200);
  })
  .openapi(acceptRoute, async (context) => {
    const actor = requireUser(context.get("actor"));
    const { invitation_id: id } = context.req.valid("param");
    await answerRepositoryInvitation(context.get("database"), actor, readOrigin(context), id, "accept");
    return context.body(null, 204);
  })
  .openapi(declineRoute, async (context) => {
    const actor = requireUser(context.get("actor"));
    const { invitation_id: id } = context.req.valid("param");
    await answerRepositoryInvitation(context.get("database"), actor, readOrigin(context), id, "decline");
    return context.body(null, 204);
  });
