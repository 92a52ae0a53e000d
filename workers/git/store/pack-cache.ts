// What the isolate keeps of packs between requests: index and graph, and the bytes of small packs. All of it is
// immutable, so nothing is ever stale; the least recently used goes when the budget is spent.
import { PACK_CACHE_BYTES } from "../limits.ts";
import type { PackMember } from "../pack/pack-set.ts";

/** A pack that was opened before. */
export interface CachedPack extends PackMember {
  /** The whole pack, where it is small. */
  readonly bytes: Uint8Array | null;
  /** What keeping it costs. */
  readonly costBytes: number;
}

/** A cache of packs, bounded in bytes. */
class PackCache {
  private readonly limitBytes: number;
  private usedBytes = 0;
  // A Map keeps the order of insertion: the first is the one used longest ago.
  private readonly packs = new Map<string, CachedPack>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get(storageKey: string): CachedPack | undefined {
    const pack = this.packs.get(storageKey);
    if (pack !== undefined) {
      this.packs.delete(storageKey);
      this.packs.set(storageKey, pack);
    }
    return pack;
  }

  /** Keeps a pack; one that is larger than the budget isn't kept. */
  add(storageKey: string, pack: CachedPack): void {
    if (this.packs.has(storageKey) || pack.costBytes > this.limitBytes) return;
    this.packs.set(storageKey, pack);
    this.usedBytes += pack.costBytes;
    for (const [oldest, { costBytes }] of this.packs) {
      if (this.usedBytes <= this.limitBytes) return;
      this.packs.delete(oldest);
      this.usedBytes -= costBytes;
    }
  }
}

/** The isolate's own. */
export const packCache = new PackCache(PACK_CACHE_BYTES);
