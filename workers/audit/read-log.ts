// Reading the audit log: for a person, an organisation, the site. Invariant: newest first and paged by a cursor, so that
// what is added meanwhile neither repeats nor hides anything.
import { and, desc, eq, gte, lt, or, type SQL } from "drizzle-orm";
import { auditEvents } from "../../schema/tables/auth.ts";
import type { Database, Executor } from "../core/db.ts";
import { AUDIT_EVENTS_PER_PAGE_MAX } from "../core/limits.ts";

type AuditEvent = typeof auditEvents.$inferSelect;

/** Whose log: what was done by or to a person, what belongs to an organisation, or everything. */
export type AuditSubject =
  | { kind: "person"; userId: number }
  | { kind: "organization"; ownerId: number }
  | { kind: "site" };

export interface AuditFilter {
  action?: string;
  actor?: string;
  since?: Date;
  until?: Date;
}

interface AuditPage {
  events: AuditEvent[];
  /** Hand it back for the next page; null at the end. */
  nextCursor: number | null;
}

/** One page, newest first. @param before the cursor of the page before; undefined for the first */
export async function readAuditPage(
  database: Database,
  subject: AuditSubject,
  filter: AuditFilter,
  before?: number,
): Promise<AuditPage> {
  const events = await findEvents(database.query, subject, filter, before);
  const isFull = events.length === AUDIT_EVENTS_PER_PAGE_MAX;
  return { events, nextCursor: isFull ? (events.at(-1)?.id ?? null) : null };
}

/** Every event, newest first, as one JSON object a line. */
export function exportAudit(
  database: Database,
  subject: AuditSubject,
  filter: AuditFilter,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let before: number | undefined;
  return new ReadableStream({
    async pull(controller) {
      const page = await readAuditPage(database, subject, filter, before);
      const lines = page.events.map((event) => `${JSON.stringify(describeEvent(event))}\n`);
      if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
      if (page.nextCursor === null) controller.close();
      else before = page.nextCursor;
    },
  });
}

/** An event as the API and exports show it. */
function describeEvent(event: AuditEvent) {
  return {
    ...{ id: event.id, created_at: event.createdAt.toISOString(), action: event.action },
    actor: event.actorId === null ? null : { id: event.actorId, login: event.actorName },
    target:
      event.targetKind === "" ? null : { kind: event.targetKind, id: event.targetId, name: event.targetName },
    ...{ owner_id: event.ownerId, repository_id: event.repositoryId, address: event.address },
    ...{ user_agent: event.userAgent, request_id: event.requestId, details: event.details },
    credential: { kind: event.credentialKind, id: event.credentialId },
  };
}

async function findEvents(
  query: Executor,
  subject: AuditSubject,
  filter: AuditFilter,
  before: number | undefined,
): Promise<AuditEvent[]> {
  const conditions: (SQL | undefined)[] = [isAbout(subject)];
  if (before !== undefined) conditions.push(lt(auditEvents.id, before));
  if (filter.action) conditions.push(eq(auditEvents.action, filter.action));
  if (filter.actor) conditions.push(eq(auditEvents.actorName, filter.actor));
  if (filter.since) conditions.push(gte(auditEvents.createdAt, filter.since));
  if (filter.until) conditions.push(lt(auditEvents.createdAt, filter.until));
  return query
    .select()
    .from(auditEvents)
    .where(and(...conditions))
    .orderBy(desc(auditEvents.id))
    .limit(AUDIT_EVENTS_PER_PAGE_MAX);
}

function isAbout(subject: AuditSubject): SQL | undefined {
  if (subject.kind === "site") return undefined;
  if (subject.kind === "organization") return eq(auditEvents.ownerId, subject.ownerId);
  return or(eq(auditEvents.actorId, subject.userId), eq(auditEvents.ownerId, subject.userId));
}
