// What readers of runs wait on: the newest events of each followed run, kept for a while, and a signal when there
// are more. Invariant: a reader misses nothing whatever is kept here, because it reads from Postgres what isn't.
import { formatRunEvent } from "../../schema/wire/run-events.ts";
import { FEED_BYTES_MAX } from "../limits.ts";
import type { StoredEvent } from "../runs/run-change.ts";

/** An event as it goes over the wire. */
export interface Frame {
  readonly seq: number;
  readonly type: string;
  readonly text: string;
}

export interface Follower {
  /** The frames after `seq` as far as they are kept, none when none are known; null when Postgres has to be asked. */
  takeAfter(seq: number): readonly Frame[] | null;
  /** Resolves when there may be something after `seq`, at once if there is. `signal` ends the wait. */
  waitAfter(seq: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

interface Channel {
  frames: Frame[];
  bytes: number;
  /** The highest seq that is known to be stored. */
  lastSeq: number;
  waiters: Set<() => void>;
  followers: number;
}

export class RunFeed {
  readonly #channels = new Map<number, Channel>();

  get followerCount(): number {
    let total = 0;
    for (const channel of this.#channels.values()) total += channel.followers;
    return total;
  }

  /** The followed runs with the highest seq known of each. */
  listFollowed(): { runId: number; lastSeq: number }[] {
    return [...this.#channels].map(([runId, { lastSeq }]) => ({ runId, lastSeq }));
  }

  /** Events that this process has committed, in order. */
  publish(runId: number, events: readonly StoredEvent[]): void {
    const channel = this.#channels.get(runId);
    const first = events[0];
    if (!channel || !first) return;
    const newest = channel.frames.at(-1)?.seq;
    if (newest !== undefined && first.seq !== newest + 1) forget(channel);
    for (const event of events) {
      const frame = { seq: event.seq, type: event.type, text: formatRunEvent(event) };
      channel.frames.push(frame);
      channel.bytes += frame.text.length;
    }
    while (channel.bytes > FEED_BYTES_MAX && channel.frames.length > 1) {
      channel.bytes -= channel.frames.shift()?.text.length ?? 0;
    }
    this.#advance(channel, events.at(-1)?.seq ?? 0);
  }

  /** Says that the run's events go up to `seq`, whoever wrote them. */
  hint(runId: number, seq: number): void {
    const channel = this.#channels.get(runId);
    if (channel && seq > channel.lastSeq) this.#advance(channel, seq);
  }

  follow(runId: number): Follower {
    const channel = this.#channels.get(runId) ?? {
      ...{ frames: [], bytes: 0, lastSeq: 0, waiters: new Set<() => void>(), followers: 0 },
    };
    this.#channels.set(runId, channel);
    channel.followers += 1;
    let isOpen = true;
    return {
      takeAfter: (seq) => takeAfter(channel, seq),
      waitAfter: (seq, signal) => waitAfter(channel, seq, signal),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        channel.followers -= 1;
        if (channel.followers === 0) this.#channels.delete(runId);
      },
    };
  }

  #advance(channel: Channel, seq: number): void {
    channel.lastSeq = Math.max(channel.lastSeq, seq);
    const waiters = [...channel.waiters];
    channel.waiters.clear();
    for (const wake of waiters) wake();
  }
}

function forget(channel: Channel): void {
  channel.frames = [];
  channel.bytes = 0;
}

function takeAfter({ frames, lastSeq }: Channel, seq: number): readonly Frame[] | null {
  if (lastSeq <= seq) return [];
  const oldest = frames[0];
  const newest = frames.at(-1);
  if (!oldest || !newest || oldest.seq > seq + 1 || newest.seq <= seq) return null;
  return frames.slice(seq + 1 - oldest.seq);
}

async function waitAfter(channel: Channel, seq: number, signal: AbortSignal): Promise<void> {
  if (channel.lastSeq > seq || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  channel.waiters.add(wake);
  signal.addEventListener("abort", wake, { once: true });
  await promise;
  channel.waiters.delete(wake);
  signal.removeEventListener("abort", wake);
}
