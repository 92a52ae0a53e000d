// The live stream of an import: what it is now, and again whenever that has changed, until it has ended. Invariant: each
// event is the whole import, so whoever reconnects has missed nothing.
import { IMPORT_WATCH_MS, STREAM_FALLBACK_MS } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { type EventWriter, streamEvents } from "../core/sse.ts";
import type { ImportStatus } from "./service.ts";

interface Watch {
  readonly log: Log;
  readonly read: () => Promise<ImportStatus>;
  readonly describe: (status: ImportStatus) => object;
}

const ENDED = new Set(["done", "failed", "aborted", "expired"]);

/** Answers with events `import`, and `done` at the end. The reader comes again where a stream ends without it. */
export function streamImport({ log, read, describe }: Watch): Response {
  const follow = async (writer: EventWriter) => {
    const endsAtMs = Date.now() + STREAM_FALLBACK_MS;
    let told = "";
    while (!writer.signal.aborted) {
      const status = await read();
      const now = JSON.stringify(describe(status));
      if (now !== told) await writer.write(`event: import\ndata: ${now}\n\n`);
      told = now;
      if (ENDED.has(status.row.state)) return writer.write("event: done\ndata: {}\n\n");
      if (Date.now() > endsAtMs) return;
      await new Promise((resolve) => setTimeout(resolve, IMPORT_WATCH_MS));
    }
  };
  return streamEvents(follow, (error) =>
    log.warn("the stream of an import broke; its reader comes again", { error: String(error) }),
  );
}
