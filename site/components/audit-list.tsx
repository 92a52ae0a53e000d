// Events of the audit log, with the form that filters them, the next page and the export.

import { Moment } from "./moment.tsx";
import { TextField } from "./text-field.tsx";

interface AuditEventView {
  id: number;
  action: string;
  actorName: string;
  targetKind: string;
  targetName: string;
  address: string;
  credentialKind: string;
  details: Record<string, unknown>;
  createdAt: Date;
}

export interface AuditListProps {
  now: Date;
  /** The page's own path. */
  path: string;
  events: readonly AuditEventView[];
  filter: { action: string; actor: string; since: string; until: string };
  nextHref: string | null;
  exportHref: string;
}

export function AuditList({ now, path, events, filter, nextHref, exportHref }: AuditListProps) {
  return (
    <>
      <details>
        <summary>Filter and export</summary>
        <form method="get" action={path} class="fields">
          <TextField name="action" label="Action" value={filter.action} required={false} error={undefined} />
          <TextField name="actor" label="Who" value={filter.actor} required={false} error={undefined} />
          <TextField
            name="since"
            label="From"
            hint="Such as 2026-11-21."
            value={filter.since}
            required={false}
            error={undefined}
          />
          <TextField name="until" label="Before" value={filter.until} required={false} error={undefined} />
          <button type="submit">Filter</button>
        </form>
        <p>
          <a href={exportHref}>All of these as NDJSON</a>
        </p>
      </details>
      {events.length === 0 ? <p class="facts">Nothing is recorded.</p> : null}
      <ul class="list">
        {events.map((event) => (
          <AuditItem event={event} now={now} />
        ))}
      </ul>
      {nextHref === null ? null : (
        <p>
          <a href={nextHref} rel="next">
            older →
          </a>
        </p>
      )}
    </>
  );
}

function AuditItem({ event, now }: { event: AuditEventView; now: Date }) {
  const details = JSON.stringify(event.details);
  return (
    <li class="item tight">
      <div class="row">
        <span class="name">{event.action}</span>
        <span>{event.actorName === "" ? "somebody not signed in" : event.actorName}</span>
        <Moment at={event.createdAt} now={now} />
      </div>
      <p class="facts">
        {event.targetKind === "" ? null : `${event.targetKind} ${event.targetName} · `}
        by {event.credentialKind}
        {event.address === "" ? "" : ` from ${event.address}`}
        {details === "{}" ? "" : ` · ${details}`}
      </p>
    </li>
  );
}
