// The way to the tests' database with trouble on it, for what speaks to the Neon bridge. NEON_PROXY is then
// `address/fault/word/label`: all goes through until a client's bytes hold the word, and then the fault happens to it.
// Invariant: the trouble is in the connection only; behind it are the real bridge and the real PostgreSQL.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";

/**
 * stall: nothing is said any more. close: the connection is closed in good order, with a word of goodbye. reset: it is
 * cut. unanswered: the bytes arrive, and then it is cut before an answer comes back.
 */
type Fault = "stall" | "close" | "reset" | "unanswered";

/** The word that stands for the connection itself: the fault happens before anything is said. */
const CONNECT = "connect";

interface Trouble {
  readonly fault: Fault;
  readonly word: string;
}

interface TroubledDatabase {
  /** `host:port`; GET /open/label answers how many WebSockets of a label are open. */
  address: string;
  stop(): Promise<void>;
}

/** @param bridgeAddress the bridge's `host:port` */
export async function serveTroubledDatabase(bridgeAddress: string): Promise<TroubledDatabase> {
  const openOf = new Map<string, number>();
  const count = (label: string, change: number) => openOf.set(label, (openOf.get(label) ?? 0) + change);
  const server = createServer((request, response) => {
    const [, first, label] = (request.url ?? "").split("/");
    if (request.method === "GET" && first === "open") {
      response.end(String(openOf.get(label ?? "") ?? 0));
      return;
    }
    passRequest(bridgeAddress, request, response).catch((error: unknown) => response.destroy(toError(error)));
  });
  // The server forgets what it has upgraded, but waits for it when it closes.
  const upgraded = new Set<Duplex>();
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request, socket, head) => {
    const { fault, word, label } = readPath(request);
    count(label, 1);
    upgraded.add(socket);
    socket.once("close", () => {
      count(label, -1);
      upgraded.delete(socket);
    });
    if (word === CONNECT && fault === "stall") return;
    if (word === CONNECT) return void socket.destroy();
    webSockets.handleUpgrade(request, socket, head, (client) =>
      passMessages(bridgeAddress, client, { fault, word }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const listening = server.address();
  if (listening === null || typeof listening === "string") throw new Error("There is no TCP port.");
  return {
    address: `127.0.0.1:${listening.port}`,
    stop: async () => {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readPath(request: IncomingMessage): Trouble & { label: string } {
  const [, fault, word, label] = (request.url ?? "").split("/");
  if (fault !== "stall" && fault !== "close" && fault !== "reset" && fault !== "unanswered") {
    throw new Error(`No such fault: ${request.url}`);
  }
  return { fault, word: word ?? "", label: label ?? "" };
}

async function passRequest(
  bridgeAddress: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { fault, word } = readPath(request);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  const isHit = word === CONNECT || body.includes(word);
  if (isHit && fault === "stall") return;
  if (isHit && fault === "close") return void response.writeHead(502).end("Bad gateway");
  if (isHit && fault === "reset") return void response.destroy();
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    name.startsWith("neon-") && typeof value === "string" ? [[name, value] as [string, string]] : [],
  );
  const answer = await fetch(`http://${bridgeAddress}/sql`, { method: "POST", headers, body });
  const text = await answer.text();
  if (isHit) response.destroy();
  else response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
}

function passMessages(bridgeAddress: string, client: WebSocket, { fault, word }: Trouble): void {
  const bridge = new WebSocket(`ws://${bridgeAddress}/`);
  const waiting: Buffer[] = [];
  let isHit = false;
  bridge.on("open", () => {
    for (const bytes of waiting) bridge.send(bytes);
  });
  client.on("message", (bytes: Buffer) => {
    isHit ||= bytes.includes(word);
    if (isHit && fault === "close") client.close();
    if (isHit && fault === "reset") client.terminate();
    if (isHit && fault !== "unanswered") return;
    if (bridge.readyState === WebSocket.OPEN) bridge.send(bytes);
    else waiting.push(bytes);
  });
  bridge.on("message", (bytes: Buffer) => {
    if (!isHit) client.send(bytes);
    else if (fault === "unanswered") client.terminate();
  });
  client.on("close", () => bridge.terminate());
  bridge.on("close", () => client.close());
  for (const socket of [client, bridge]) socket.on("error", () => socket.terminate());
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
