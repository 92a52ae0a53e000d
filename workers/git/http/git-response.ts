// The responses of git's smart HTTP (gitprotocol-http): never cached, of the right type, streamed in large pieces.

import type { Context } from "hono";
import { showLine, showLines } from "../../../schema/terminal-text.ts";
import { toForgeError } from "../../core/api-errors.ts";
import type { AppEnv } from "../../core/app-env.ts";
import { runInBackground } from "../../core/background.ts";
import { GitError } from "../object/git-error.ts";
import { type RequestTimes, TimeLimit } from "../time-limit.ts";
import type { ByteSink } from "../wire/byte-sink.ts";
import { PacketBuffer } from "../wire/pkt-line.ts";

const NEVER_CACHED = {
  "Cache-Control": "no-cache, max-age=0, must-revalidate",
  Expires: "Fri, 01 Jan 1980 00:00:00 GMT",
  Pragma: "no-cache",
};

export function answer(contentType: string, body: Uint8Array<ArrayBuffer> | ReadableStream | null): Response {
  return new Response(body, { headers: { "Content-Type": contentType, ...NEVER_CACHED } });
}

/** Says what of an answer was known before: all of it, what it is made of, or nothing. */
export function withCacheHeader(response: Response, state: "HIT" | "PLAN" | "MISS"): Response {
  response.headers.set("X-Cache", state);
  return response;
}

/** A refusal that git's client shows to the person. */
export function refuse(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${showLines(message)}\n`, {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", ...NEVER_CACHED, ...headers },
  });
}

/** The one line by which a server says, in the protocol, that it can't do what was asked (gitprotocol-pack). */
export function answerError(contentType: string, error: GitError): Response {
  const out = new PacketBuffer();
  out.text(`ERR ${showLine(error.message)}`);
  return answer(contentType, out.take());
}

/** A response's body as it is written. */
export interface ClientSink extends ByteSink {
  /** The client went away: nothing more can be told. */
  readonly isGone: boolean;
}

/**
 * Answers with what `work` writes, at the client's pace; one that takes nothing for too long counts as gone. What `work`
 * throws is logged and cuts the response short, so `work` itself tells the client what it can.
 */
export function answerInStream(
  context: Context<AppEnv>,
  contentType: string,
  work: (sink: ClientSink) => Promise<void>,
  times?: RequestTimes,
): Response {
  const time = new TimeLimit(times);
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  let isGone = false;
  const sink: ClientSink = {
    get isGone() {
      return isGone;
    },
    async write(bytes) {
      try {
        await time.wait(writer.write(bytes));
      } catch (error) {
        isGone = true;
        throw error;
      }
    },
  };
  const run = async () => {
    try {
      await work(sink);
      await writer.close();
    } catch (error) {
      const log = context.get("log");
      if (isGone) log.info("a git client went away", { error: String(error) });
      else log.error("a git response was cut short", error);
      // One that went away by itself has ended the response.
      if (isGone && !(error instanceof GitError)) return;
      await writer.abort(error);
    }
  };
  runInBackground(context, "a git response was not ended", run);
  return answer(contentType, readable);
}

/**
 * Answers with pages of lines: at once where there is one page, else in a stream.
 * @param out holds what comes before the first page
 * @param end writes what comes after the last
 */
export async function answerPages<Page>(
  context: Context<AppEnv>,
  contentType: string,
  out: PacketBuffer,
  pages: AsyncGenerator<Page>,
  write: (page: Page) => void,
  end: () => void,
): Promise<Response> {
  const first = await pages.next();
  if (!first.done) write(first.value);
  const second = first.done ? first : await pages.next();
  if (second.done) {
    end();
    return answer(contentType, out.take());
  }
  return answerInStream(context, contentType, async (sink) => {
    write(second.value);
    await sink.write(out.take());
    for await (const page of pages) {
      write(page);
      await sink.write(out.take());
    }
    end();
    await sink.write(out.take());
  });
}

/** Logs a failure, and says what the person may be told of it. */
export function reportFailure(context: Context<AppEnv>, error: unknown): string {
  context.get("log").error("a git request failed", error);
  if (error instanceof GitError) return error.message;
  const { code, message } = toForgeError(error);
  return code === "unavailable" ? message : `internal error, request ${context.get("requestId")}`;
}
