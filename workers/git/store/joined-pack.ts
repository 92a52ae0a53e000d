// A small pack in one object with its index and graph: one request of R2 for each push and for each that opens it, instead
// of three. The pack comes first, so that whoever reads ranges of it needn't know; then the index, then the graph.
import { measureIndex } from "../pack/pack-index.ts";

/** The bytes of the object. */
export function joinPack(pack: Uint8Array, idx: Uint8Array, graph: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(pack.length + idx.length + graph.length);
  bytes.set(pack);
  bytes.set(idx, pack.length);
  bytes.set(graph, pack.length + idx.length);
  return bytes;
}

/** Takes apart what comes behind the pack, without copying. A pack with an index of 64-bit offsets is never joined. */
export function splitSidecars(
  bytes: Uint8Array,
  objectCount: number,
): { readonly idx: Uint8Array; readonly graph: Uint8Array } {
  const idxBytes = measureIndex(objectCount);
  return { idx: bytes.subarray(0, idxBytes), graph: bytes.subarray(idxBytes) };
}
