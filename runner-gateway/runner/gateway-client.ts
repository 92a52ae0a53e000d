// The runner's way to its gateway: HTTP over the sandbox's unix socket, with the run token once there is one.
import http, { type ClientRequest, type IncomingMessage } from "node:http";

export interface GatewayClient {
  /** A request that is not yet sent; `token` authorises it. */
  open(method: string, path: string, token?: string, headers?: http.OutgoingHttpHeaders): ClientRequest;
  /** A GET and the whole of its answer. */
  get(path: string, token?: string): Promise<{ status: number; body: string }>;
}

export function createGatewayClient(socketPath: string): GatewayClient {
  const agent = new http.Agent({ keepAlive: true });
  const open: GatewayClient["open"] = (method, path, token, headers = {}) =>
    http.request({
      ...{ socketPath, method, path, agent },
      headers: {
        host: "gateway",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
  return {
    open,
    get: async (path, token) => {
      const request = open("GET", path, token);
      request.end();
      const answer = await awaitAnswer(request);
      return { status: answer.statusCode ?? 0, body: await readAll(answer) };
    },
  };
}

/** The answer's head. @throws what broke the connection before. */
export function awaitAnswer(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
  });
}

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
