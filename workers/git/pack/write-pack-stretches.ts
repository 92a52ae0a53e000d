// Which stretches of the stored packs hold what is to be sent: entries near each other are read at once, and the
// next stretches are asked for before they are needed.
import type { PackSet } from "./pack-set.ts";
import type { PackStream, StreamableSource } from "./pack-stream.ts";
import { SENT } from "./plan-fetch-commits.ts";

/** Bytes between two entries that are read and dropped rather than asked for apart. */
const GAP_BYTES = 128 * 1024;
/** Stretches asked for ahead; the runtime allows six connections at a time. */
const AHEAD_COUNT = 3;

export interface Stretch {
  readonly member: number;
  /** The first and the last sent entry, as places in the order of the pack. */
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
}

/** Where the entry at a place of the pack's order ends. */
export function endOfPlace(set: PackSet, member: number, positions: Uint32Array, place: number): number {
  const { index } = set.members[member]!;
  const next = positions[place + 1];
  return next === undefined ? index.endOffsetAt(positions[place]!) : index.offsetAt(next);
}

/** All stretches in the order in which they are sent: pack by pack, each from front to back. */
export function* listStretches(set: PackSet, marks: Uint8Array): Generator<Stretch> {
  for (let member = 0; member < set.members.length; member++) {
    const { index } = set.members[member]!;
    const start = set.startOf(member);
    const positions = index.positionsByOffset();
    let open: { first: number; last: number; from: number; to: number } | null = null;
    for (let place = 0; place < positions.length; place++) {
      const position = positions[place]!;
      if ((marks[start + position]! & SENT) === 0) continue;
      const from = index.offsetAt(position);
      const to = endOfPlace(set, member, positions, place);
      if (open !== null && from - open.to <= GAP_BYTES) {
        open.last = place;
        open.to = to;
        continue;
      }
      if (open !== null) yield { member, ...open };
      open = { first: place, last: place, from, to };
    }
    if (open !== null) yield { member, ...open };
  }
}

/**
 * Gives each stretch with its bytes, of which reading has begun. Whoever stops early must call `return` on the generator,
 * as `for await` does, so that the streams not yet used are given up.
 */
export async function* openStretches(
  stretches: Generator<Stretch>,
  sources: readonly StreamableSource[],
): AsyncGenerator<{ stretch: Stretch; stream: PackStream }> {
  const ahead: { stretch: Stretch; stream: PackStream }[] = [];
  const openNext = () => {
    const next = stretches.next();
    if (next.done) return;
    const { member, from, to } = next.value;
    ahead.push({ stretch: next.value, stream: sources[member]!.stream(from, to - from) });
  };
  try {
    for (let count = 0; count < AHEAD_COUNT; count++) openNext();
    for (let opened = ahead.shift(); opened !== undefined; opened = ahead.shift()) {
      yield opened;
      openNext();
    }
  } finally {
    await Promise.all(ahead.map(({ stream }) => stream.cancel()));
  }
}
