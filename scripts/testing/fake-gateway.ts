// A gateway for one runner: hands a job over, takes its report as the real one's wire format says, and can be told
// to cut connections or to refuse.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Handover } from "../../schema/wire/handover.ts";
import { type RunnerEvent, runnerEventSchema } from "../../schema/wire/runner-events.ts";
import type { GitOrigin } from "./git-origin.ts";

export interface FakeGateway {
  /** What was taken, each offset once and in order. */
  readonly events: RunnerEvent[];
  /** How often a report was begun. */
  readonly connections: number;
  /** Cuts each report after this many further events, and loses those that were not acknowledged. */
  cutEvery: number;
  isRefusing: boolean;
  /** So many further requests of git are answered 502, as while the forge is away. */
  gitFailures: number;
  /** Whether acknowledgements are held back. */
  isSilent: boolean;
  /** Cuts every connection, now. */
  cut(): void;
  stop(): Promise<void>;
}

/** Listens on the unix socket at `socketPath`. */
export async function startFakeGateway(
  socketPath: string,
  handover: Handover,
  origin: GitOrigin,
): Promise<FakeGateway> {
  const events: RunnerEvent[] = [];
  const gateway = {
    ...{ events, connections: 0, cutEvery: Number.POSITIVE_INFINITY, isRefusing: false, isSilent: false },
    gitFailures: 0,
    cut: () => server.closeAllConnections(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(gateway, handover, origin, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return gateway;
}

async function answer(
  gateway: FakeGateway & { connections: number },
  handover: Handover,
  origin: GitOrigin,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url === "/v1/handover") return void response.end(JSON.stringify(handover));
  const token = request.url?.startsWith("/git/") ? handover.gitToken : handover.reportToken;
  if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
  if (gateway.isRefusing) return void response.writeHead(409).end("{}");
  if (request.url === "/v1/events/acknowledged") {
    return void response.end(JSON.stringify({ acknowledged: gateway.events.length }));
  }
  if (request.url === "/v1/events") {
    gateway.connections += 1;
    return takeReport(gateway, request, response);
  }
  if (gateway.gitFailures > 0) {
    gateway.gitFailures -= 1;
    return void response.writeHead(502).end();
  }
  origin.serve(request, response);
}

async function takeReport(
  gateway: FakeGateway,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let text = "";
  let taken = 0;
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const event = runnerEventSchema.parse(JSON.parse(line));
      if (event.offset > gateway.events.length + 1) throw new Error(`a gap before ${event.offset}`);
      if (event.offset === gateway.events.length + 1) gateway.events.push(event);
      taken += 1;
      if (gateway.isRefusing || taken >= gateway.cutEvery) return void request.destroy();
    }
    if (!gateway.isSilent) response.write(`${JSON.stringify({ acknowledged: gateway.events.length })}\n`);
  }
  response.end();
}
