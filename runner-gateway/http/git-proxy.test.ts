// Git for sandboxes: bytes pass unchanged, within bounds, with the run's own token and nobody else's.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/dev/tcp-ports.ts";
import { GIT_REQUEST_BYTES_MAX } from "../limits.ts";
import { silentLog } from "../testing/test-ledger.ts";
import { createGitProxy } from "./git-proxy.ts";

const TARGET = { owner: "admin", repository: "demo", runToken: "plue_run_x" };
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const startProxy = (workerUrl: string, waitMs?: number): Promise<string> => {
  const proxy = createGitProxy(workerUrl, silentLog, waitMs);
  return listen(createServer((request, response) => void proxy.pass(TARGET, request, response)));
};

interface SeenRequest {
  url: string | undefined;
  headers: IncomingMessage["headers"];
  size: number;
}

async function startWorker(answer = "answer"): Promise<{ url: string; seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    let size = 0;
    try {
      for await (const chunk of request) size += chunk.length;
    } catch {
      // Cut by the proxy: nothing was asked.
      return;
    }
    seen.push({ url: request.url, headers: request.headers, size });
    response.writeHead(200, { "content-type": "application/x-git", "set-cookie": "a=b" }).end(answer);
  });
  return { url: await listen(server), seen };
}

const post = (url: string, size: number): Promise<Response> =>
  fetch(`${url}/git/admin/demo.git/git-upload-pack`, {
    ...{ method: "POST", body: Buffer.alloc(size) },
    headers: { "git-protocol": "version=2", authorization: "Bearer forged", cookie: "c=d" },
  });

describe("the git proxy", () => {
  it("passes a request on as the run's own, and the answer back", async () => {
    const worker = await startWorker("x".repeat(3_000_000));
    const response = await post(await startProxy(worker.url), 5_000);
    expect(response.status).toBe(200);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect((await response.text()).length).toBe(3_000_000);
    expect(worker.seen).toMatchObject([{ url: "/admin/demo.git/git-upload-pack", size: 5_000 }]);
    const headers = worker.seen[0]?.headers;
    expect(headers).toMatchObject({
      ...{ authorization: `Basic ${btoa("run:plue_run_x")}`, "git-protocol": "version=2" },
    });
    expect(headers?.cookie).toBeUndefined();
  });

  it("takes a request of the largest size, and none that is larger", async () => {
    const worker = await startWorker();
    const url = await startProxy(worker.url);
    expect((await post(url, GIT_REQUEST_BYTES_MAX)).status).toBe(200);
    const refused = await post(url, GIT_REQUEST_BYTES_MAX + 1).then(
      (response) => response.status,
      () => "cut",
    );
    expect([502, "cut"]).toContain(refused);
    expect(worker.seen).toHaveLength(1);
  });

  it("says so when the Worker is away", async () => {
    const response = await post(await startProxy("http://127.0.0.1:9", 300), 10);
    expect(response.status).toBe(502);
  });

  it("waits for a Worker that is being started again, and loses nothing of the request", async () => {
    const port = await findFreePort();
    const url = await startProxy(`http://127.0.0.1:${port}`);
    const [proxy] = servers;
    if (!proxy) throw new Error("there is no proxy");
    const arrived = once(proxy, "request");
    const answer = post(url, 5_000);
    const seen: number[] = [];
    const server = createServer(async (request, response) => {
      let size = 0;
      for await (const chunk of request) size += chunk.length;
      seen.push(size);
      response.end("answer");
    });
    servers.push(server);
    await arrived;
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    expect([(await answer).status, seen]).toEqual([200, [5_000]]);
  });

  it.each([
    ["GET", "/git/admin/other.git/info/refs?service=git-upload-pack"],
    ["GET", "/git/admin/demo.git/info/refs"],
    ["GET", "/git/admin/demo.git/info/refs?service=git-receive-pack"],
    ["GET", "/git/admin/demo.git/HEAD"],
    ["POST", "/git/admin/demo.git/git-receive-pack"],
    ["PUT", "/git/admin/demo.git/git-upload-pack"],
  ])("refuses %s %s", async (method, path) => {
    const worker = await startWorker();
    const response = await fetch(`${await startProxy(worker.url)}${path}`, { method });
    expect(response.status).toBe(403);
    expect(worker.seen).toEqual([]);
  });
});
