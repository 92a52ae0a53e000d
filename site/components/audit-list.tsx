// Events of the audit log as sentences, with the form that filters them, the next page and the export.
import { describeAuditEvent, SPOKEN_ACTIONS } from "./audit-sentence.ts";
import { Field } from "./form.tsx";
import { Moment } from "./moment.tsx";
import { Select } from "./role-forms.tsx";
import { TextField } from "./text-field.tsx";

interface AuditEventView {
  id: number;
  action: string;
  actorName: string;
  targetKind: string;
  targetName: string;
  address: string;
  userAgent: string;
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
          <Field id="action" label="Action" error={undefined}>
            <Select id="action" name="action" choices={listActions(filter.action)} chosen={filter.action} />
          </Field>
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
          <a href={exportHref}>Export these events as NDJSON</a>
        </p>
      </details>
      {events.length === 0 ? <p class="facts">No events.</p> : null}
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

const CREDENTIALS: Record<string, string> = {
  session: "a browser session",
  token: "an API token",
  "deploy-key": "a deploy key",
  run: "the token of a run",
};

function AuditItem({ event, now }: { event: AuditEventView; now: Date }) {
  const details = JSON.stringify(event.details);
  const credential = CREDENTIALS[event.credentialKind];
  const facts = [
    event.action,
    ...(event.address === "" ? [] : [`from ${event.address}`]),
    ...(credential === undefined ? [] : [`with ${credential}`]),
  ];
  return (
    <li class="item tight">
      <div class="row">
        <bdi>{describeAuditEvent(event)}</bdi>
        <span class="facts end">
          <Moment at={event.createdAt} now={now} />
        </span>
      </div>
      <details>
        <summary class="facts">{facts.join(" · ")}</summary>
        {event.userAgent === "" ? null : <p class="facts">Client: {event.userAgent}</p>}
        {details === "{}" ? null : (
          <p>
            <code>{details}</code>
          </p>
        )}
        {event.userAgent === "" && details === "{}" ? <p class="facts">No further details.</p> : null}
      </details>
    </li>
  );
}

/** Every action there is, and the one that is asked for. */
const listActions = (chosen: string) => [
  { value: "", label: "All" },
  ...[...new Set([...SPOKEN_ACTIONS, ...(chosen === "" ? [] : [chosen])])].map((action) => ({
    ...{ value: action, label: action },
  })),
];
