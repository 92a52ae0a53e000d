// The audit log as pages and as NDJSON: one's own, an organisation's for its owners, the site's for its admins.
import { type Context, Hono } from "hono";
import { requirePersonAsAdmin } from "../../workers/admin/people.ts";
import { type AuditSubject, exportAudit } from "../../workers/audit/read-log.ts";
import { requirePermission } from "../../workers/auth/permissions.ts";
import { requireCredentialsOwner, requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { type Organization, requireOrganization } from "../../workers/orgs/organizations.ts";
import { adminSectionPath, personAdminPath } from "../components/admin-layout.tsx";
import { settingsPath } from "../components/settings-layout.tsx";
import { makeAuditList, readAuditFilter } from "../make-audit-list.ts";
import { makeFrame } from "../make-frame.ts";
import { AdminAuditPage, OrganizationAuditPage } from "../pages/audit-page.tsx";
import { SecurityLogPage } from "../pages/security-log-page.tsx";
import { viewOrganization } from "../view-organization.ts";

const ownPath = settingsPath("security-log");

export const auditRoutes = new Hono<AppEnv>()
  .get(ownPath, async (context) => {
    const list = await makeAuditList(context, findOwnSubject(context));
    return context.html(<SecurityLogPage frame={makeFrame(context)} list={list} />);
  })
  .get(`${ownPath}/export`, (context) => answerExport(context, findOwnSubject(context)))
  .get("/orgs/:org/settings/audit", async (context) => {
    const organization = await requireLoggedOrganization(context);
    const list = await makeAuditList(context, subjectOf(organization));
    const view = viewOrganization(organization, context.get("actor"));
    return context.html(<OrganizationAuditPage frame={makeFrame(context)} organization={view} list={list} />);
  })
  .get("/orgs/:org/settings/audit/export", async (context) =>
    answerExport(context, subjectOf(await requireLoggedOrganization(context))),
  )
  .get(adminSectionPath("audit"), async (context) => {
    const list = await makeAuditList(context, requireSiteLog(context));
    return context.html(<AdminAuditPage frame={makeFrame(context)} list={list} />);
  })
  .get(`${adminSectionPath("audit")}/export`, (context) => answerExport(context, requireSiteLog(context)))
  .get(`${personAdminPath(":name")}/export`, async (context) => {
    const [database, actor] = [context.get("database"), context.get("actor")];
    const person = await requirePersonAsAdmin(database, actor, context.req.param("name") ?? "");
    return answerExport(context, { kind: "person", userId: person.id });
  });

const findOwnSubject = (context: Context<AppEnv>): AuditSubject => ({
  kind: "person",
  userId: requireCredentialsOwner(context.get("actor")).userId,
});

function requireSiteLog(context: Context<AppEnv>): AuditSubject {
  requirePermission(requireUser(context.get("actor")), "site.administer", { site: true });
  return { kind: "site" };
}

async function requireLoggedOrganization(context: Context<AppEnv>): Promise<Organization> {
  const [database, actor] = [context.get("database"), requireUser(context.get("actor"))];
  return requireOrganization(database, actor, context.req.param("org") ?? "", "organization.see-access");
}

const subjectOf = ({ organizationId }: Organization): AuditSubject => ({
  kind: "organization",
  ownerId: organizationId,
});

function answerExport(context: Context<AppEnv>, subject: AuditSubject): Response {
  return context.body(exportAudit(context.get("database"), subject, readAuditFilter(context)), 200, {
    "Content-Type": "application/x-ndjson; charset=utf-8",
    "Content-Disposition": 'attachment; filename="audit.ndjson"',
    "Cache-Control": "no-store",
  });
}
