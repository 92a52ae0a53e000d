// All packs of a repository seen as one: every object has one number, whichever packs hold it. Invariant: the number
// of an object is that of its copy in the first pack that has it, so a copy's delta base never lies in a later pack.
import { GitError } from "../object/git-error.ts";
import type { Oid } from "../object/oid.ts";
import type { PackGraph } from "./pack-graph.ts";
import type { PackIndex } from "./pack-index.ts";

export interface PackMember {
  readonly index: PackIndex;
  readonly graph: PackGraph;
}

/** Stands for an object that no pack has. */
export const NOT_HERE = -1;

export class PackSet {
  /** Larger packs first: most references then stay within one pack. */
  readonly members: readonly PackMember[];
  /** Numbers are below this. */
  readonly size: number;
  /** The number of each member's first object. */
  private readonly starts: readonly number[];
  /** By member and reference: the number it means plus one; 0 where it isn't known yet. */
  private readonly resolved: (Int32Array | null)[];
  private lastMember = 0;

  constructor(members: readonly PackMember[]) {
    this.members = [...members].sort(compareMembers);
    const starts: number[] = [];
    let size = 0;
    for (const { index } of this.members) {
      starts.push(size);
      size += index.count;
    }
    this.starts = starts;
    this.size = size;
    this.resolved = this.members.map(() => null);
  }

  /** The number of an object, by id or its 20 bytes; NOT_HERE when no pack has it. */
  find(oid: Oid | Uint8Array, at = 0): number {
    for (let member = 0; member < this.members.length; member++) {
      const position = this.members[member]!.index.find(oid, at);
      if (position >= 0) return this.starts[member]! + position;
    }
    return NOT_HERE;
  }

  /** Which member a number's copy lies in. */
  memberOf(number: number): number {
    const { starts } = this;
    const last = this.lastMember;
    if (number >= starts[last]! && number < (starts[last + 1] ?? this.size)) return last;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle]! <= number) low = middle;
      else high = middle - 1;
    }
    this.lastMember = low;
    return low;
  }

  /** The number of a member's first object; its others follow in the order of its index. */
  startOf(member: number): number {
    return this.starts[member]!;
  }

  positionOf(number: number): number {
    return number - this.starts[this.memberOf(number)]!;
  }

  oidAt(number: number): Oid {
    const member = this.memberOf(number);
    return this.members[member]!.index.oidAt(number - this.starts[member]!);
  }

  typeCodeAt(number: number): number {
    const member = this.memberOf(number);
    return this.members[member]!.graph.typeCodeAt(number - this.starts[member]!);
  }

  sizeAt(number: number): number {
    const member = this.memberOf(number);
    return this.members[member]!.graph.sizeAt(number - this.starts[member]!);
  }

  commitTimeAt(number: number): number {
    const member = this.memberOf(number);
    return this.members[member]!.graph.commitTimeAt(number - this.starts[member]!);
  }

  /** The number of the object this one's copy is stored as a delta against; NOT_HERE when it is stored whole. */
  baseOf(number: number): number {
    const member = this.memberOf(number);
    const base = this.members[member]!.graph.baseAt(number - this.starts[member]!);
    return base < 0 ? NOT_HERE : this.resolve(member, base);
  }

  /**
   * Visits the numbers of what an object references, in the order of PackGraph.forEachReference.
   * Throws GitError `missing_object` for one that no pack has: the repository is damaged.
   */
  forEachReference(number: number, visit: (number: number) => void): void {
    const member = this.memberOf(number);
    this.members[member]!.graph.forEachReference(number - this.starts[member]!, (reference) => {
      const target = this.resolve(member, reference);
      if (target === NOT_HERE) throw this.missing(member, reference);
      visit(target);
    });
  }

  /** The number a member's reference means. A reference below the member's count is a position in it. */
  private resolve(member: number, reference: number): number {
    const { index, graph } = this.members[member]!;
    if (member === 0 && reference < index.count) return reference;
    let resolved = this.resolved[member];
    if (resolved == null) {
      resolved = new Int32Array(index.count + graph.externalCount);
      this.resolved[member] = resolved;
    }
    const known = resolved[reference]!;
    if (known !== 0) return known < 0 ? NOT_HERE : known - 1;
    const oid = reference < index.count ? index.oidAt(reference) : graph.externalOid(reference - index.count);
    const found = this.find(oid);
    resolved[reference] = found === NOT_HERE ? -1 : found + 1;
    return found;
  }

  private missing(member: number, reference: number): GitError {
    const { index, graph } = this.members[member]!;
    const oid = graph.externalOid(reference - index.count);
    return new GitError("missing_object", `object ${oid} is missing from the repository`);
  }
}

// The order, and so every number, depends on nothing but which packs there are.
function compareMembers({ index: left }: PackMember, { index: right }: PackMember): number {
  return right.count - left.count || (left.packSha < right.packSha ? -1 : 1);
}
