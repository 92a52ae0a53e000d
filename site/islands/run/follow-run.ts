// Keeps a run current from its stream, over every cut of the connection. Invariant: each event is applied once and
// in order; after a cut the stream is asked for what follows the last one applied.
import { applyRunEvent, type LiveEvent, type LiveRun } from "../../components/live-run.ts";
import { EVENT_TYPES, readEvent } from "./read-event.ts";

/** How the stream is: `stale` when only loading the page again can help. */
export type Connection = "connecting" | "live" | "reconnecting" | "stale" | "ended";

/** What of an EventSource is used. */
interface Source {
  addEventListener(type: string, listener: (event: { data?: unknown; lastEventId?: string }) => void): void;
  close(): void;
}

interface FollowOptions {
  run: LiveRun;
  /** The stream's address without a query. */
  url: string;
  openSource(url: string): Source;
  setTimer(work: () => void, delayMs: number): void;
  onEvent(event: LiveEvent): void;
  onConnection(connection: Connection): void;
}

const FIRST_DELAY_MS = 250;
const DELAY_MS_MAX = 5000;

/** Follows the run until `done`. */
export function followRun(options: FollowOptions): void {
  const { run, onConnection } = options;
  let delayMs = FIRST_DELAY_MS;
  /** The event that was missing last time; if it is missing again it will not come. */
  let missingSeq = 0;

  const connect = (): void => {
    const source = options.openSource(`${options.url}?after=${run.seq}`);
    let isOpen = true;
    const leave = (connection: Connection): void => {
      if (!isOpen) return;
      isOpen = false;
      source.close();
      onConnection(connection);
      if (connection !== "reconnecting") return;
      options.setTimer(connect, delayMs);
      delayMs = Math.min(delayMs * 2, DELAY_MS_MAX);
    };
    const take = (event: LiveEvent | null): void => {
      if (!isOpen) return;
      delayMs = FIRST_DELAY_MS;
      const applied = event === null ? "unknown" : applyRunEvent(run, event);
      if (applied === "gap") {
        const isMissingAgain = missingSeq === run.seq + 1;
        missingSeq = run.seq + 1;
        leave(isMissingAgain ? "stale" : "reconnecting");
      } else if (event === null || applied === "unknown") leave("stale");
      else if (applied === "applied") options.onEvent(event);
      if (event?.type === "done") leave("ended");
    };
    source.addEventListener("open", () => isOpen && onConnection("live"));
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, ({ data, lastEventId }) => {
        // A broken connection is told as `error` too; an event of that type has data.
        if (typeof data === "string") take(readEvent(type, lastEventId ?? "", data));
        else leave("reconnecting");
      });
    }
  };

  onConnection("connecting");
  connect();
}
