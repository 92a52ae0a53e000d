// One reader of a run's events: what was, from Postgres page by page, and then what comes, until `done`. It takes
// the next events only when its connection took the last, so no reader holds memory or another reader.
import type { ServerResponse } from "node:http";
import { and, asc, eq, gt } from "drizzle-orm";
import { isEnded } from "../../schema/run-states.ts";
import { runEvents, workflowRuns } from "../../schema/tables/runs.ts";
import { formatRunEvent } from "../../schema/wire/run-events.ts";
import type { Database } from "../database.ts";
import { PING_INTERVAL_MS, READER_STALL_MS, STREAM_PAGE_EVENTS } from "../limits.ts";
import type { Follower, Frame, RunFeed } from "./run-feed.ts";

interface StreamRequest {
  database: Database;
  feed: RunFeed;
  runId: number;
  afterSeq: number;
  /** Aborted when the gateway stops; the reader then resumes at its next life. */
  signal: AbortSignal;
  /** How long a reader may take nothing, in milliseconds. */
  stallMs?: number;
  /** Between heartbeats, in milliseconds. */
  pingMs?: number;
}

/** How it ended: all was sent, the reader left, or the reader took nothing for too long and was dropped. */
export type StreamEnd = "done" | "left" | "stalled" | "unknown-run";

/** Answers with the run's events after `afterSeq` as server-sent events; 404 when there is no such run. */
export async function serveStream(response: ServerResponse, request: StreamRequest): Promise<StreamEnd> {
  const leaving = new AbortController();
  response.once("close", () => leaving.abort());
  const signal = AbortSignal.any([leaving.signal, request.signal]);
  // Followed before the first read, so that nothing falls between the two.
  const follower = request.feed.follow(request.runId);
  try {
    const state = await readState(request.database, request.runId);
    if (!state) {
      response.writeHead(404, { "content-type": "application/json" }).end('{"message":"no such run"}');
      return "unknown-run";
    }
    request.feed.hint(request.runId, state.lastSeq);
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    response.flushHeaders();
    if (isEnded(state.status) && request.afterSeq >= state.lastSeq) {
      response.end();
      return "done";
    }
    const end = await sendEvents(new FrameWriter(response, request.stallMs ?? READER_STALL_MS), {
      ...request,
      follower,
      signal,
    });
    if (end === "stalled") response.destroy();
    else response.end();
    return end;
  } finally {
    follower.close();
  }
}

async function sendEvents(
  writer: FrameWriter,
  request: StreamRequest & { follower: Follower },
): Promise<StreamEnd> {
  const { database, follower, runId, signal } = request;
  const pinging = setInterval(() => writer.ping(), request.pingMs ?? PING_INTERVAL_MS);
  let seq = request.afterSeq;
  try {
    while (!signal.aborted) {
      const frames = follower.takeAfter(seq) ?? (await readFrames(database, runId, seq));
      if (frames.length === 0) await follower.waitAfter(seq, signal);
      for (const frame of frames) {
        if (!(await writer.write(frame.text, signal))) return signal.aborted ? "left" : "stalled";
        seq = frame.seq;
        if (frame.type === "done") return "done";
      }
    }
    return "left";
  } finally {
    clearInterval(pinging);
  }
}

/** The next page; called only when there is one. @throws Error when the log has a gap. */
async function readFrames(database: Database, runId: number, afterSeq: number): Promise<Frame[]> {
  const rows = await database
    .select({ seq: runEvents.seq, type: runEvents.type, data: runEvents.data, at: runEvents.at })
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), gt(runEvents.seq, afterSeq)))
    .orderBy(asc(runEvents.seq))
    .limit(STREAM_PAGE_EVENTS);
  if (rows[0]?.seq !== afterSeq + 1)
    throw new Error(`run ${runId} has no event ${afterSeq + 1}, yet later ones`);
  return rows.map((row) => ({
    seq: row.seq,
    type: row.type,
    text: formatRunEvent({ ...row, at: row.at.getTime() }),
  }));
}

async function readState(database: Database, runId: number) {
  const [row] = await database
    .select({ status: workflowRuns.status, lastSeq: workflowRuns.lastEventSeq })
    .from(workflowRuns)
    .where(eq(workflowRuns.id, runId));
  return row;
}

class FrameWriter {
  readonly #response: ServerResponse;
  readonly #stallMs: number;

  constructor(response: ServerResponse, stallMs: number) {
    this.#response = response;
    this.#stallMs = stallMs;
  }

  /** Writes and waits until the connection takes more. @returns false when the reader left or took nothing. */
  async write(text: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#response.write(text)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const drained = () => resolve(true);
    const gone = () => resolve(false);
    const stalled = setTimeout(gone, this.#stallMs);
    this.#response.once("drain", drained);
    signal.addEventListener("abort", gone, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(stalled);
      this.#response.off("drain", drained);
      signal.removeEventListener("abort", gone);
    }
  }

  /** A heartbeat; one that has to wait behind events is not needed. */
  ping(): void {
    if (!this.#response.writableNeedDrain) this.#response.write("event: ping\ndata: {}\n\n");
  }
}
