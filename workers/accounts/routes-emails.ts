// One's own email addresses under GitHub's paths. An address that is added here is verified by its link in the browser.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { requireUser } from "../auth/require-user.ts";
import type { AppEnv } from "../core/app-env.ts";
import { ForgeError, notFound } from "../core/errors.ts";
import { json, pageQuery, takePage } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { sendSoon } from "../core/outbox.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { takeMailRequest } from "../sign-in/limit-mail.ts";
import { describeEmail, emailSchema } from "./describe-account.ts";
import { type AccountServices, addEmail, listEmails, removeEmail, setEmailVisibility } from "./emails.ts";

const ADDRESSES_PER_REQUEST_MAX = 10;

const addressesSchema = z.array(z.string()).min(1).max(ADDRESSES_PER_REQUEST_MAX);
/** GitHub takes `{"emails": […]}`, a list, or one address. */
const bodySchema = z.union([z.object({ emails: addressesSchema }), addressesSchema, z.string()]);
const body = { required: true, ...json(bodySchema) };
const list = { description: "The addresses", ...json(z.array(emailSchema)) };

const listOwn = createRoute({
  method: "get",
  path: "/user/emails",
  summary: "One's own addresses, the primary one first",
  "x-permission": "account.read",
  request: { query: pageQuery },
  responses: { 200: list, ...errorResponses(401, 403) },
});

const listPublic = createRoute({
  method: "get",
  path: "/user/public_emails",
  summary: "Those of one's own addresses that everybody sees",
  "x-permission": "account.read",
  request: { query: pageQuery },
  responses: { 200: list, ...errorResponses(401, 403) },
});

const add = createRoute({
  method: "post",
  path: "/user/emails",
  summary: "Add addresses; to each a link is mailed that verifies it",
  "x-permission": "account.write",
  request: { body },
  responses: { 201: list, ...errorResponses(401, 403, 422) },
});

const remove = createRoute({
  method: "delete",
  path: "/user/emails",
  summary: "Remove addresses but the primary one",
  "x-permission": "account.write",
  request: { body },
  responses: { 204: { description: "They are removed" }, ...errorResponses(401, 403, 404, 422) },
});

const show = createRoute({
  method: "patch",
  path: "/user/email/visibility",
  summary: "Show the primary address to everybody, or to nobody else",
  "x-permission": "account.write",
  request: { body: { required: true, ...json(z.object({ visibility: z.enum(["public", "private"]) })) } },
  responses: { 200: list, ...errorResponses(401, 403, 404, 422) },
});

/** Mounted at /api/v3. */
export const emailRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(listOwn, async (context) => {
    const { database, actor } = makeServices(context);
    const own = await listEmails(database, actor);
    return context.json(takePage(context, own).map(describeEmail), 200);
  })
  .openapi(listPublic, async (context) => {
    const { database, actor } = makeServices(context);
    const shown = (await listEmails(database, actor)).filter((email) => email.isPublic);
    return context.json(takePage(context, shown).map(describeEmail), 200);
  })
  .openapi(add, async (context) => {
    const services = makeServices(context);
    const wanted = readAddresses(context.req.valid("json"));
    for (const address of wanted) {
      if ((await takeMailRequest(services, { kind: "verify", recipient: address })) > 0) {
        throw new ForgeError("too_many_requests", "That is too many mails for now.");
      }
      const end = await addEmail(services, address);
      if (end.end !== "done") throw invalid(end.end === "wrong" ? end.problem : "There is no such address.");
    }
    sendSoon(context);
    const own = await listEmails(services.database, services.actor);
    return context.json(own.filter(({ address }) => wanted.includes(address)).map(describeEmail), 201);
  })
  .openapi(remove, async (context) => {
    const services = makeServices(context);
    for (const address of readAddresses(context.req.valid("json"))) {
      const own = await listEmails(services.database, services.actor);
      const email = own.find((one) => one.address.toLowerCase() === address.toLowerCase());
      if (!email) throw notFound();
      const end = await removeEmail(services, email.id);
      if (end.end === "wrong") throw invalid(end.problem);
    }
    sendSoon(context);
    return context.body(null, 204);
  })
  .openapi(show, async (context) => {
    const services = makeServices(context);
    const { visibility } = context.req.valid("json");
    const primary = (await listEmails(services.database, services.actor)).find((email) => email.isPrimary);
    if (!primary) throw notFound();
    const end = await setEmailVisibility(services, primary.id, visibility === "public");
    if (end.end === "wrong") throw invalid(end.problem);
    const own = await listEmails(services.database, services.actor);
    return context.json(own.filter((email) => email.isPrimary).map(describeEmail), 200);
  });

function makeServices(context: Context<AppEnv>): AccountServices {
  return {
    env: context.get("env"),
    database: context.get("database"),
    actor: requireUser(context.get("actor")),
    origin: readOrigin(context),
  };
}

function readAddresses(given: z.infer<typeof bodySchema>): string[] {
  if (typeof given === "string") return [given];
  return Array.isArray(given) ? given : given.emails;
}

const invalid = (message: string): ForgeError =>
  new ForgeError("invalid", "Validation Failed", {
    fields: [{ resource: "UserEmail", field: "email", code: "invalid", message }],
  });
