// The .graph sidecar of a pack: for each object, in the order of the idx, its type, size, delta base and what it
// references, so that closures and reuse of stored deltas need no object reads. Parsing checks the layout;
// each record is checked as it is read, so a damaged file throws GitError `bad_graph` and never reads astray.
//
// Layout (little-endian): "PLGR" | u32 version | u32 objects | u32 externals | u32 record bytes | 20 bytes pack sha |
// 20 zero bytes… see build-pack-graph.ts, which writes it.
import type { ObjectType } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";

export interface PackGraph {
  readonly count: number;
  /** Distinct ids that objects of this pack reference and that aren't in it, in ascending order. */
  readonly externalCount: number;
  externalOid(external: number): Oid;
  /** Copies the 20 bytes of an external id. */
  copyExternalOid(external: number, into: Uint8Array, at: number): void;
  /** What the references to an external expect it to be; null when a tag or two references disagree. */
  externalKind(external: number): ObjectType | null;
  /** The numeric type 1–4 (object-type.ts). */
  typeCodeAt(position: number): number;
  typeAt(position: number): ObjectType;
  /** Inflated size of the object itself (not of its delta). */
  sizeAt(position: number): number;
  /** The position of the object this one is stored as a delta against, or -1 when it is stored whole. */
  baseAt(position: number): number;
  /** A commit's committer time in seconds since 1970; 0 for everything else. */
  commitTimeAt(position: number): number;
  /**
   * Visits what an object references: a commit its tree first and then its parents in order, a tree its entries
   * in order (no gitlinks), a tag its target, a blob nothing. A reference below `count` is a position in this
   * pack, one at or above it is external number `reference - count`.
   */
  forEachReference(position: number, visit: (reference: number) => void): void;
}
