// The invariant that makes every other check of reachability cheap: an object is accepted only when everything it
// references is in its own pack or already in the repository, whose packs all keep it.
import type { ObjectType } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import type { PackGraph } from "./pack-graph.ts";
import type { PackIndex } from "./pack-index.ts";

const BATCH = 1000;

interface ConnectivityOptions {
  readonly index: PackIndex;
  readonly graph: PackGraph;
  /** Which of some ids the repository has. Asked about at most 1,000 at a time. */
  readonly existing: (oids: readonly Oid[]) => Promise<ReadonlySet<Oid>>;
}

export interface MissingObject {
  readonly oid: Oid;
  /** What its references expect it to be. */
  readonly kind: ObjectType;
  /** An object of the pack that references it. */
  readonly referencedBy: Oid;
}

type Connectivity =
  | { readonly connected: true }
  /** The first objects found missing, at most 10. */
  | { readonly connected: false; readonly missing: readonly MissingObject[] };

const REPORTED = 10;

/** Says whether everything that a pack's objects reference is there. Reads no objects. */
export async function checkConnectivity({
  index,
  graph,
  existing,
}: ConnectivityOptions): Promise<Connectivity> {
  const missing: number[] = [];
  for (let from = 0; from < graph.externalCount && missing.length < REPORTED; from += BATCH) {
    const to = Math.min(from + BATCH, graph.externalCount);
    const oids: Oid[] = [];
    for (let external = from; external < to; external++) oids.push(graph.externalOid(external));
    const found = await existing(oids);
    oids.forEach((oid, i) => {
      if (!found.has(oid)) missing.push(from + i);
    });
  }
  if (missing.length === 0) return { connected: true };
  const reported = missing.slice(0, REPORTED);
  const referrers = findReferrers(graph, reported);
  return {
    connected: false,
    missing: reported.map((external) => ({
      oid: graph.externalOid(external),
      kind: graph.externalKind(external),
      referencedBy: index.oidAt(referrers.get(external)!),
    })),
  };
}

/** For each external, the position of an object that references it. */
function findReferrers(graph: PackGraph, externals: readonly number[]): Map<number, number> {
  const wanted = new Set(externals);
  const referrers = new Map<number, number>();
  for (let position = 0; position < graph.count && referrers.size < wanted.size; position++) {
    graph.forEachReference(position, (reference) => {
      const external = reference - graph.count;
      if (wanted.has(external) && !referrers.has(external)) referrers.set(external, position);
    });
  }
  return referrers;
}
