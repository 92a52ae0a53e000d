// Small answers to fetches, kept whole in the edge's cache for whoever asks the same. Invariant: an answer is found only by
// the name of its question (name-question.ts), which nobody is asked for before they were let in and their wants found
// visible; and it is given only as it was kept, to the byte.
import { ANSWERS_IN_MAKING_BYTES, ANSWERS_KEPT_BYTES, REUSED_ANSWER_BYTES } from "../limits.ts";
import { BoundedCache } from "../store/bounded-cache.ts";
import type { ClientSink } from "./git-response.ts";

const KEPT_SECONDS = 24 * 60 * 60;
const DIGEST_HEADER = "x-answer-digest";

/** What this isolate has put there: the edge's own bound is somebody else's, so the oldest go by ours. */
const kept = new BoundedCache<{ readonly costBytes: number }>(ANSWERS_KEPT_BYTES, (name) => {
  // One that stays is only found later than it need be.
  caches.default.delete(addressOf(name)).catch(() => undefined);
});

/** Not an address of the site's: requests come by the Worker, and it serves none like it. */
export const addressOf = (name: string): string => `https://answers.plue.invalid/${name}`;

/** The answer of that name; null where there is none. One that is damaged is removed. */
export async function findAnswer(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const found = await caches.default.match(addressOf(name));
  if (found === undefined) return null;
  const bytes = new Uint8Array(await found.arrayBuffer());
  if ((await digest(bytes)) === found.headers.get(DIGEST_HEADER)) return bytes;
  kept.delete(name);
  await caches.default.delete(addressOf(name));
  return null;
}

/** Keeps an answer of at most REUSED_ANSWER_BYTES. */
export async function keepAnswer(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = {
    "Cache-Control": `max-age=${KEPT_SECONDS}`,
    "Content-Type": "application/octet-stream",
    [DIGEST_HEADER]: await digest(bytes),
  };
  await caches.default.put(addressOf(name), new Response(bytes, { headers }));
  kept.add(name, { costBytes: bytes.length });
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

/** What all recorders hold together. */
let heldBytes = 0;

/** Passes an answer on to the client and keeps a copy, up to the limits of what is kept. */
export class AnswerRecorder implements ClientSink {
  private readonly sink: ClientSink;
  private pieces: Uint8Array[] = [];
  private sizeBytes = 0;
  private isOver = false;

  constructor(sink: ClientSink) {
    this.sink = sink;
  }

  get isGone(): boolean {
    return this.sink.isGone;
  }

  write(bytes: Uint8Array): Promise<void> {
    const isTooMuch =
      this.sizeBytes + bytes.length > REUSED_ANSWER_BYTES ||
      heldBytes + bytes.length > ANSWERS_IN_MAKING_BYTES;
    if (isTooMuch) this.drop();
    if (!this.isOver) {
      this.pieces.push(bytes.slice());
      this.sizeBytes += bytes.length;
      heldBytes += bytes.length;
    }
    return this.sink.write(bytes);
  }

  /** All that was written, or null when it was too much; nothing is held from then on. */
  take(): Uint8Array<ArrayBuffer> | null {
    const bytes = this.isOver ? null : new Uint8Array(Buffer.concat(this.pieces));
    this.drop();
    return bytes;
  }

  /** Lets go of what was recorded. To be called in any case. */
  drop(): void {
    heldBytes -= this.sizeBytes;
    this.sizeBytes = 0;
    this.pieces = [];
    this.isOver = true;
  }
}
