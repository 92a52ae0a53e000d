// A provider's HTTP API, with a local server that takes what the real one does.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { sendByProvider } from "./http-provider.ts";

const MAIL = { id: 7, to: "ada@example.com", subject: "Hello", text: "Hello.\n" };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startProvider(status: number) {
  const taken: { headers: IncomingHttpHeaders; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    taken.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
    response.writeHead(status, { location: "http://127.0.0.1:9/" }).end('{"id":"x"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/emails`;
  const provider = { url, key: "re_secret", from: "Plue <plue@plue.test>" };
  return { taken, send: (signal = AbortSignal.timeout(5_000)) => sendByProvider(provider, MAIL, signal) };
}

describe("sendByProvider", () => {
  it("hands the mail over with the key, and a key of its own for the same mail sent twice", async () => {
    const { taken, send } = await startProvider(200);
    for (let time = 0; time < 2; time++) expect(await send()).toEqual({ end: "sent" });
    for (const { headers, body } of taken) {
      expect(headers).toMatchObject({ authorization: "Bearer re_secret", "idempotency-key": "plue-mail-7" });
      expect(body).toEqual({
        ...{ from: "Plue <plue@plue.test>", to: [MAIL.to], subject: "Hello", text: "Hello.\n" },
      });
    }
    expect(taken).toHaveLength(2);
  });

  it.each([400, 413, 422])("takes %i for a refusal for good", async (status) => {
    const problem = `the mail provider answered ${status}`;
    expect(await (await startProvider(status)).send()).toEqual({ end: "refused", problem });
  });

  it.each([301, 401, 403, 404, 429, 500, 503])("takes %i for one for now", async (status) => {
    await expect((await startProvider(status)).send()).rejects.toThrow(`answered ${status}`);
  });

  it("waits no longer than it is told to", async () => {
    await expect((await startProvider(200)).send(AbortSignal.abort())).rejects.toThrow();
  });
});
