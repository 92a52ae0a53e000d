// What the isolate keeps of packs between requests: index and graph, and the bytes of small packs. All of it is
// immutable, so nothing is ever stale.
import { PACK_CACHE_BYTES } from "../limits.ts";
import type { PackMember } from "../pack/pack-set.ts";
import { BoundedCache } from "./bounded-cache.ts";

/** A pack that was opened before. */
export interface CachedPack extends PackMember {
  /** The whole pack, where it is small. */
  readonly bytes: Uint8Array | null;
  /** What keeping it costs. */
  readonly costBytes: number;
}

/** The isolate's own, by storage key. */
export const packCache = new BoundedCache<CachedPack>(PACK_CACHE_BYTES);
