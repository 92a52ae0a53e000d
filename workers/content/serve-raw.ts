// A raw file as a response, by ranges where they are asked for (RFC 9110, 14). Its bytes come from who pushed them: a
// browser runs nothing in them.
import type { Context } from "hono";
import type { AppEnv } from "../core/app-env.ts";
import { runInBackground } from "../core/background.ts";
import { type ByteRange, parseByteRange } from "../git/http/byte-range.ts";
import type { RawFile } from "./raw-file.ts";

/** @param isPublic whether anyone may read it, and so caches may keep it */
export function serveRaw(context: Context<AppEnv>, file: RawFile, isPublic: boolean): Response {
  const { oid, sizeBytes } = file;
  const etag = `"${oid}"`;
  const headers = {
    "Content-Type": file.isText ? "text/plain; charset=utf-8" : "application/octet-stream",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": isPublic ? "public, max-age=5" : "private, no-cache",
    "Accept-Ranges": "bytes",
    ETag: etag,
  };
  if (listTags(context.req.header("if-none-match")).includes(etag)) return context.body(null, 304, headers);
  const isSame = [undefined, etag].includes(context.req.header("if-range"));
  const range = isSame ? parseByteRange(context.req.header("range"), sizeBytes) : null;
  if (range === "unsatisfiable") {
    return context.body(null, 416, { "Accept-Ranges": "bytes", "Content-Range": `bytes */${sizeBytes}` });
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  const partHeaders = range === null ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${sizeBytes}` };
  const all = { ...headers, ...partHeaders, "Content-Length": String(end - start) };
  const isHead = context.req.method === "HEAD";
  for (const [name, value] of Object.entries(all)) context.header(name, value);
  context.status(range === null ? 200 : 206);
  return context.newResponse(isHead ? null : openBody(context, file, { start, end }));
}

/** The tags of an If-None-Match header, which are compared weakly (RFC 9110, 13.1.2). */
const listTags = (header: string | undefined): string[] =>
  (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));

function openBody(
  context: Context<AppEnv>,
  file: RawFile,
  { start, end }: ByteRange,
): Uint8Array<ArrayBuffer> | ReadableStream {
  if (file.bytes !== null) return file.bytes.subarray(start, end);
  const { readable, writable } = new FixedLengthStream(end - start);
  const send = async () => {
    const writer = writable.getWriter();
    try {
      await file.pass(start, end, (piece) => writer.write(piece));
    } catch (error) {
      await writer.abort(error);
      throw error;
    }
    await writer.close();
  };
  // Whether the reader went away or R2 failed can't be told apart.
  runInBackground(context, "a raw file was cut short", send, "warn");
  return readable;
}
