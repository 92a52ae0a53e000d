// Whether objects may be shown to whoever may read a repository: only what its visible refs reach, stored or not.
import type { Executor } from "../../core/db.ts";
import { COMMIT } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import { NOT_HERE, type PackSet } from "../pack/pack-set.ts";
import { peel } from "../pack/plan-fetch.ts";
import { markReachable, markReachableCommits } from "../pack/plan-fetch-visible.ts";
import { pageRefs } from "./refs.ts";

/** The first of some stored objects that no visible ref reaches; null when all are reached. Reads no object. */
export async function findInvisible(
  query: Executor,
  repositoryId: number,
  set: PackSet,
  oids: readonly Oid[],
): Promise<Oid | null> {
  const tips: number[] = [];
  for await (const page of pageRefs(query, repositoryId)) {
    for (const { oid } of page) {
      const number = set.find(oid);
      // A ref that moved after the packs were listed.
      if (number !== NOT_HERE) tips.push(number);
    }
  }
  const isCommit = (oid: Oid) => set.typeCodeAt(set.find(oid)) === COMMIT;
  const reachable = oids.every(isCommit)
    ? markReachableCommits(
        set,
        tips.map((tip) => peel(set, tip)),
      )
    : markReachable(set, tips);
  return oids.find((oid) => reachable[set.find(oid)] === 0) ?? null;
}
