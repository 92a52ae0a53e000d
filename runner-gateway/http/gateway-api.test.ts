// The gateway's HTTP: what is signed, what is bounded, and what is nothing.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SIGNATURE_HEADER, signRequest } from "../../schema/signature.ts";
import type { Mail } from "../../schema/wire/mail.ts";
import { READERS_MAX, SIGNED_BODY_BYTES_MAX } from "../limits.ts";
import { silentLog } from "../testing/test-ledger.ts";
import { createGatewayHandler } from "./gateway-api.ts";

const SECRET = "a-gateway-secret-for-the-tests-only";
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function start(readers = 0, hasMailer = true): Promise<{ calls: string[]; url: string }> {
  const calls: string[] = [];
  const operations = {
    wake: () => void calls.push("wake"),
    lookAtCancel: (runId: number) => void calls.push(`cancel ${runId}`),
    countReaders: () => readers,
    describeHealth: async () => ({ ok: true }),
    sendMail: async ({ to }: Mail) => {
      calls.push(`mail to ${to}`);
      return hasMailer ? { end: "sent" as const } : null;
    },
    streamRun: async (runId: number, afterSeq: number, response: ServerResponse) => {
      calls.push(`stream ${runId} after ${afterSeq}`);
      response.end();
    },
  };
  const server = createServer(createGatewayHandler(operations, SECRET, silentLog));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function call(url: string, method: string, path: string, body = ""): Promise<number> {
  const headers = { [SIGNATURE_HEADER]: await signRequest(SECRET, { method, path, body }) };
  const response = await fetch(`${url}${path}`, { method, headers, ...(body === "" ? {} : { body }) });
  await response.body?.cancel();
  return response.status;
}

describe("the gateway's HTTP", () => {
  it("does what it is asked", async () => {
    const { url, calls } = await start();
    expect(await call(url, "POST", "/wake", "{}")).toBe(202);
    expect(await call(url, "POST", "/runs/12/cancel", "{}")).toBe(202);
    expect(await call(url, "GET", "/runs/12/stream?after=7")).toBe(200);
    expect(await call(url, "GET", "/runs/12/stream")).toBe(200);
    expect(calls).toEqual(["wake", "cancel 12", "stream 12 after 7", "stream 12 after 0"]);
  });

  it.each([
    ["GET", "/wake"],
    ["POST", "/runs/x/cancel"],
    ["POST", "/runs/1/cancel/more"],
    ["GET", "/"],
  ])("knows no %s %s", async (method, path) => {
    const { url, calls } = await start();
    expect(await call(url, method, path)).toBe(404);
    expect(calls).toEqual([]);
  });

  it("sends a mail, says when it has no way to, and takes nothing else for one", async () => {
    const mail = { id: 1, to: "ada@example.com", subject: "Hello", text: "Hello." };
    const { url, calls } = await start();
    expect(await call(url, "POST", "/mail", JSON.stringify(mail))).toBe(200);
    expect(calls).toEqual(["mail to ada@example.com"]);
    for (const body of [
      "",
      "{",
      "{}",
      JSON.stringify({ ...mail, subject: "Hello\r\nBcc: eve@example.com" }),
      JSON.stringify({ ...mail, to: "ada@example.com, eve@example.com" }),
    ]) {
      expect(await call(url, "POST", "/mail", body)).toBe(400);
    }
    expect(calls).toHaveLength(1);
    expect(await call((await start(0, false)).url, "POST", "/mail", JSON.stringify(mail))).toBe(503);
  });

  it("knows nobody whose signature is of something else", async () => {
    const { url, calls } = await start();
    const signature = await signRequest(SECRET, { method: "POST", path: "/wake", body: "{}" });
    const headers = { [SIGNATURE_HEADER]: signature };
    for (const body of ["", '{"a":1}']) {
      expect((await fetch(`${url}/wake`, { method: "POST", headers, body })).status).toBe(404);
    }
    expect((await fetch(`${url}/wake`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(calls).toEqual([]);
  });

  it("takes a body of the largest size, and none that is larger", async () => {
    const { url } = await start();
    expect(await call(url, "POST", "/wake", "x".repeat(SIGNED_BODY_BYTES_MAX))).toBe(202);
    expect(await call(url, "POST", "/wake", "x".repeat(SIGNED_BODY_BYTES_MAX + 1))).toBe(413);
  });

  it("takes the last reader there is room for, and no more", async () => {
    expect(await call((await start(READERS_MAX - 1)).url, "GET", "/runs/1/stream")).toBe(200);
    expect(await call((await start(READERS_MAX)).url, "GET", "/runs/1/stream")).toBe(503);
  });

  it.each(["-1", "x", "1e3", "9999999999"])("refuses to stream after %s", async (after) => {
    const { url, calls } = await start();
    expect(await call(url, "GET", `/runs/1/stream?after=${after}`)).toBe(400);
    expect(calls).toEqual([]);
  });
});
