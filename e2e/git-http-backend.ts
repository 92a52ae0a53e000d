// Stock git's own HTTP server for comparison: `git http-backend` as CGI under a small server on a free port
// (git-http-backend). Invariant: it serves only repositories that `create` made, and is gone after `stop`.
import { execFileSync, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { git, makeFolder, removeFolder } from "./git-client.ts";

export interface StockServer {
  /** Makes an empty repository that anyone may fetch from and push to. @returns its address */
  create(name: string): Promise<string>;
  stop(): void;
}

/** What the server lets a client do that git's defaults don't, and Plue does. */
const SETTINGS = {
  "http.receivepack": "true",
  "uploadpack.allowFilter": "true",
  "uploadpack.allowReachableSHA1InWant": "true",
  "uploadpack.allowTipSHA1InWant": "true",
  "uploadpack.allowAnySHA1InWant": "true",
  "gc.auto": "0",
  "receive.autogc": "false",
};

export async function startStockServer(): Promise<StockServer> {
  const root = makeFolder("stock");
  const program = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
  const server = createServer((request, response) => serve(program, root, request, response));
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the server has no port"));
      else resolve(address.port);
    });
  });
  return {
    async create(name) {
      const folder = join(root, name);
      await git(root, "init", "--quiet", "--bare", "--initial-branch=main", folder);
      for (const [key, value] of Object.entries(SETTINGS)) await git(folder, "config", key, value);
      return `http://127.0.0.1:${port}/${name}`;
    },
    stop() {
      server.close();
      server.closeAllConnections();
      removeFolder(root);
    },
  };
}

function serve(program: string, root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://stock");
  const header = (name: string): string => String(request.headers[name] ?? "");
  const child = spawn(program, {
    env: {
      PATH: process.env.PATH,
      HOME: root,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: header("git-protocol"),
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_USER: "anyone",
      ...(header("content-length") === "" ? {} : { CONTENT_LENGTH: header("content-length") }),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  // git stops reading when it has what it needs; the rest of the request is of no use.
  child.stdin.on("error", () => request.resume());
  child.on("error", (error) => response.destroy(error));
  response.on("close", () => child.kill());
  let head: Buffer | null = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (head === null) {
      if (!response.write(chunk)) child.stdout.pause();
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    writeHead(response, head.subarray(0, end).toString("latin1"));
    response.write(head.subarray(end + 4));
    head = null;
  });
  response.on("drain", () => child.stdout.resume());
  child.stdout.on("end", () => response.end());
}

/** Passes a CGI program's header on (RFC 3875, section 6.3). */
function writeHead(response: ServerResponse, text: string): void {
  let status = 200;
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.statusCode = status;
  response.flushHeaders();
}
