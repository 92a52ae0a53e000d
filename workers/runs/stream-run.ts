// The live stream of a run: the gateway's own while it is there, rows from Postgres while it isn't.
// Invariant: events go out in order of seq, none twice, and each with its id, so a reader resumes where it was.
import { formatRunEvent } from "../../schema/wire/run-events.ts";
import type { Database } from "../core/db.ts";
import type { Env } from "../core/env.ts";
import { callGateway } from "../core/gateway-client.ts";
import { STREAM_EVENTS_PER_QUERY_MAX, STREAM_FALLBACK_MS } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import { type EventWriter, streamEvents } from "../core/sse.ts";
import { readEvents } from "./service.ts";

const POLL_MS = 500;
const READER_CHECK_MS = 3_000;
const CONNECT_TIMEOUT_MS = 2_000;

interface StreamRequest {
  env: Env;
  database: Database;
  log: Log;
  runId: number;
  /** The seq of the last event the reader has. */
  afterSeq: number;
  /** Asked again and again while the stream lasts; once it says no, the stream ends. */
  mayGoOn: () => Promise<boolean>;
}

/** Answers with the run's events after `afterSeq`, those to come included, until `done`. */
export function streamRun(request: StreamRequest): Response {
  return streamEvents(
    async (writer) => {
      const guard = watchReader(request, writer.signal);
      try {
        const watched = { ...writer, signal: guard.signal };
        const upstream = await connect(request, watched.signal);
        if (upstream) await relay(upstream, watched);
        else await followRows(request, watched);
      } catch (error) {
        // What the guard ended is no fault of the stream's.
        if (!guard.isOver()) throw error;
      } finally {
        guard.stop();
      }
    },
    (error) =>
      request.log.warn("a run's stream broke; its reader resumes", {
        runId: request.runId,
        error: String(error),
      }),
  );
}

// Looks every few seconds whether the reader may still read, and ends the stream when not.
function watchReader(request: StreamRequest, signal: AbortSignal) {
  const over = new AbortController();
  const timer = setInterval(() => {
    request
      .mayGoOn()
      .then((isAllowed) => {
        if (!isAllowed) over.abort(new Error("the reader may read no longer"));
      })
      .catch((error: unknown) => over.abort(error));
  }, READER_CHECK_MS);
  return {
    signal: AbortSignal.any([signal, over.signal]),
    isOver: () => over.signal.aborted,
    stop: () => clearInterval(timer),
  };
}

async function connect(
  request: StreamRequest,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | null> {
  const { env, log, runId, afterSeq } = request;
  // Only the wait for the headers is bounded; the stream itself lasts as long as the run.
  const connecting = new AbortController();
  const timer = setTimeout(
    () => connecting.abort(new Error("the gateway did not answer")),
    CONNECT_TIMEOUT_MS,
  );
  try {
    const response = await callGateway(env, "GET", `/runs/${runId}/stream?after=${afterSeq}`, {
      signal: AbortSignal.any([signal, connecting.signal]),
    });
    if (response.ok) return response.body;
    await response.body?.cancel();
    log.warn("the gateway refused a stream; rows are read instead", { runId, status: response.status });
  } catch (error) {
    log.warn("the gateway is away; rows are read instead", { runId, error: String(error) });
  } finally {
    clearTimeout(timer);
  }
  return null;
}

async function relay(upstream: ReadableStream<Uint8Array>, writer: EventWriter): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of upstream) await writer.write(decoder.decode(chunk, { stream: true }));
}

/** Reads rows as they come, for a while: the reader then reconnects, and finds the gateway if it is back. */
async function followRows(request: StreamRequest, writer: EventWriter): Promise<void> {
  const endsAtMs = Date.now() + STREAM_FALLBACK_MS;
  let seq = request.afterSeq;
  while (!writer.signal.aborted) {
    const events = await readEvents(request.database, request.runId, seq, STREAM_EVENTS_PER_QUERY_MAX);
    for (const event of events) {
      await writer.write(formatRunEvent({ ...event, at: event.at.getTime() }));
      seq = event.seq;
      if (event.type === "done") return;
    }
    if (events.length === STREAM_EVENTS_PER_QUERY_MAX) continue;
    if (Date.now() > endsAtMs) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
