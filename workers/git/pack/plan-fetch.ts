// Which objects a fetch must send, found in the packs' sidecars alone: no object is read. Invariant: whoever has
// what the client says it has, and what is sent, has everything that the wants reach, up to edge and filter.
import { BLOB, COMMIT, TAG, TREE } from "../object/object-type.ts";
import { NOT_HERE, type PackSet } from "./pack-set.ts";
import { HELD, planCommits, SENT } from "./plan-fetch-commits.ts";
import { type DeepenTo, planShallow, type ShallowPlan } from "./plan-fetch-shallow.ts";

interface FetchPlanRequest {
  /** Numbers of the wanted objects, of any type. */
  readonly wants: readonly number[];
  /** Numbers of what the client has, as far as it is known here. */
  readonly haves: readonly number[];
  readonly clientShallow: readonly number[];
  readonly deepen: DeepenTo | null;
  readonly filter: PlanFilter | null;
}

/** What may be left out; see wire/filter-spec.ts. What is wanted by id is never left out. */
interface PlanFilter {
  readonly blobLimitBytes: number | null;
  readonly treeDepth: number | null;
}

export interface FetchPlan {
  /** By number: SENT and HELD, among other marks. */
  readonly marks: Uint8Array;
  readonly shallow: ShallowPlan;
  /** How many objects are marked SENT. */
  readonly sentCount: number;
  /** Adds an annotated tag whose target is sent, with the tags between them; nothing otherwise. */
  includeTag(tag: number): void;
}

/** Plans a fetch. Throws GitError `missing_object` when the repository is damaged, `bad_protocol` for a bad edge. */
export function planFetch(set: PackSet, request: FetchPlanRequest): FetchPlan {
  const marks = new Uint8Array(set.size);
  const commits: number[] = [];
  const selector = new ObjectSelector(set, marks, request.filter);
  const others: number[] = [];
  for (const want of request.wants) {
    const target = peel(set, want);
    if (set.typeCodeAt(target) === COMMIT) commits.push(target);
    else others.push(target);
    if (target !== want) selector.sendTagChain(want);
  }
  const haveCommits: number[] = [];
  for (const have of request.haves) {
    const target = peel(set, have);
    if (set.typeCodeAt(target) === COMMIT) haveCommits.push(target);
    else selector.holdTree(target);
  }
  const shallow = planShallow(set, marks, commits, request.clientShallow, request.deepen);
  const plan = planCommits(
    set,
    marks,
    [...commits, ...shallow.extraWants],
    [...haveCommits, ...shallow.unshallow],
  );
  for (const edge of plan.edges) selector.holdTree(firstReference(set, edge));
  for (const commit of plan.sent) selector.sendCommit(commit);
  for (const other of others) selector.sendWanted(other);
  return {
    marks,
    shallow,
    get sentCount() {
      return selector.sentCount;
    },
    includeTag: (tag) => {
      const isSent = (marks[peel(set, tag)]! & SENT) !== 0;
      if (isSent) selector.sendTagChain(tag);
    },
  };
}

/** What a tag finally points at; the object itself when it is none. */
export function peel(set: PackSet, number: number): number {
  let at = number;
  while (set.typeCodeAt(at) === TAG) at = firstReference(set, at);
  return at;
}

/** A commit's tree, or a tag's target: what the object names first. */
function firstReference(set: PackSet, number: number): number {
  let first = NOT_HERE;
  set.forEachReference(number, (reference) => {
    if (first === NOT_HERE) first = reference;
  });
  return first;
}

/** Marks objects as sent or held. */
class ObjectSelector {
  sentCount = 0;
  private readonly set: PackSet;
  private readonly marks: Uint8Array;
  private readonly blobLimitBytes: number;
  private readonly treeDepth: number;
  /** Under a depth filter: the least depth at which a tree was walked. */
  private readonly depths: Map<number, number> | null;
  private readonly stack: number[] = [];
  private readonly depthStack: number[] = [];

  constructor(set: PackSet, marks: Uint8Array, filter: PlanFilter | null) {
    this.set = set;
    this.marks = marks;
    this.blobLimitBytes = filter?.blobLimitBytes ?? Number.POSITIVE_INFINITY;
    this.treeDepth = filter?.treeDepth ?? Number.POSITIVE_INFINITY;
    this.depths = filter?.treeDepth == null ? null : new Map();
  }

  sendCommit(commit: number): void {
    this.send(commit);
    this.sendTree(firstReference(this.set, commit));
  }

  /**
   * Sends a tree or blob that was asked for by id, whatever the filter says of it, and whatever else the client has: under a
   * filter it may lack what its commits lead to. What lies in a tree that was asked for has the depth 0.
   */
  sendWanted(number: number): void {
    if (this.set.typeCodeAt(number) === TREE) this.expand(number, -1);
    else this.send(number);
  }

  /** Sends a tag and the tags it leads to, not what the last of them points at. */
  sendTagChain(tag: number): void {
    for (let at = tag; this.set.typeCodeAt(at) === TAG; at = firstReference(this.set, at)) this.send(at);
  }

  /** Marks a tree and all in it as held by the client. */
  holdTree(root: number): void {
    const { set, marks, stack } = this;
    const hold = (number: number) => {
      if ((marks[number]! & HELD) !== 0) return;
      marks[number]! |= HELD;
      if (set.typeCodeAt(number) === TREE) stack.push(number);
    };
    hold(root);
    for (let tree = stack.pop(); tree !== undefined; tree = stack.pop()) set.forEachReference(tree, hold);
  }

  private send(number: number): void {
    if ((this.marks[number]! & SENT) !== 0) return;
    this.marks[number]! |= SENT;
    this.sentCount++;
  }

  private sendTree(root: number): void {
    if (this.treeDepth === 0 || (this.marks[root]! & HELD) !== 0) return;
    this.expand(root, 0);
  }

  /** Sends a tree at a depth, and what lies in it as far as the filter lets it. */
  private expand(root: number, rootDepth: number): void {
    const { set, marks, stack, depthStack, depths } = this;
    if (!this.enterTree(root, rootDepth)) return;
    for (let tree = stack.pop(); tree !== undefined; tree = stack.pop()) {
      const depth = depths === null ? 0 : depthStack.pop()! + 1;
      if (depth >= this.treeDepth) continue;
      set.forEachReference(tree, (entry) => {
        const mark = marks[entry]!;
        if ((mark & HELD) !== 0 || (depths === null && (mark & SENT) !== 0)) return;
        if (set.typeCodeAt(entry) === BLOB) this.sendBlob(entry);
        else this.enterTree(entry, depth);
      });
    }
  }

  private enterTree(tree: number, depth: number): boolean {
    const { depths } = this;
    if (depths === null) {
      if ((this.marks[tree]! & SENT) !== 0) return false;
    } else {
      if ((depths.get(tree) ?? Number.POSITIVE_INFINITY) <= depth) return false;
      depths.set(tree, depth);
      this.depthStack.push(depth);
    }
    this.send(tree);
    this.stack.push(tree);
    return true;
  }

  private sendBlob(blob: number): void {
    if (this.blobLimitBytes === 0) return;
    if (this.blobLimitBytes < Number.POSITIVE_INFINITY && this.set.sizeAt(blob) >= this.blobLimitBytes)
      return;
    this.send(blob);
  }
}
