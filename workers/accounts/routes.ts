// Accounts under GitHub's paths: the one whose credentials are shown, and those of everybody as anybody sees them.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { hasScope } from "../auth/permissions.ts";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError } from "../core/errors.ts";
import { json, pageOf, pageQuery, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { describeUser, simpleUserSchema } from "../repos/describe-user.ts";
import { accountSchema, describeAccount, describeOwnAccount } from "./describe-account.ts";
import type { ProfileChanges } from "./profile.ts";
import {
  countPrivateRepositories,
  listProfiles,
  readOwnProfile,
  readProfile,
  updateProfile,
} from "./service.ts";

const account = { description: "The account", ...json(accountSchema) };

const getOwn = createRoute({
  method: "get",
  path: "/user",
  summary: "Whose credentials these are; what is private with the scope user:*",
  "x-permission": "signed-in, or account.read for what is private",
  responses: { 200: account, ...errorResponses(401, 403) },
});

/** What GitHub keeps and Plue doesn't: only what it is answered as is taken. */
const notKept = (what: string) =>
  z
    .literal("", { error: `Plue keeps no ${what}` })
    .nullish()
    .openapi({ description: `Plue keeps no ${what}`, "x-unsupported": true });

const changeSchema = z.object({
  company: notKept("company"),
  twitter_username: notKept("name at Twitter"),
  hireable: z
    .literal(false, { error: "Plue doesn't keep who can be hired" })
    .nullish()
    .openapi({ "x-unsupported": true }),
  email: z.string().nullish().openapi({
    description: "A verified address of the account, which everybody is shown then; empty or null for none",
  }),
  name: z.string().nullish().transform(unsaid),
  blog: z.string().nullish().transform(unsaid),
  location: z.string().nullish().transform(unsaid),
  bio: z.string().nullish().transform(unsaid),
});

const patchOwn = createRoute({
  method: "patch",
  path: "/user",
  summary: "Change what others read of oneself",
  "x-permission": "account.write",
  request: { body: { required: true, ...json(changeSchema) } },
  responses: { 200: account, ...errorResponses(401, 403, 422) },
});

const getOne = createRoute({
  method: "get",
  path: "/users/{username}",
  summary: "An account as anybody sees it",
  "x-permission": "anyone",
  request: { params: z.object({ username: z.string() }) },
  responses: { 200: account, ...errorResponses(404) },
});

const listAll = createRoute({
  method: "get",
  path: "/users",
  summary: "All accounts by id, from the one after `since`",
  "x-permission": "anyone",
  request: {
    query: pageQuery.omit({ page: true }).extend({
      since: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
    }),
  },
  responses: {
    200: { description: "One page, by id", ...json(z.array(simpleUserSchema)) },
    ...errorResponses(422),
  },
});

/** Mounted at /api/v3. */
export const accountRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(getOwn, async (context) => {
    const actor = requireUser(context.get("actor"));
    const [database, { publicUrl }] = [context.get("database"), context.get("env")];
    const profile = await readOwnProfile(database, actor);
    if (!hasScope(actor, "user:*")) return context.json(describeAccount(profile, publicUrl), 200);
    const privateRepositories = await countPrivateRepositories(database, actor);
    return context.json(describeOwnAccount(profile, privateRepositories, publicUrl), 200);
  })
  .openapi(patchOwn, async (context) => {
    const actor = requireUser(context.get("actor"));
    const [env, database] = [context.get("env"), context.get("database")];
    const { name, blog, location, bio, email } = context.req.valid("json");
    const changes: ProfileChanges = {
      ...(name === undefined ? {} : { displayName: name }),
      ...(blog === undefined ? {} : { website: blog }),
      ...(location === undefined ? {} : { location }),
      ...(bio === undefined ? {} : { bio }),
    };
    const services = { env, database, actor, origin: readOrigin(context) };
    const publicEmail = email === "" ? null : email;
    const errors = await updateProfile(services, changes, publicEmail);
    refuseErrors(errors);
    const profile = await readOwnProfile(database, actor);
    const privateRepositories = await countPrivateRepositories(database, actor);
    return context.json(describeOwnAccount(profile, privateRepositories, env.publicUrl), 200);
  })
  .openapi(getOne, async (context) => {
    const { username } = context.req.valid("param");
    const profile = await readProfile(context.get("database"), username);
    return context.json(describeAccount(profile, context.get("env").publicUrl), 200);
  })
  .openapi(listAll, async (context) => {
    const { publicUrl } = context.get("env");
    const { limit } = pageOf(context);
    const { since } = context.req.valid("query");
    const profiles = await listProfiles(context.get("database"), since, limit);
    const last = profiles.at(-1);
    if (last && profiles.length === limit) {
      const next = `${publicUrl}${context.req.path}?per_page=${limit}&since=${last.id}`;
      context.header("Link", `<${next}>; rel="next"`);
    }
    return context.json(
      profiles.map((profile) => describeUser(profile, publicUrl)),
      200,
    );
  });

/** GitHub's names of what a profile holds. */
const FIELDS = {
  ...{ displayName: "name", website: "blog", location: "location", bio: "bio", email: "email" },
} as const;

function refuseErrors(errors: { [Field in keyof typeof FIELDS]?: string }): void {
  const fields = Object.entries(FIELDS).flatMap(([field, name]) => {
    const message = errors[field as keyof typeof FIELDS];
    return message === undefined
      ? []
      : [{ resource: "User", field: name, code: "invalid" as const, message }];
  });
  if (fields.length > 0) throw new ForgeError("invalid", "Validation Failed", { fields });
}
