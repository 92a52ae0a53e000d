// The Worker as far as the gateway knows it: git for run tokens, and a place to poke.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SIGNATURE_HEADER, verifySignature } from "../../schema/signature.ts";
import type { GitOrigin } from "./git-origin.ts";

export interface FakeWorker {
  readonly url: string;
  /** How often the outbox was spoken of, with a good signature. */
  readonly pokes: number;
  /** Each git request: path and Authorization. */
  readonly gitRequests: { url: string; authorization: string }[];
  stop(): Promise<void>;
}

export async function startFakeWorker(secret: string, origin: GitOrigin): Promise<FakeWorker> {
  const gitRequests: FakeWorker["gitRequests"] = [];
  const worker = { pokes: 0 };
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    if (url.includes(".git/")) {
      gitRequests.push({ url, authorization: request.headers.authorization ?? "" });
      origin.serve(request, response);
      return;
    }
    const header = String(request.headers[SIGNATURE_HEADER]);
    void verifySignature(secret, { method: "POST", path: "/internal/outbox", body: "" }, header).then(
      (isGood) => {
        if (isGood && url === "/internal/outbox") worker.pokes += 1;
        response.writeHead(isGood ? 204 : 404).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    gitRequests,
    get pokes() {
      return worker.pokes;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
