// Reads the objects of a stored pack in the pack's order, with what each is by its own bytes. Invariant: the bytes of a
// commit, tree or tag are shown only after their SHA-1 was found to be the id that the index has for them; the graph is
// never asked. Memory is bounded whatever the pack holds: a few windows of it, and VERIFY_CACHE_BYTES of objects.
import { createHash } from "node:crypto";
import {
  DELTA_DEPTH_LIMIT,
  DELTA_OBJECT_LIMIT_BYTES,
  PACK_INFLATED_LIMIT_BYTES,
  VERIFY_CACHE_BYTES,
} from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { BLOB, COMMIT, OFS_DELTA, objectTypeName, REF_DELTA, TAG } from "../object/object-type.ts";
import { applyDelta, parseDeltaHeader } from "../pack/delta.ts";
import { ENTRY_HEADER_LIMIT_BYTES, EntryHeader } from "../pack/entry-header.ts";
import { Inflater, OUTPUT_SLACK_BYTES } from "../pack/inflate.ts";
import { stepInflate } from "../pack/inflate-object.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import type { RangeSource } from "../pack/range-source.ts";
import { createWindowedSource } from "../pack/windowed-source.ts";
import { BoundedCache } from "../store/bounded-cache.ts";

const WINDOW_BYTES = 1024 * 1024;
const WINDOWS_BYTES = 4 * 1024 * 1024;
const NO_BASE = -1;
/** What keeping an object costs beside its bytes. */
const ENTRY_COST_BYTES = 200;

export interface StoredObject {
  /** In the index. */
  readonly position: number;
  /** 1–4 (object-type.ts). */
  readonly typeCode: number;
  /** The position of the object that this one is stored as a delta of; -1 when it is stored whole. */
  readonly base: number;
  /** Whole and proven by its hash; null of a blob. */
  readonly bytes: Uint8Array | null;
  /** Inflated; null of a blob that is stored as a delta, unless sizes were asked for. */
  readonly sizeBytes: number | null;
}

interface Entry {
  readonly typeCode: number;
  readonly base: number;
  /** Of what follows the header, inflated. */
  readonly sizeBytes: number;
  readonly bodyAt: number;
}

interface LoadedObject {
  readonly bytes: Uint8Array;
  readonly costBytes: number;
}

class ObjectPass {
  private readonly index: PackIndex;
  private readonly source: RangeSource;
  private readonly header = new EntryHeader();
  private readonly inflater = new Inflater();
  /** By position: 1–4, or 0 while it isn't known. */
  private readonly types: Uint8Array;
  // Memory is given back at once: what is evicted is older than the object at hand and its base.
  private readonly loaded = new BoundedCache<LoadedObject>(VERIFY_CACHE_BYTES, (_, { bytes }) => {
    if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  });
  private madeBytes = 0;

  constructor(source: RangeSource, index: PackIndex) {
    this.index = index;
    this.source = createWindowedSource(source, { windowBytes: WINDOW_BYTES, cacheBytes: WINDOWS_BYTES });
    this.types = new Uint8Array(index.count);
  }

  async read(position: number, wantsSizes: boolean): Promise<StoredObject> {
    const entry = await this.openEntry(position);
    const typeCode = await this.findType(position, entry);
    const found = { position, typeCode, base: entry.base };
    if (typeCode !== BLOB) {
      const bytes = await this.load(position);
      this.requireName(position, typeCode, bytes);
      return { ...found, bytes, sizeBytes: bytes.length };
    }
    if (entry.base === NO_BASE) return { ...found, bytes: null, sizeBytes: entry.sizeBytes };
    if (!wantsSizes) return { ...found, bytes: null, sizeBytes: null };
    const { resultSizeBytes } = parseDeltaHeader(await this.inflate(position, entry));
    return { ...found, bytes: null, sizeBytes: resultSizeBytes };
  }

  private async openEntry(position: number): Promise<Entry> {
    const { index, header } = this;
    const offset = index.offsetAt(position);
    const length = Math.min(ENTRY_HEADER_LIMIT_BYTES, index.endOffsetAt(position) - offset);
    const bytes = await this.source.read(offset, length);
    header.parse(bytes, 0, length);
    const { typeCode, sizeBytes, bodyAt, baseDistanceBytes, baseOidAt } = header;
    let base = NO_BASE;
    if (typeCode === OFS_DELTA) base = index.findByOffset(offset - baseDistanceBytes);
    else if (typeCode === REF_DELTA) base = index.find(bytes, baseOidAt);
    else if (typeCode < COMMIT || typeCode > TAG) throw this.damaged(position, "has an unknown type");
    const isDelta = typeCode === OFS_DELTA || typeCode === REF_DELTA;
    if (isDelta && base < 0) throw this.damaged(position, "is a delta of an object that the pack lacks");
    return { typeCode, base, sizeBytes, bodyAt };
  }

  /** The type at the end of a chain of deltas. */
  private async findType(position: number, entry: Entry): Promise<number> {
    const chain = [position];
    let { typeCode, base } = entry;
    while (base !== NO_BASE) {
      if (chain.length > DELTA_DEPTH_LIMIT) throw this.damaged(position, "is a delta without an end");
      const known = this.types[base]!;
      if (known !== 0) {
        typeCode = known;
        break;
      }
      chain.push(base);
      ({ typeCode, base } = await this.openEntry(base));
    }
    for (const one of chain) this.types[one] = typeCode;
    return typeCode;
  }

  /** An object that isn't a blob, through its chain of deltas, of which one at a time is held. */
  private async load(position: number): Promise<Uint8Array> {
    const chain: number[] = [];
    let bytes: Uint8Array | null = null;
    for (let at = position; bytes === null; ) {
      bytes = this.loaded.get(String(at))?.bytes ?? null;
      if (bytes !== null) break;
      const entry = await this.openEntry(at);
      if (entry.base === NO_BASE) {
        bytes = await this.inflate(at, entry);
        this.keep(at, bytes);
        break;
      }
      if (chain.push(at) > DELTA_DEPTH_LIMIT) throw this.damaged(position, "is a delta without an end");
      at = entry.base;
    }
    for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
      const delta = await this.inflate(next, await this.openEntry(next));
      bytes = applyDelta(bytes, delta, DELTA_OBJECT_LIMIT_BYTES);
      delta.buffer.transfer(0);
      this.charge(bytes.length);
      this.keep(next, bytes);
    }
    return bytes;
  }

  private async inflate(position: number, { sizeBytes, bodyAt }: Entry): Promise<Uint8Array<ArrayBuffer>> {
    if (sizeBytes > DELTA_OBJECT_LIMIT_BYTES) throw this.damaged(position, "is too large to be read");
    this.charge(sizeBytes);
    const offset = this.index.offsetAt(position);
    const length = this.index.endOffsetAt(position) - offset;
    const bytes = await this.source.read(offset, length);
    const window = { bytes, pos: bodyAt, end: length, refill: async () => false };
    const out = new Uint8Array(sizeBytes + OUTPUT_SLACK_BYTES);
    this.inflater.start();
    if (!stepInflate(this.inflater, window, out, 0, 0, sizeBytes))
      throw this.damaged(position, "is cut short");
    return out.subarray(0, sizeBytes);
  }

  private keep(position: number, bytes: Uint8Array): void {
    const costBytes = bytes.buffer.byteLength + ENTRY_COST_BYTES;
    this.loaded.add(String(position), { bytes, costBytes });
  }

  private charge(sizeBytes: number): void {
    this.madeBytes += sizeBytes;
    if (this.madeBytes <= PACK_INFLATED_LIMIT_BYTES) return;
    throw new GitError("limit_exceeded", `pack ${this.index.packSha} takes too much work to be read`);
  }

  private requireName(position: number, typeCode: number, bytes: Uint8Array): void {
    const hash = createHash("sha1")
      .update(`${objectTypeName(typeCode)} ${bytes.length}\0`)
      .update(bytes);
    if (hash.digest("hex") !== this.index.oidAt(position))
      throw this.damaged(position, "isn't what its id says");
  }

  private damaged(position: number, what: string): GitError {
    return new GitError(
      "bad_pack",
      `object ${this.index.oidAt(position)} of pack ${this.index.packSha} ${what}`,
    );
  }
}

/**
 * Shows every object of a pack, in the pack's order. Throws GitError when the pack or its index is damaged.
 * @param options.wantsSizes whether blobs that are deltas are opened for their size
 */
export async function readObjects(
  source: RangeSource,
  index: PackIndex,
  options: { readonly wantsSizes: boolean },
  visit: (object: StoredObject) => void,
): Promise<void> {
  const pass = new ObjectPass(source, index);
  for (const position of index.positionsByOffset()) visit(await pass.read(position, options.wantsSizes));
}
