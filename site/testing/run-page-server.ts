// Serves a run's page with its assets and its stream over HTTP, so that a real browser can be cut off, refused and
// flooded at will. Invariant: the stream speaks the Worker's protocol; only the run behind it is made up.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { formatRunEvent } from "../../schema/wire/run-events.ts";
import type { LiveEvent } from "../components/live-run.ts";
import { RunPage } from "../pages/run-page.tsx";
import { SIGNED_IN } from "./sample-frame.ts";
import { type EventContent, numberEvents, renderableAfter } from "./sample-run.ts";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'";

export interface RunPageServer {
  url: string;
  /** Makes it happen: stored, and sent to everyone who follows. */
  publish(...contents: EventContent[]): void;
  /** Stores it without sending it to those connected, as a stream with a fault would. */
  publishUnsent(...contents: EventContent[]): void;
  /** Breaks every stream. */
  cut(): void;
  /** Answers the next requests for the stream with 503. */
  refuseNext(count: number): void;
  /** How many streams are open. */
  countStreams(): number;
  /** The `after` of every request for the stream so far. */
  requested: number[];
  stop(): Promise<void>;
}

/** What the browser gets besides the page, by file name. */
type Assets = Record<string, { body: string; contentType: string }>;

export async function startRunPageServer(assets: Assets): Promise<RunPageServer> {
  const events: LiveEvent[] = [];
  const streams = new Set<ServerResponse>();
  const requested: number[] = [];
  let refusals = 0;

  const store = (contents: readonly EventContent[]): LiveEvent[] => {
    const stored = numberEvents(contents, events.length + 1);
    events.push(...stored);
    return stored;
  };
  const openStream = (request: IncomingMessage, response: ServerResponse, after: number): void => {
    requested.push(after);
    if (refusals > 0) {
      refusals -= 1;
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": begin\n\n");
    for (const event of events.slice(after)) response.write(formatRunEvent(event));
    streams.add(response);
    request.on("close", () => streams.delete(response));
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname === "/api/runs/5/stream") {
      return openStream(request, response, Number(url.searchParams.get("after")));
    }
    const asset = assets[url.pathname.replace("/assets/", "")];
    if (asset) return response.writeHead(200, { "content-type": asset.contentType }).end(asset.body);
    if (url.pathname !== "/") return response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
    });
    response.end(await renderPage(events));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const stream of streams) stream.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}/`,
    publish(...contents) {
      for (const event of store(contents)) for (const stream of streams) stream.write(formatRunEvent(event));
    },
    publishUnsent: (...contents) => void store(contents),
    cut,
    refuseNext(count) {
      refusals = count;
    },
    countStreams: () => streams.size,
    requested,
    async stop() {
      cut();
      server.closeAllConnections();
      await new Promise<void>((stopped) => server.close(() => stopped()));
    },
  };
}

const renderPage = async (events: readonly LiveEvent[]): Promise<string> =>
  String(await RunPage({ frame: { ...SIGNED_IN, now: new Date() }, ...renderableAfter(events) }));
