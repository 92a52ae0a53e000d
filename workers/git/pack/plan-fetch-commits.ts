// Which commits a fetch must send: those that the wants reach and the haves don't (git-rev-list, "want ^have").
// A commit of the client's shallow edge counts as one without parents, for wants and haves alike.
import type { PackSet } from "./pack-set.ts";

/** Marks of an object while a fetch is planned. */
export const SENT = 1;
/** The client has it. */
export const HELD = 2;
/** A commit that the wants reach. */
const WANTED = 4;
const QUEUED = 8;
/** A commit whose parents are not looked at. */
export const GRAFTED = 16;

interface CommitPlan {
  /** Commits to send, each marked WANTED and not HELD. */
  readonly sent: number[];
  /** Commits that the client has and whose trees are likely to share much with what is sent. */
  readonly edges: number[];
}

/** Orders commits by time, the latest first. */
class CommitQueue {
  private readonly numbers: number[] = [];
  private readonly times: number[] = [];

  get length(): number {
    return this.numbers.length;
  }

  push(number: number, time: number): void {
    const { numbers, times } = this;
    let at = numbers.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (times[parent]! >= time) break;
      numbers[at] = numbers[parent]!;
      times[at] = times[parent]!;
      at = parent;
    }
    numbers[at] = number;
    times[at] = time;
  }

  /** The latest commit; the queue must not be empty. */
  pop(): number {
    const { numbers, times } = this;
    const first = numbers[0]!;
    const number = numbers.pop()!;
    const time = times.pop()!;
    const length = numbers.length;
    if (length === 0) return first;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && times[child + 1]! > times[child]!) child++;
      if (times[child]! <= time) break;
      numbers[at] = numbers[child]!;
      times[at] = times[child]!;
      at = child;
    }
    numbers[at] = number;
    times[at] = time;
    return first;
  }
}

/**
 * Walks from both sides, the latest commits first, until nothing is left that only the wants reach.
 * Clocks that ran wrong can make it send too much, never too little.
 * @param marks by number; GRAFTED is read, the others are set
 */
export function planCommits(
  set: PackSet,
  marks: Uint8Array,
  wants: readonly number[],
  haves: readonly number[],
): CommitPlan {
  const queue = new CommitQueue();
  let openCount = 0;
  const add = (number: number, mark: number) => {
    const before = marks[number]!;
    if ((before & mark) !== 0) return;
    marks[number] = before | mark;
    if ((before & (WANTED | HELD)) === 0) {
      marks[number]! |= QUEUED;
      queue.push(number, set.commitTimeAt(number));
      if (mark === WANTED) openCount++;
    } else if (mark === HELD) {
      if ((before & QUEUED) !== 0) openCount--;
      else holdAncestors(number);
    }
  };
  // A commit that was passed as wanted turns out to be held: so are the ancestors that were seen by then.
  const holdAncestors = (from: number) => {
    const stack = [from];
    for (let number = stack.pop(); number !== undefined; number = stack.pop()) {
      forEachParent(set, marks, number, (parent) => {
        const before = marks[parent]!;
        if ((before & HELD) !== 0) return;
        if ((before & WANTED) === 0 || (before & QUEUED) !== 0) add(parent, HELD);
        else {
          marks[parent]! |= HELD;
          stack.push(parent);
        }
      });
    }
  };
  for (const have of haves) add(have, HELD);
  for (const want of wants) add(want, WANTED);
  const passed: number[] = [];
  while (openCount > 0) {
    const number = queue.pop();
    const mark = (marks[number]! & HELD) !== 0 ? HELD : WANTED;
    marks[number]! &= ~QUEUED;
    if (mark === WANTED) {
      openCount--;
      passed.push(number);
    }
    forEachParent(set, marks, number, (parent) => add(parent, mark));
  }
  return collectPlan(set, marks, passed, haves);
}

function collectPlan(
  set: PackSet,
  marks: Uint8Array,
  passed: readonly number[],
  haves: readonly number[],
): CommitPlan {
  const sent = passed.filter((number) => (marks[number]! & HELD) === 0);
  const edges = new Set(haves);
  for (const number of sent) {
    forEachParent(set, marks, number, (parent) => {
      if ((marks[parent]! & HELD) !== 0) edges.add(parent);
    });
  }
  return { sent, edges: [...edges] };
}

/** Visits a commit's parents; none for one that is marked as grafted. */
export function forEachParent(
  set: PackSet,
  marks: Uint8Array | null,
  commit: number,
  visit: (parent: number) => void,
): void {
  if (marks !== null && (marks[commit]! & GRAFTED) !== 0) return;
  let isTree = true;
  set.forEachReference(commit, (reference) => {
    if (isTree) isTree = false;
    else visit(reference);
  });
}
