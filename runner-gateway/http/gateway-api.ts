// What the Worker asks of the gateway, over HTTP on the loopback address or inside the cluster: every request but
// the health check is signed with their shared secret, and without a good signature nothing is here.
import type { IncomingMessage, ServerResponse } from "node:http";
import { SIGNATURE_HEADER, verifySignature } from "../../schema/signature.ts";
import { type Mail, type MailEnd, mailSchema } from "../../schema/wire/mail.ts";
import { READERS_MAX, SIGNED_BODY_BYTES_MAX } from "../limits.ts";
import type { Log } from "../log.ts";
import { answerJson } from "./answer.ts";

interface GatewayOperations {
  /** Something may be claimable: look now. */
  wake(): void;
  /** Somebody asked for the run's end: look now. */
  lookAtCancel(runId: number): void;
  streamRun(runId: number, afterSeq: number, response: ServerResponse): Promise<void>;
  countReaders(): number;
  describeHealth(): Promise<object>;
  /** Sends a mail; null when there is no way to. @throws Error when it may be tried again. */
  sendMail(mail: Mail): Promise<MailEnd | null>;
}

interface Route {
  method: string;
  path: RegExp;
  isPublic?: boolean;
  answer(request: RoutedRequest): Promise<void> | void;
}

interface RoutedRequest {
  operations: GatewayOperations;
  runId: number;
  query: URLSearchParams;
  body: string;
  response: ServerResponse;
}

const routes: Route[] = [
  {
    ...{ method: "GET", path: /^\/health$/, isPublic: true },
    answer: async ({ operations, response }) => answerJson(response, 200, await operations.describeHealth()),
  },
  {
    ...{ method: "POST", path: /^\/wake$/ },
    answer: ({ operations, response }) => {
      operations.wake();
      answerJson(response, 202, { accepted: true });
    },
  },
  {
    ...{ method: "POST", path: /^\/runs\/(\d{1,15})\/cancel$/ },
    answer: ({ operations, runId, response }) => {
      operations.lookAtCancel(runId);
      answerJson(response, 202, { accepted: true });
    },
  },
  {
    ...{ method: "GET", path: /^\/runs\/(\d{1,15})\/stream$/ },
    answer: async ({ operations, runId, query, response }) => {
      const after = query.get("after") ?? "0";
      if (!/^\d{1,9}$/.test(after)) return answerJson(response, 400, { message: "after must be a number" });
      if (operations.countReaders() >= READERS_MAX) {
        return answerJson(response, 503, { message: "too many readers; try again" });
      }
      await operations.streamRun(runId, Number(after), response);
    },
  },
  {
    ...{ method: "POST", path: /^\/mail$/ },
    answer: async ({ operations, body, response }) => {
      const mail = mailSchema.safeParse(parseJson(body));
      if (!mail.success) return answerJson(response, 400, { message: "that is no mail" });
      const end = await operations.sendMail(mail.data);
      if (end === null) {
        const message = "mail can't be sent: neither SMTP_URL nor MAIL_FOLDER is set";
        return answerJson(response, 503, { message });
      }
      answerJson(response, 200, end);
    },
  },
];

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What isn't JSON has no shape that anything here wants.
    return undefined;
  }
}

/** The handler of the gateway's HTTP server. */
export function createGatewayHandler(operations: GatewayOperations, secret: string, log: Log) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    answerRequest(operations, secret, request, response).catch((error: unknown) => {
      log.error("a request failed", error, { method: request.method, url: request.url });
      answerJson(response, 500, { message: "internal error" });
      response.destroy();
    });
  };
}

async function answerRequest(
  operations: GatewayOperations,
  secret: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(`http://gateway${request.url ?? "/"}`);
  const body = await readBody(request);
  if (body === null) return answerJson(response, 413, { message: "the body is too large" });
  for (const route of routes) {
    const match = route.path.exec(url.pathname);
    if (request.method !== route.method || !match) continue;
    const signed = { method: route.method, path: `${url.pathname}${url.search}`, body };
    const header = request.headers[SIGNATURE_HEADER];
    const signature = typeof header === "string" ? header : undefined;
    if (route.isPublic || (await verifySignature(secret, signed, signature))) {
      const runId = Number(match[1] ?? 0);
      return route.answer({ operations, runId, query: url.searchParams, body, response });
    }
  }
  answerJson(response, 404, { message: "not found" });
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > SIGNED_BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
