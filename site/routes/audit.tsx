// The audit log as pages and as NDJSON: one's own, an organisation's for its owners, the site's for its admins.
import { type Context, Hono } from "hono";
import {
  type AuditFilter,
  type AuditSubject,
  exportAudit,
  readAuditPage,
} from "../../workers/audit/read-log.ts";
import { requirePermission } from "../../workers/auth/permissions.ts";
import { requireCredentialsOwner, requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError } from "../../workers/core/errors.ts";
import { requireOrganization } from "../../workers/orgs/organizations.ts";
import type { AuditListProps } from "../components/audit-list.tsx";
import { settingsPath } from "../components/settings-layout.tsx";
import { makeFrame } from "../make-frame.ts";
import { AuditPage } from "../pages/audit-page.tsx";
import { SecurityLogPage } from "../pages/security-log-page.tsx";

const ownPath = settingsPath("security-log");

export const auditRoutes = new Hono<AppEnv>()
  .get(ownPath, async (context) => {
    const list = await makeList(context, findOwnSubject(context));
    return context.html(<SecurityLogPage frame={makeFrame(context)} list={list} />);
  })
  .get(`${ownPath}/export`, (context) => answerExport(context, findOwnSubject(context)))
  .get("/orgs/:org/settings/audit", async (context) => {
    const list = await makeList(context, await requireOrganizationLog(context));
    const title = `Audit log · ${context.req.param("org")}`;
    return context.html(<AuditPage frame={makeFrame(context)} title={title} list={list} />);
  })
  .get("/orgs/:org/settings/audit/export", async (context) =>
    answerExport(context, await requireOrganizationLog(context)),
  )
  .get("/site-admin/audit", async (context) => {
    const list = await makeList(context, requireSiteLog(context));
    return context.html(<AuditPage frame={makeFrame(context)} title="Audit log of the site" list={list} />);
  })
  .get("/site-admin/audit/export", (context) => answerExport(context, requireSiteLog(context)));

const findOwnSubject = (context: Context<AppEnv>): AuditSubject => ({
  kind: "person",
  userId: requireCredentialsOwner(context.get("actor")).userId,
});

function requireSiteLog(context: Context<AppEnv>): AuditSubject {
  requirePermission(requireUser(context.get("actor")), "site.administer", { site: true });
  return { kind: "site" };
}

async function requireOrganizationLog(context: Context<AppEnv>): Promise<AuditSubject> {
  const [database, actor] = [context.get("database"), requireUser(context.get("actor"))];
  const name = context.req.param("org") ?? "";
  const organization = await requireOrganization(database, actor, name, "organization.see-access");
  return { kind: "organization", ownerId: organization.organizationId };
}

async function makeList(context: Context<AppEnv>, subject: AuditSubject): Promise<AuditListProps> {
  const before = context.req.query("before");
  const cursor = before !== undefined && /^[1-9]\d{0,14}$/.test(before) ? Number(before) : undefined;
  const { events, nextCursor } = await readAuditPage(
    context.get("database"),
    subject,
    readFilter(context),
    cursor,
  );
  const path = context.req.path;
  const query = new URLSearchParams();
  const filter = { action: "", actor: "", since: "", until: "" };
  for (const name of ["action", "actor", "since", "until"] as const) {
    filter[name] = context.req.query(name) ?? "";
    if (filter[name] !== "") query.set(name, filter[name]);
  }
  const exportHref = `${path}/export?${query}`;
  if (nextCursor !== null) query.set("before", String(nextCursor));
  context.header("Cache-Control", "no-store");
  return {
    ...{ now: new Date(), path, events, filter, exportHref },
    nextHref: nextCursor === null ? null : `${path}?${query}`,
  };
}

function answerExport(context: Context<AppEnv>, subject: AuditSubject): Response {
  return context.body(exportAudit(context.get("database"), subject, readFilter(context)), 200, {
    "Content-Type": "application/x-ndjson; charset=utf-8",
    "Content-Disposition": 'attachment; filename="audit.ndjson"',
    "Cache-Control": "no-store",
  });
}

function readFilter(context: Context<AppEnv>): AuditFilter {
  const [action, actor] = [context.req.query("action"), context.req.query("actor")];
  const [since, until] = [readDate(context, "since"), readDate(context, "until")];
  return {
    ...(action ? { action } : {}),
    ...(actor ? { actor } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
  };
}

function readDate(context: Context<AppEnv>, name: string): Date | undefined {
  const text = context.req.query(name);
  if (!text) return undefined;
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) {
    throw new ForgeError("bad_request", `${name} must be a date, such as 2026-11-21.`);
  }
  return date;
}
