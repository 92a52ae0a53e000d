// A Worker that does with R2 what Plue does in a push and a clone, and nothing else.
import { createReadStream, statSync } from "node:fs";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { Miniflare } from "miniflare";
import { findFreePort } from "../dev/tcp-ports.ts";

/** `PUT /name` stores its body in pieces of 8 MiB, one under way at a time; `GET /name` gives them back one after the other. */
const MOVING_WORKER = `
const PIECE = 8 * 1024 * 1024;
export default {
  async fetch(request, { OBJECTS }, context) {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response("idle");
    if (request.method === "PUT") return new Response(await put(pathname, request.body, OBJECTS));
    const { readable, writable } = new IdentityTransformStream();
    context.waitUntil(get(pathname, writable, OBJECTS));
    return new Response(readable);
  },
};
async function put(name, body, bucket) {
  const reader = body.getReader({ mode: "byob" });
  let putting = Promise.resolve();
  for (let piece = 0, ended = false; !ended; piece++) {
    const { value, done } = await reader.readAtLeast(PIECE, new Uint8Array(PIECE));
    ended = done;
    await putting;
    if (value?.length > 0) putting = bucket.put(name + "." + piece, value);
  }
  await putting;
  return "stored";
}
async function get(name, writable, bucket) {
  for (let piece = 0; ; piece++) {
    const object = await bucket.get(name + "." + piece);
    if (object === null) break;
    await object.body.pipeTo(writable, { preventClose: true });
  }
  await writable.close();
}
`;

interface MovingWorker {
  /** Stores a file under a name. */
  put(name: string, file: string): Promise<void>;
  /** Reads to its end what was stored under a name. */
  get(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it below this process, its R2 in `folder`. */
export async function startMovingWorker(folder: string): Promise<MovingWorker> {
  const port = await findFreePort();
  const miniflare = new Miniflare({
    cf: false,
    telemetry: { enabled: false },
    resourcePersistencePath: folder,
    workers: [
      {
        config: {
          name: "moving",
          compatibilityDate: "2026-09-01",
          manifest: {
            mainModule: "main.js",
            modules: { "main.js": { type: "esm", contents: MOVING_WORKER } },
          },
          env: { OBJECTS: { type: "r2", name: "objects" } },
        },
        dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port }] },
      },
    ],
  });
  await miniflare.ready;
  await send(port, "/", null);
  return {
    put: (name, file) => send(port, `/${name}`, file),
    get: (name) => send(port, `/${name}`, null),
    stop: () => miniflare.dispose(),
  };
}

/** Sends a file, or nothing, and reads the response to its end. */
async function send(port: number, path: string, body: string | null): Promise<void> {
  const headers = body === null ? {} : { "content-length": statSync(body).size };
  const sent = request({ port, path, method: body === null ? "GET" : "PUT", headers });
  const answered = new Promise<void>((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (response) => {
      response.resume().once("end", resolve).once("error", reject);
    });
  });
  if (body === null) sent.end();
  else await pipeline(createReadStream(body), sent);
  await answered;
}
