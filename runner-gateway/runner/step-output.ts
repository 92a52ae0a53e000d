// What a step prints, as log events: cut at UTF-8 boundaries, gathered for a moment, in the order it came. The first
// output goes out at once. Invariant: what waits here is at most what one pause lets through. A step that prints to
// both streams in turn keeps their order until it makes too many pieces of it; then each stream keeps its own.
import { StringDecoder } from "node:string_decoder";
import type { EventLog } from "./event-log.ts";
import {
  LOG_EVENT_BYTES_MAX,
  OUTPUT_SPACING_MS,
  PIECES_PER_SEND_MAX,
  QUICK_EVENTS_MAX,
  SLOW_OUTPUT_SPACING_MS,
  SLOW_PIECES_PER_SEND_MAX,
} from "./limits.ts";

export type OutputStream = "stdout" | "stderr";

interface Segment {
  stream: OutputStream;
  text: string;
}

export class StepOutput {
  readonly #log: EventLog;
  readonly #position: number;
  readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  #segments: Segment[] = [];
  #heldLength = 0;
  #timer: NodeJS.Timeout | null = null;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: EventLog, position: number) {
    this.#log = log;
    this.#position = position;
  }

  /** Takes bytes of one of the step's streams. */
  push(stream: OutputStream, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += LOG_EVENT_BYTES_MAX) {
      const text = this.#decoders[stream].write(bytes.subarray(at, at + LOG_EVENT_BYTES_MAX));
      this.#add(stream, text);
    }
    this.#schedule();
  }

  /** Sends what is left, half a character included. */
  end(): void {
    for (const stream of ["stdout", "stderr"] as const) this.#add(stream, this.#decoders[stream].end());
    this.#send();
  }

  #add(stream: OutputStream, text: string): void {
    if (text === "") return;
    this.#heldLength += text.length;
    const isCrowded = this.#segments.length >= this.#pace().piecesMax;
    const last = isCrowded
      ? this.#segments.findLast((segment) => segment.stream === stream)
      : this.#segments.at(-1);
    if (last?.stream === stream && last.text.length + text.length <= LOG_EVENT_BYTES_MAX) last.text += text;
    else this.#segments.push({ stream, text });
  }

  #schedule(): void {
    const sinceMs = performance.now() - this.#sentAtMs;
    const { spacingMs } = this.#pace();
    if (sinceMs >= spacingMs || this.#heldLength >= LOG_EVENT_BYTES_MAX) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), spacingMs - sinceMs);
  }

  #pace(): { spacingMs: number; piecesMax: number } {
    return this.#log.lastOffset < QUICK_EVENTS_MAX
      ? { spacingMs: OUTPUT_SPACING_MS, piecesMax: PIECES_PER_SEND_MAX }
      : { spacingMs: SLOW_OUTPUT_SPACING_MS, piecesMax: SLOW_PIECES_PER_SEND_MAX };
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#segments.length === 0) return;
    for (const { stream, text } of this.#segments) {
      this.#log.append({ type: "log", position: this.#position, stream, text });
    }
    this.#segments = [];
    this.#heldLength = 0;
    this.#sentAtMs = performance.now();
  }
}
