// Puts numbered ids in their ascending order.
import type { OidTable } from "./oid-table.ts";

const INDEX_BITS = 22;
const INDEX_SIZE = 2 ** INDEX_BITS;

/**
 * The numbers in `ids` in the order of the ids they stand for; at most 4 million. Sorts doubles that hold the first
 * 31 bits of an id and its place in `ids`, which is native and fast, and then settles the few that are equal.
 */
export function sortIds(oids: OidTable, ids: Int32Array): Int32Array {
  if (ids.length > INDEX_SIZE) throw new Error(`${ids.length} ids are too many to sort`);
  const keys = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) keys[i] = (oids.firstWord(ids[i]!) >>> 1) * INDEX_SIZE + i;
  keys.sort();
  const sorted = new Int32Array(ids.length);
  for (let i = 0; i < keys.length; i++) sorted[i] = ids[keys[i]! % INDEX_SIZE]!;
  // Equal first bits are neighbours now; runs of them are short, for ids are hashes.
  for (let from = 0; from < sorted.length; ) {
    const word = oids.firstWord(sorted[from]!) >>> 1;
    let to = from + 1;
    while (to < sorted.length && oids.firstWord(sorted[to]!) >>> 1 === word) to++;
    if (to - from > 1) sorted.subarray(from, to).sort((a, b) => oids.compare(a, b));
    from = to;
  }
  return sorted;
}
