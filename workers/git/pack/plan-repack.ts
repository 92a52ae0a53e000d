// Which packs are combined into one, and which of their objects go along. Pure. Packs that grow geometrically keep
// their number logarithmic while every object is copied a logarithmic number of times (git-repack, "--geometric").
import { OID_BYTES } from "../object/oid.ts";
import type { PackSet } from "./pack-set.ts";
import { SENT } from "./plan-fetch-commits.ts";

interface PackSize {
  readonly sizeBytes: number;
  readonly objectCount: number;
}

interface RepackBounds {
  readonly sizeBytes: number;
  readonly objectCount: number;
}

/** Each pack is to have at least this many times the objects of the one before. */
const FACTOR = 2;

/**
 * The smallest packs that must be combined so that every pack left has at least twice the objects of the next smaller
 * one; empty when that is so already. Never more than fits the bounds; packs beyond them don't count.
 */
export function planGeometric<Pack extends PackSize>(packs: readonly Pack[], bounds: RepackBounds): Pack[] {
  const sorted = packs.filter((pack) => fits([pack], bounds)).sort(compareSizes);
  let split = sorted.length - 1;
  while (split > 0 && sorted[split]!.objectCount >= FACTOR * sorted[split - 1]!.objectCount) split--;
  if (split <= 0) return [];
  split++;
  let total = sumOf(sorted.slice(0, split)).objectCount;
  while (split < sorted.length && sorted[split]!.objectCount < FACTOR * total) {
    total += sorted[split]!.objectCount;
    split++;
  }
  return takeFitting(sorted.slice(0, split), bounds, 2);
}

/**
 * Of packs that hold what is to be dropped, those that are rewritten together: the smallest, as many as fit the bounds.
 * One that is beyond them by itself is rewritten alone.
 */
export function planCollection<Pack extends PackSize>(packs: readonly Pack[], bounds: RepackBounds): Pack[] {
  const sorted = [...packs].sort(compareSizes);
  const taken = takeFitting(sorted, bounds, 1);
  return taken.length > 0 ? taken : sorted.slice(0, 1);
}

/** The longest beginning of the packs that fits, or nothing when that has fewer than `least`. */
function takeFitting<Pack extends PackSize>(
  packs: readonly Pack[],
  bounds: RepackBounds,
  least: number,
): Pack[] {
  let count = packs.length;
  while (count > 0 && !fits(packs.slice(0, count), bounds)) count--;
  return count < least ? [] : packs.slice(0, count);
}

function sumOf(packs: readonly PackSize[]): PackSize {
  return {
    sizeBytes: packs.reduce((sum, pack) => sum + pack.sizeBytes, 0),
    objectCount: packs.reduce((sum, pack) => sum + pack.objectCount, 0),
  };
}

function fits(packs: readonly PackSize[], bounds: RepackBounds): boolean {
  const { sizeBytes, objectCount } = sumOf(packs);
  return sizeBytes <= bounds.sizeBytes && objectCount <= bounds.objectCount;
}

function compareSizes(left: PackSize, right: PackSize): number {
  return left.objectCount - right.objectCount || left.sizeBytes - right.sizeBytes;
}

/** What write-pack.ts is told to write. */
interface KeptObjects {
  /** By number: SENT. */
  readonly marks: Uint8Array;
  readonly count: number;
}

/** Marks each object of a set once, however many packs hold it, where `isKept` says so of its 20 bytes. */
export function markKept(set: PackSet, isKept: (oid: Uint8Array) => boolean): KeptObjects {
  const marks = new Uint8Array(set.size);
  const oid = new Uint8Array(OID_BYTES);
  let count = 0;
  set.members.forEach(({ index }, member) => {
    const start = set.startOf(member);
    for (let position = 0; position < index.count; position++) {
      index.copyOid(position, oid, 0);
      if (set.find(oid) !== start + position || !isKept(oid)) continue;
      marks[start + position] = SENT;
      count++;
    }
  });
  return { marks, count };
}

/**
 * Which members of a set hold objects that aren't marked.
 * @param reached by number, not 0 for what is reached (plan-fetch-visible.ts)
 */
export function findUnreachedMembers(set: PackSet, reached: Uint8Array): number[] {
  const oid = new Uint8Array(OID_BYTES);
  const found: number[] = [];
  set.members.forEach(({ index }, member) => {
    const start = set.startOf(member);
    for (let position = 0; position < index.count; position++) {
      if (reached[start + position] !== 0) continue;
      // It may be a copy of what another pack holds too.
      index.copyOid(position, oid, 0);
      if (reached[set.find(oid)] !== 0) continue;
      found.push(member);
      return;
    }
  });
  return found;
}
