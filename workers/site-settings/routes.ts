// The site's settings under /api/site/settings, for its admins.
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../core/app-env.ts";
import { json, unsaid } from "../core/openapi.ts";
import { readOrigin } from "../core/origin.ts";
import { errorResponses, refuseInvalid } from "../core/validation.ts";
import { changeSettings, readSettingsAsAdmin } from "./service.ts";
import { type SiteSettings, siteSettingsSchema, VISIBLE_LINE } from "./settings.ts";

const { shape } = siteSettingsSchema;
// What the document makes of a pattern with flags by itself matches nothing.
const pattern = VISIBLE_LINE.source;
const [siteName, banner] = [shape.siteName.openapi({ pattern }), shape.banner.openapi({ pattern })];

const bodySchema = z
  .strictObject({
    registration: shape.registration,
    registration_domains: shape.registrationDomains,
    organization_creation: shape.organizationCreation,
    default_visibility: shape.defaultVisibility,
    site_name: siteName,
    banner,
    audit_retention_days: shape.auditRetentionDays,
  })
  .openapi("SiteSettings");

const changeSchema = z
  .strictObject({
    registration: shape.registration.nullish().transform(unsaid),
    registration_domains: shape.registrationDomains.nullish().transform(unsaid),
    organization_creation: shape.organizationCreation.nullish().transform(unsaid),
    default_visibility: shape.defaultVisibility.nullish().transform(unsaid),
    site_name: siteName.nullish().transform(unsaid),
    banner: banner.nullish().transform(unsaid),
    audit_retention_days: shape.auditRetentionDays.nullish().transform(unsaid),
  })
  .openapi("SiteSettingsChange");

const readRoute = createRoute({
  method: "get",
  path: "/site/settings",
  summary: "The settings of the whole site",
  "x-permission": "site.administer",
  responses: { 200: { description: "All", ...json(bodySchema) }, ...errorResponses(401, 403, 404) },
});

const changeRoute = createRoute({
  method: "patch",
  path: "/site/settings",
  summary: "Change settings of the whole site",
  "x-permission": "site.administer",
  description:
    "What is absent or null stays as it is. A change holds at once; pages may show what was for five seconds more.",
  request: { body: { required: true, ...json(changeSchema) } },
  responses: {
    200: { description: "All, as they are from now on", ...json(bodySchema) },
    ...errorResponses(400, 401, 403, 404, 422),
  },
});

/** Mounted at /api. */
export const siteSettingsRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  .openapi(readRoute, async (context) => {
    const settings = await readSettingsAsAdmin(context.get("database"), context.get("actor"));
    context.header("Cache-Control", "no-store");
    return context.json(describe(settings), 200);
  })
  .openapi(changeRoute, async (context) => {
    const body = context.req.valid("json");
    const services = {
      ...{ env: context.get("env"), database: context.get("database"), actor: context.get("actor") },
      origin: readOrigin(context),
    };
    const settings = await changeSettings(services, {
      ...(body.registration === undefined ? {} : { registration: body.registration }),
      ...(body.registration_domains === undefined ? {} : { registrationDomains: body.registration_domains }),
      ...(body.organization_creation === undefined
        ? {}
        : { organizationCreation: body.organization_creation }),
      ...(body.default_visibility === undefined ? {} : { defaultVisibility: body.default_visibility }),
      ...(body.site_name === undefined ? {} : { siteName: body.site_name }),
      ...(body.banner === undefined ? {} : { banner: body.banner }),
      ...(body.audit_retention_days === undefined ? {} : { auditRetentionDays: body.audit_retention_days }),
    });
    context.header("Cache-Control", "no-store");
    return context.json(describe(settings), 200);
  });

const describe = (settings: SiteSettings): z.infer<typeof bodySchema> => ({
  registration: settings.registration,
  registration_domains: settings.registrationDomains,
  organization_creation: settings.organizationCreation,
  default_visibility: settings.defaultVisibility,
  site_name: settings.siteName,
  banner: settings.banner,
  audit_retention_days: settings.auditRetentionDays,
});
