// A page of an audit log, filtered as its address says.
import type { Context } from "hono";
import { type AuditFilter, type AuditSubject, readAuditPage } from "../workers/audit/read-log.ts";
import type { AppEnv } from "../workers/core/app-env.ts";
import { ForgeError } from "../workers/core/errors.ts";
import type { AuditListProps } from "./components/audit-list.tsx";

/** One page of a log as the request asks for it. @param path the page's own; its export is under it */
export async function makeAuditList(
  context: Context<AppEnv>,
  subject: AuditSubject,
  path: string = context.req.path,
): Promise<AuditListProps> {
  const before = context.req.query("before");
  const cursor = before !== undefined && /^[1-9]\d{0,14}$/.test(before) ? Number(before) : undefined;
  const { events, nextCursor } = await readAuditPage(
    context.get("database"),
    subject,
    readAuditFilter(context),
    cursor,
  );
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

/** @throws ForgeError `bad_request` for what is no date */
export function readAuditFilter(context: Context<AppEnv>): AuditFilter {
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
