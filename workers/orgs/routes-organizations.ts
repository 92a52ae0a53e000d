// Organisations and the repositories of owners, under GitHub's paths, and one path of our own that makes them.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { can, hasScope } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { Actor } from "../core/actor.ts";
import { ANONYMOUS } from "../core/actor.ts";
import type { AppEnv } from "../core/app-env.ts";
import { addLinks, json, pageOf, pageQuery, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { readPage } from "../core/paging.ts";
import { unsupported } from "../core/unsupported.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { describeRepository, repositorySchema, toVisibility } from "../repos/describe-repository.ts";
import { initializeRepository } from "../repos/initialize-repository.ts";
import { orderQuery, readOrder } from "../repos/list-query.ts";
import { type Among, listRepositories as listAllRepositories, listRepositoriesOf } from "../repos/service.ts";
import { UNSUPPORTED_WHEN_MADE } from "../repos/unsupported-fields.ts";
import {
  describeOrganization,
  describeWholeOrganization,
  organizationFullSchema,
  organizationSchema,
} from "./describe.ts";
import {
  changeOrganization,
  createOrganization,
  deleteOrganization,
  listOrganizationsOf,
  requireOrganization,
} from "./organizations.ts";
import { requireOwner } from "./owners.ts";
import { createOrganizationRepository } from "./repositories.ts";

const params = z.object({ org: z.string() });
const userParams = z.object({ username: z.string() });
const text = z.string().max(350);

const repositoryTypes = z
  .enum(["all", "public", "private", "internal", "forks", "sources", "member"])
  .optional();

const UNSUPPORTED_SETTINGS = {
  ...{ company: unsupported(""), email: unsupported(""), twitter_username: unsupported("") },
  has_organization_projects: unsupported(false),
  has_repository_projects: unsupported(false),
  members_can_create_internal_repositories: unsupported(),
  members_can_create_private_repositories: unsupported(),
  members_can_create_public_repositories: unsupported(),
  members_allowed_repository_creation_type: unsupported(),
  members_can_create_pages: unsupported(false),
  members_can_fork_private_repositories: unsupported(false),
  web_commit_signoff_required: unsupported(false),
  advanced_security_enabled_for_new_repositories: unsupported(false),
  dependabot_alerts_enabled_for_new_repositories: unsupported(false),
  dependabot_security_updates_enabled_for_new_repositories: unsupported(false),
  dependency_graph_enabled_for_new_repositories: unsupported(false),
  secret_scanning_enabled_for_new_repositories: unsupported(false),
  secret_scanning_push_protection_enabled_for_new_repositories: unsupported(false),
  secret_scanning_push_protection_custom_link_enabled: unsupported(false),
  secret_scanning_push_protection_custom_link: unsupported(""),
  deploy_keys_enabled_for_repositories: unsupported(true),
};

const createOne = createRoute({
  method: "post",
  path: "/orgs",
  summary: "Make an organisation that one owns",
  "x-permission": "account.create-organization",
  request: {
    body: {
      required: true,
      ...json(
        z.object({
          login: z.string(),
          name: text.nullish().transform(unsaid),
          description: text.nullish().transform(unsaid),
        }),
      ),
    },
  },
  responses: {
    201: { description: "Made", ...json(organizationFullSchema) },
    ...errorResponses(401, 403, 422),
  },
});

const getOne = createRoute({
  method: "get",
  path: "/orgs/{org}",
  summary: "One organisation",
  "x-permission": "organization.read",
  request: { params },
  responses: { 200: { description: "It", ...json(organizationFullSchema) }, ...errorResponses(404) },
});

const patchOne = createRoute({
  method: "patch",
  path: "/orgs/{org}",
  summary: "Change an organisation",
  "x-permission": "organization.administer",
  request: {
    params,
    body: {
      required: true,
      ...json(
        z.object({
          name: text.nullish().transform(unsaid),
          description: text.nullish().transform(unsaid),
          location: text.nullish().transform(unsaid),
          blog: text.nullish().transform(unsaid),
          ...UNSUPPORTED_SETTINGS,
          billing_email: z
            .union([z.email().max(254), z.literal("")])
            .nullish()
            .transform(unsaid),
          default_repository_permission: z
            .enum(["none", "read", "write", "admin"])
            .nullish()
            .transform(unsaid),
          members_can_create_repositories: z.boolean().nullish().transform(unsaid),
        }),
      ),
    },
  },
  responses: {
    200: { description: "Changed", ...json(organizationFullSchema) },
    ...errorResponses(401, 403, 404, 422),
  },
});

const deleteOne = createRoute({
  method: "delete",
  path: "/orgs/{org}",
  summary: "Delete an organisation that owns no repository",
  "x-permission": "organization.administer",
  request: { params },
  responses: {
    202: { description: "Deleted", ...json(z.object({})) },
    ...errorResponses(401, 403, 404, 409),
  },
});

const listOwn = createRoute({
  method: "get",
  path: "/user/orgs",
  summary: "The organisations one belongs to",
  "x-permission": "signed-in",
  request: { query: pageQuery },
  responses: {
    200: { description: "One page, by name", ...json(z.array(organizationSchema)) },
    ...errorResponses(401, 403),
  },
});

const listOfUser = createRoute({
  method: "get",
  path: "/users/{username}/orgs",
  summary: "The organisations somebody shows that they belong to",
  "x-permission": "anyone",
  request: { params: userParams, query: pageQuery },
  responses: {
    200: { description: "One page, by name", ...json(z.array(organizationSchema)) },
    ...errorResponses(404),
  },
});

const listUserRepositories = createRoute({
  method: "get",
  path: "/users/{username}/repos",
  summary: "The repositories of an owner that one may see",
  "x-permission": "anyone",
  request: {
    params: userParams,
    query: orderQuery.extend({
      type: z
        .literal("owner", { error: "Which repositories somebody was let into isn't told to others." })
        .optional()
        .openapi({ description: "Those that they own", "x-unsupported": true }),
    }),
  },
  responses: {
    200: { description: "One page, by name unless asked otherwise", ...json(z.array(repositorySchema)) },
    ...errorResponses(404),
  },
});

const listRepositories = createRoute({
  method: "get",
  path: "/orgs/{org}/repos",
  summary: "The repositories of an organisation that one may see",
  "x-permission": "organization.read",
  request: {
    params,
    query: orderQuery.extend({
      type: repositoryTypes,
    }),
  },
  responses: {
    200: { description: "One page, newest first unless asked otherwise", ...json(z.array(repositorySchema)) },
    ...errorResponses(404),
  },
});

const createRepository = createRoute({
  method: "post",
  path: "/orgs/{org}/repos",
  summary: "Make a repository in an organization, empty or with a README",
  "x-permission": "organization.create-repository",
  request: {
    params,
    body: {
      required: true,
      ...json(
        z.object({
          name: z.string(),
          description: text.nullish(),
          private: z.boolean().nullish().transform(unsaid),
          visibility: z.enum(["public", "internal", "private"]).nullish().transform(unsaid),
          auto_init: z.boolean().nullish().transform(unsaid),
          use_squash_pr_title_as_default: unsupported(false),
          custom_properties: unsupported(),
          ...UNSUPPORTED_WHEN_MADE,
        }),
      ),
    },
  },
  responses: {
    201: { description: "Made", ...json(repositorySchema) },
    ...errorResponses(401, 403, 404, 422),
  },
});

/** Mounted at /api/v3; `POST /orgs` has no counterpart at GitHub. */
export const organizationRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(createOne, async (context) => {
    const actor = requireUser(context.get("actor"));
    const { login, name, description } = context.req.valid("json");
    const organization = await createOrganization(context.get("database"), actor, readOrigin(context), {
      ...{ name: login, displayName: name ?? "", description: description ?? "" },
    });
    return context.json(describeWholeOrganization(organization, 0, true, context.get("env").publicUrl), 201);
  })
  .openapi(getOne, async (context) => {
    const database = context.get("database");
    const actor = context.get("actor");
    const organization = await requireOrganization(
      database,
      actor,
      context.req.valid("param").org,
      "organization.read",
    );
    const isOwner = can(actor, "organization.see-access", organization) === "allowed";
    const shown = await listRepositoriesOf(database, ANONYMOUS, organization.organizationId, readPage({}));
    const { publicUrl } = context.get("env");
    return context.json(describeWholeOrganization(organization, shown.total, isOwner, publicUrl), 200);
  })
  .openapi(patchOne, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.administer");
    const body = context.req.valid("json");
    await changeOrganization(database, actor, readOrigin(context), organization, {
      displayName: body.name,
      description: body.description,
      location: body.location,
      website: body.blog,
      billingEmail: body.billing_email,
      baseRole: body.default_repository_permission,
      membersCanCreate: body.members_can_create_repositories,
    });
    const changed = await requireOrganization(database, actor, org, "organization.administer");
    const shown = await listRepositoriesOf(database, ANONYMOUS, organization.organizationId, readPage({}));
    const { publicUrl } = context.get("env");
    return context.json(describeWholeOrganization(changed, shown.total, true, publicUrl), 200);
  })
  .openapi(deleteOne, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.administer");
    await deleteOrganization(database, actor, readOrigin(context), organization, organization.name);
    return context.json({}, 202);
  })
  .openapi(listOwn, async (context) => {
    const actor = requireUser(context.get("actor"));
    const page = pageOf(context);
    const which = seesAllOf(actor) ? "all" : "public";
    const found = await listOrganizationsOf(context.get("database"), actor.userId, which, page);
    addLinks(context, page, found.total);
    const { publicUrl } = context.get("env");
    return context.json(
      found.organizations.map((organization) => describeOrganization(organization, publicUrl)),
      200,
    );
  })
  .openapi(listOfUser, async (context) => {
    const database = context.get("database");
    const owner = await requireOwner(database, context.req.valid("param").username);
    const page = pageOf(context);
    const found = await listOrganizationsOf(database, owner.id, "public", page);
    addLinks(context, page, found.total);
    const { publicUrl } = context.get("env");
    return context.json(
      found.organizations.map((organization) => describeOrganization(organization, publicUrl)),
      200,
    );
  })
  .openapi(listUserRepositories, async (context) => {
    const database = context.get("database");
    const owner = await requireOwner(database, context.req.valid("param").username);
    const page = pageOf(context);
    const among = { ownerId: owner.id };
    const order = readOrder(context.req.valid("query"), "full_name");
    const found = await listAllRepositories(database, context.get("actor"), among, order, page);
    addLinks(context, page, found.total);
    const { publicUrl } = context.get("env");
    return context.json(
      found.repositories.map((repository) => describeRepository(repository, publicUrl)),
      200,
    );
  })
  .openapi(listRepositories, async (context) => {
    const database = context.get("database");
    const actor = context.get("actor");
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.read");
    const page = pageOf(context);
    const query = context.req.valid("query");
    const among = { ownerId: organization.organizationId, ...narrow(query.type, actor) };
    const found = await listAllRepositories(database, actor, among, readOrder(query, "created"), page);
    addLinks(context, page, found.total);
    const { publicUrl } = context.get("env");
    return context.json(
      found.repositories.map((repository) => describeRepository(repository, publicUrl)),
      200,
    );
  })
  .openapi(createRepository, async (context) => {
    const database = context.get("database");
    const actor = requireUser(context.get("actor"));
    const { org } = context.req.valid("param");
    const organization = await requireOrganization(database, actor, org, "organization.create-repository");
    const body = context.req.valid("json");
    const made = await createOrganizationRepository(database, actor, readOrigin(context), organization, {
      name: body.name,
      description: body.description ?? "",
      visibility: body.visibility ?? toVisibility(body.private),
    });
    const repository = body.auto_init ? await initializeRepository(context, actor, made) : made;
    const described = describeRepository(repository, context.get("env").publicUrl);
    context.header("Location", described.url);
    return context.json(described, 201);
  });

/** Which of an organisation's repositories `type` asks for; none of them is a fork. */
function narrow(type: z.infer<typeof repositoryTypes>, actor: Actor): Among {
  if (type === "public" || type === "private" || type === "internal") return { visibility: type };
  if (type === "forks" || (type === "member" && actor.kind !== "user")) return { ids: [] };
  if (type !== "member" || actor.kind !== "user") return {};
  const by = ["collaborator", "organization_member"] as const;
  return { belongingTo: { userId: actor.userId, by } };
}

// A limited token, or one without the scope, is told what everybody is.
const seesAllOf = (actor: Actor): boolean =>
  actor.kind === "user" &&
  hasScope(actor, "org:*") &&
  (actor.credential.kind === "session" || actor.credential.repositoryIds === null);
