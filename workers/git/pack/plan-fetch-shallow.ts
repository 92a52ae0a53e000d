// Where a shallow clone's history ends (gitprotocol-pack, "Packfile Negotiation", shallow and deepen; git-fetch
// --depth, --shallow-since, --shallow-exclude, --deepen). A commit on the edge is sent, its parents are not.
import { GitError } from "../object/git-error.ts";
import { COMMIT } from "../object/object-type.ts";
import type { PackSet } from "./pack-set.ts";
import { forEachParent, GRAFTED } from "./plan-fetch-commits.ts";

/** The depth that stands for all of history. */
const INFINITE_DEPTH = 0x7fffffff;

/** How far the client wants history to reach, its refs resolved. */
export type DeepenTo =
  /** `isRelative`: counted from the client's edge, where that is nearest to what is wanted. */
  | { readonly kind: "depth"; readonly depth: number; readonly isRelative: boolean }
  | { readonly kind: "revisions"; readonly sinceSeconds: number | null; readonly not: readonly number[] };

export interface ShallowPlan {
  /** Commits that become the edge and weren't before. */
  readonly shallow: readonly number[];
  /** Commits of the client's edge that no longer are. */
  readonly unshallow: readonly number[];
  /** What the client lacks behind those. */
  readonly extraWants: readonly number[];
}

/**
 * Plans the new edge and marks GRAFTED every commit behind which nothing is to be sent: the client's edge,
 * which stands for what it has, and the new one.
 * @param commits the wanted commits, tags peeled
 * @param clientShallow the client's edge, as far as it is known here
 * Throws GitError `bad_protocol` when nothing is within reach.
 */
export function planShallow(
  set: PackSet,
  marks: Uint8Array,
  commits: readonly number[],
  clientShallow: readonly number[],
  deepen: DeepenTo | null,
): ShallowPlan {
  for (const number of clientShallow) {
    if (set.typeCodeAt(number) !== COMMIT) throw new GitError("bad_protocol", "invalid shallow object");
  }
  if (deepen === null) {
    graft(marks, clientShallow);
    return { shallow: [], unshallow: [], extraWants: [] };
  }
  const client = new Set(clientShallow);
  const { inside, edge } = findEdge(set, commits, clientShallow, deepen);
  const shallow = edge.filter((number) => !client.has(number));
  const unshallow = clientShallow.filter((number) => inside(number));
  const extraWants: number[] = [];
  for (const number of unshallow) forEachParent(set, marks, number, (parent) => extraWants.push(parent));
  graft(marks, clientShallow);
  graft(marks, shallow);
  return { shallow, unshallow, extraWants };
}

function graft(marks: Uint8Array, numbers: readonly number[]): void {
  for (const number of numbers) marks[number]! |= GRAFTED;
}

interface Edge {
  /** Whether a commit is within reach and not on the edge. */
  inside(number: number): boolean;
  readonly edge: readonly number[];
}

function findEdge(
  set: PackSet,
  commits: readonly number[],
  clientShallow: readonly number[],
  deepen: DeepenTo,
): Edge {
  if (deepen.kind === "revisions") return findEdgeByRevisions(set, commits, deepen.sinceSeconds, deepen.not);
  if (deepen.depth >= INFINITE_DEPTH) return { inside: () => true, edge: [] };
  if (!deepen.isRelative) return findEdgeByDepth(set, commits, deepen.depth);
  const edgeDepth = measureDepth(set, commits, new Set(clientShallow));
  if (edgeDepth === null) return { inside: () => false, edge: [] };
  return findEdgeByDepth(set, commits, edgeDepth + deepen.depth);
}

/** The least depth of one of the `ends` below the given heads, which are of depth 1; null where they reach none. */
function measureDepth(set: PackSet, heads: readonly number[], ends: ReadonlySet<number>): number | null {
  const seen = new Set<number>(heads);
  let level = [...seen];
  for (let depth = 1; level.length > 0; depth++) {
    if (level.some((number) => ends.has(number))) return depth;
    const next: number[] = [];
    for (const number of level) {
      forEachParent(set, null, number, (parent) => {
        if (seen.has(parent)) return;
        seen.add(parent);
        next.push(parent);
      });
    }
    level = next;
  }
  return null;
}

// Breadth first, so that a commit is first met at its least depth.
function findEdgeByDepth(set: PackSet, heads: readonly number[], depth: number): Edge {
  const seen = new Set<number>(heads);
  const edge: number[] = [];
  let level = [...seen];
  const inside = new Set<number>();
  for (let at = 1; level.length > 0; at++) {
    if (at >= depth) {
      edge.push(...level);
      break;
    }
    const next: number[] = [];
    for (const number of level) {
      inside.add(number);
      forEachParent(set, null, number, (parent) => {
        if (seen.has(parent)) return;
        seen.add(parent);
        next.push(parent);
      });
    }
    level = next;
  }
  return { inside: (number) => inside.has(number), edge };
}

function findEdgeByRevisions(
  set: PackSet,
  commits: readonly number[],
  sinceSeconds: number | null,
  not: readonly number[],
): Edge {
  const excluded = reach(set, not, () => true);
  const within = reach(set, commits, (number) => {
    return !excluded.has(number) && (sinceSeconds === null || set.commitTimeAt(number) >= sinceSeconds);
  });
  if (within.size === 0) throw new GitError("bad_protocol", "no commits selected for shallow requests");
  const edge = new Set<number>();
  for (const number of within) {
    forEachParent(set, null, number, (parent) => {
      if (!within.has(parent)) edge.add(number);
    });
  }
  // Nothing is said of a commit that only a commit of the edge leads to: it isn't sent.
  const kept = reach(set, commits, (number) => within.has(number), edge);
  return {
    inside: (number) => kept.has(number) && !edge.has(number),
    edge: [...edge].filter((number) => kept.has(number)),
  };
}

/** All commits reached from `from`, without passing one that `isWithin` refuses or going on behind one of `ends`. */
function reach(
  set: PackSet,
  from: readonly number[],
  isWithin: (number: number) => boolean,
  ends: ReadonlySet<number> = new Set(),
): Set<number> {
  const reached = new Set<number>();
  const stack: number[] = [];
  const add = (number: number) => {
    if (reached.has(number) || !isWithin(number)) return;
    reached.add(number);
    if (!ends.has(number)) stack.push(number);
  };
  for (const number of from) add(number);
  for (let number = stack.pop(); number !== undefined; number = stack.pop()) {
    forEachParent(set, null, number, add);
  }
  return reached;
}
