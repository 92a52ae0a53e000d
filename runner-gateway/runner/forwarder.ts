// Git speaks HTTP over TCP only, the gateway listens on a unix socket: this passes loopback requests for the run's
// repository on, and adds the run token itself, so that the token is in no file, argument or environment.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { awaitAnswer, type GatewayClient } from "./gateway-client.ts";

interface Forwarder {
  readonly port: number;
  /** Until then every request is refused. */
  authorise(token: string): void;
}

const HEADERS = [
  "accept",
  "accept-encoding",
  "content-type",
  "content-encoding",
  "content-length",
  "git-protocol",
];

/** Listens on a free port of the sandbox's loopback address. */
export async function startForwarder(client: GatewayClient): Promise<Forwarder> {
  let token: string | null = null;
  const server = createServer((request, response) => {
    if (token === null) {
      response.writeHead(503).end();
      return;
    }
    forward(client, token, request, response).catch((error: unknown) => {
      process.stderr.write(`git was cut off: ${String(error)}\n`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    authorise: (given) => {
      token = given;
    },
  };
}

async function forward(
  client: GatewayClient,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = pick(request, HEADERS);
  const upstream = client.open(request.method ?? "GET", `/git${request.url ?? "/"}`, token, headers);
  response.on("close", () => upstream.destroy());
  const [answer] = await Promise.all([awaitAnswer(upstream), pipeline(request, upstream)]);
  response.writeHead(
    answer.statusCode ?? 502,
    pick(answer, ["content-type", "content-encoding", "content-length"]),
  );
  await pipeline(answer, response);
}

function pick({ headers }: IncomingMessage, names: readonly string[]): Record<string, string | string[]> {
  const picked: Record<string, string | string[]> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
