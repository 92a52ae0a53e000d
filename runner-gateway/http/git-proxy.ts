// Git for a sandbox: reads of its run's own repository, streamed to and from the Worker, which authorises them by
// the run token. Every other path is refused here.
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { GIT_IDLE_MS, GIT_REQUEST_BYTES_MAX, WORKER_RETRY_MS, WORKER_WAIT_MS } from "../limits.ts";
import type { Log } from "../log.ts";
import { answerJson } from "./answer.ts";

interface GitTarget {
  owner: string;
  repository: string;
  runToken: string;
}

const REQUEST_HEADERS = [
  "accept",
  "accept-encoding",
  "content-type",
  "content-encoding",
  "content-length",
  "git-protocol",
];
const ANSWER_HEADERS = ["content-type", "content-encoding", "content-length", "cache-control"];

export interface GitProxy {
  /** Passes a request below `/git/` on, when it reads `target`. */
  pass(target: GitTarget, request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): void;
}

/** `waitMs`: how long a Worker that takes no connections is waited for. */
export function createGitProxy(workerUrl: string, log: Log, waitMs = WORKER_WAIT_MS): GitProxy {
  const transport = workerUrl.startsWith("https:") ? https : http;
  const agent = new transport.Agent({ keepAlive: true });
  return {
    pass: async (target, request, response) => {
      const path = mapPath(target, request);
      if (path === null) {
        request.resume();
        return answerJson(response, 403, { message: "a run may read its own repository only" });
      }
      const open = () =>
        transport.request(`${workerUrl}${path}`, {
          method: request.method ?? "GET",
          agent,
          timeout: GIT_IDLE_MS,
          headers: {
            ...pick(request.headers, REQUEST_HEADERS),
            authorization: `Basic ${Buffer.from(`run:${target.runToken}`).toString("base64")}`,
          },
        });
      try {
        const upstream = await connect(open, response, waitMs);
        upstream.on("timeout", () => upstream.destroy(new Error("the Worker said nothing for too long")));
        response.on("close", () => upstream.destroy());
        const [answer] = await Promise.all([awaitAnswer(upstream), pipeline(request, limitBytes, upstream)]);
        response.writeHead(answer.statusCode ?? 502, pick(answer.headers, ANSWER_HEADERS));
        await pipeline(answer, response);
      } catch (error) {
        log.warn("a git request of a sandbox was not passed on to its end", { path, error: String(error) });
        answerJson(response, 502, { message: "the forge could not be reached" });
        response.destroy();
      }
    },
    close: () => agent.destroy(),
  };
}

function mapPath({ owner, repository }: GitTarget, request: IncomingMessage): string | null {
  const own = `/${owner}/${repository}.git`;
  if (request.method === "GET" && request.url === `/git${own}/info/refs?service=git-upload-pack`) {
    return `${own}/info/refs?service=git-upload-pack`;
  }
  const isFetch = request.method === "POST" && request.url === `/git${own}/git-upload-pack`;
  return isFetch ? `${own}/git-upload-pack` : null;
}

/** A request that has its connection. A Worker that is being started again refuses connections for a moment. */
async function connect(
  open: () => http.ClientRequest,
  response: ServerResponse,
  waitMs: number,
): Promise<http.ClientRequest> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    const upstream = open();
    try {
      await awaitConnection(upstream);
      return upstream;
    } catch (error) {
      const isRefused = error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
      if (!isRefused || response.destroyed || performance.now() > deadlineMs) throw error;
      await wait(WORKER_RETRY_MS);
    }
  }
}

function awaitConnection(upstream: http.ClientRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    upstream.once("error", reject);
    upstream.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", () => resolve());
      else resolve();
    });
  });
}

function awaitAnswer(upstream: http.ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.once("response", resolve);
    upstream.once("error", reject);
  });
}

async function* limitBytes(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > GIT_REQUEST_BYTES_MAX) throw new Error("git's request is too large");
    yield chunk;
  }
}

function pick(headers: http.IncomingHttpHeaders, names: readonly string[]): http.OutgoingHttpHeaders {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  );
}
