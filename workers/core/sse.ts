// Server-sent events out of the Worker: one writer, a heartbeat, and an end when the reader leaves.
// @see https://html.spec.whatwg.org/multipage/server-sent-events.html

const RETRY_MS = 500;
const HEARTBEAT_MS = 15_000;

export interface EventWriter {
  /** Already formatted events; waits while the reader is slow. Throws when the reader has left. */
  write(text: string): Promise<void>;
  /** Aborted when the reader has left. */
  signal: AbortSignal;
}

/**
 * A streaming response that `produce` writes. It ends when `produce` returns or throws; the browser then
 * reconnects by itself, after `retry`, with the id of the last event it saw.
 * @param onError is told what ended the stream early, unless the reader left.
 */
export function streamEvents(
  produce: (writer: EventWriter) => Promise<void>,
  onError: (error: unknown) => void,
): Response {
  const encoder = new TextEncoder();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const gone = new AbortController();
  writer.closed.catch((reason: unknown) => gone.abort(reason));
  const write = (text: string) => writer.write(encoder.encode(text));
  const heartbeat = setInterval(() => {
    write("event: ping\ndata: {}\n\n").catch((reason: unknown) => gone.abort(reason));
  }, HEARTBEAT_MS);
  const run = async () => {
    await write(`retry: ${RETRY_MS}\n\n`);
    await produce({ write, signal: gone.signal });
  };
  run()
    .catch((error: unknown) => {
      if (!gone.signal.aborted) onError(error);
    })
    .finally(() => {
      clearInterval(heartbeat);
      writer.close().catch((reason: unknown) => gone.abort(reason));
    })
    .catch(onError);
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}
