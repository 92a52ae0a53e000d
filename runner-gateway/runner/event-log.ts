// What the runner reports, numbered from 1: kept until the gateway has acknowledged it, and sent again from there
// after a cut. Invariant: nothing is dropped before it is acknowledged, and what waits is bounded by its writers.
import type { RunnerEvent } from "../../schema/wire/runner-events.ts";
import { UNACKNOWLEDGED_BYTES_MAX } from "./limits.ts";

type Unnumbered<Event> = Event extends RunnerEvent ? Omit<Event, "offset" | "at"> : never;
type NewEvent = Unnumbered<RunnerEvent>;

interface KeptLine {
  offset: number;
  line: string;
}

export class EventLog {
  readonly #kept: KeptLine[] = [];
  readonly #listeners = new Set<() => void>();
  #lastOffset = 0;
  #keptBytes = 0;
  #isComplete = false;
  #isClosed = false;

  /** Whether its last event, `done`, is in it. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether everything there will ever be is acknowledged. */
  get isSent(): boolean {
    return this.#isComplete && this.#kept.length === 0;
  }

  get lastOffset(): number {
    return this.#lastOffset;
  }

  /** The oldest that isn't acknowledged, or the next one to be. */
  get firstOffset(): number {
    return this.#kept[0]?.offset ?? this.#lastOffset + 1;
  }

  /** Whether writers that can wait should. */
  get isFull(): boolean {
    return this.#keptBytes > UNACKNOWLEDGED_BYTES_MAX;
  }

  /** Nothing more is taken: how things end now says nothing of the job. */
  close(): void {
    this.#isClosed = true;
  }

  append(event: NewEvent): void {
    if (this.#isClosed) return;
    this.#lastOffset += 1;
    this.#isComplete = event.type === "done";
    const line = `${JSON.stringify({ offset: this.#lastOffset, at: Date.now(), ...event })}\n`;
    this.#kept.push({ offset: this.#lastOffset, line });
    this.#keptBytes += line.length;
    this.#tell();
  }

  /** Lines after `offset`, oldest first. */
  linesAfter(offset: number): readonly KeptLine[] {
    return this.#kept.slice(Math.max(0, offset + 1 - this.firstOffset));
  }

  /** Everything up to `offset` is stored at the gateway. */
  acknowledge(offset: number): void {
    let count = 0;
    for (const { offset: kept, line } of this.#kept) {
      if (kept > offset) break;
      this.#keptBytes -= line.length;
      count += 1;
    }
    if (count === 0) return;
    this.#kept.splice(0, count);
    this.#tell();
  }

  /** Calls `listener` after every change; the answer ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
