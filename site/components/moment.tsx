// A moment or a span of time on a page, with its exact value in the title.
import { formatDuration, formatExactTime, formatRelativeTime } from "./format-time.ts";

export function Moment({ at, now }: { at: Date; now: Date }) {
  return (
    <time datetime={at.toISOString()} title={formatExactTime(at)}>
      {formatRelativeTime(at, now)}
    </time>
  );
}

/** From start to finish, or to now; nothing for what has not started. */
export function Duration(props: { startedAt: Date | null; finishedAt: Date | null; now: Date }) {
  if (props.startedAt === null) return null;
  const end = props.finishedAt ?? props.now;
  return <span>{formatDuration(end.getTime() - props.startedAt.getTime())}</span>;
}

/** `started 5 minutes ago`, which the page's script fills in when it happens; `what` and `of` name it. */
export function Happened(props: { what: "started" | "ended"; of: string; atMs: number | null; now: Date }) {
  const { what, of, atMs, now } = props;
  const attributes = { [`data-${what}-of`]: of };
  return (
    <span {...attributes} hidden={atMs === null}>
      {what} {atMs === null ? <time /> : <Moment at={new Date(atMs)} now={now} />}
    </span>
  );
}
