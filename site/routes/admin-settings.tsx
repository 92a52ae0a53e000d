// The settings of the whole site, for its admins.
import { type Context, Hono } from "hono";
import { requireSiteAdmin } from "../../workers/admin/require-admin.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import {
  AUDIT_RETENTION_DAYS_MAX,
  AUDIT_RETENTION_DAYS_MIN,
  SITE_BANNER_CHARACTERS_MAX,
  SITE_NAME_CHARACTERS_MAX,
} from "../../workers/core/limits.ts";
import { changeSettings, readSettingsAsAdmin } from "../../workers/site-settings/service.ts";
import { siteSettingsSchema } from "../../workers/site-settings/settings.ts";
import { adminSectionPath } from "../components/admin-layout.tsx";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { AdminSettingsPage, type AdminSettingsPageProps } from "../pages/admin-settings-page.tsx";
import { readTextFields } from "../read-text-field.ts";

const path = adminSectionPath("settings");
const NOTICES = { saved: "Saved." };
const BOUNDS = {
  nameMax: SITE_NAME_CHARACTERS_MAX,
  bannerMax: SITE_BANNER_CHARACTERS_MAX,
  daysMin: AUDIT_RETENTION_DAYS_MIN,
  daysMax: AUDIT_RETENTION_DAYS_MAX,
};

type Values = AdminSettingsPageProps["values"];
type Errors = AdminSettingsPageProps["errors"];

export const adminSettingsRoutes = new Hono<AppEnv>()
  .get(path, async (context) => {
    const settings = await readSettingsAsAdmin(context.get("database"), context.get("actor"));
    const values: Values = {
      ...settings,
      registrationDomains: settings.registrationDomains.join("\n"),
      auditRetentionDays: String(settings.auditRetentionDays),
    };
    return answerForm(context, values, {});
  })
  .post(path, async (context) => {
    requireSiteAdmin(context.get("actor"));
    const first = await confirmFirst(context, path);
    if (first) return first;
    const values = await readValues(context);
    const domains = values.registrationDomains.split(/[\s,]+/).filter((domain) => domain !== "");
    const parsed = siteSettingsSchema.safeParse({
      ...values,
      registrationDomains: domains,
      auditRetentionDays: /^\d{1,9}$/.test(values.auditRetentionDays)
        ? Number(values.auditRetentionDays)
        : null,
    });
    if (parsed.success) {
      await changeSettings(makeServices(context), parsed.data);
      return context.redirect(`${path}?done=saved`, 303);
    }
    const errors: Errors = {};
    for (const { path: at, message } of parsed.error.issues) {
      const field = siteSettingsSchema.keyof().options.find((name) => name === at[0]);
      const domain = typeof at[1] === "number" ? `${domains[at[1]]}: ` : "";
      if (field !== undefined) errors[field] ??= `${domain}${message}`;
    }
    return answerForm(context, values, errors);
  });

async function readValues(context: Context<AppEnv>): Promise<Values> {
  const field = await readTextFields(context);
  return {
    registration: field("registration"),
    registrationDomains: field("registrationDomains"),
    organizationCreation: field("organizationCreation"),
    defaultVisibility: field("defaultVisibility"),
    siteName: field("siteName"),
    banner: field("banner"),
    auditRetentionDays: field("auditRetentionDays").trim(),
  };
}

function answerForm(context: Context<AppEnv>, values: Values, errors: Errors) {
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  context.header("Cache-Control", "no-store");
  return context.html(
    <AdminSettingsPage {...{ frame: makeFrame(context), notice, values, errors, bounds: BOUNDS }} />,
    Object.keys(errors).length === 0 ? 200 : 422,
  );
}
