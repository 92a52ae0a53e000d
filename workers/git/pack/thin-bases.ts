// The bases that a thin pack leaves out: read from the repository, and appended to the pack as whole objects, as
// `git index-pack --fix-thin` does. Their compressed bytes are kept while they are few, and made again otherwise.
import { crc32 } from "node:zlib";
import { GitError } from "../object/git-error.ts";
import { hashObject } from "../object/hash-object.ts";
import { objectTypeCode } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import { deltaTooLarge, type IngestState } from "./ingest-state.ts";
import type { ExternalObject, IngestOptions } from "./ingest-types.ts";
import { encodeEntry } from "./write-entry.ts";

const KEPT_LIMIT_BYTES = 8 * 1024 * 1024;

interface ThinBase {
  readonly oid: Oid;
  readonly sizeBytes: number;
  readonly crc: number;
  readonly encoded: Uint8Array | null;
}

export class ThinBases {
  private readonly state: IngestState;
  private readonly readExternal: IngestOptions["readExternal"];
  private readonly bases = new Map<number, ThinBase>();
  private keptBytes = 0;

  constructor(state: IngestState, readExternal: IngestOptions["readExternal"]) {
    this.state = state;
    this.readExternal = readExternal;
  }

  get isEmpty(): boolean {
    return this.bases.size === 0;
  }

  has(entry: number): boolean {
    return this.bases.has(entry);
  }

  /** Reads the object with an id and gives it an entry of its own; null when the repository hasn't got it. */
  async add(id: number): Promise<{ entry: number; object: ExternalObject } | null> {
    const { entries, oids, recorder, limits } = this.state;
    const oid = oids.oid(id);
    const object = await this.readExternal(oid);
    if (object === null) return null;
    if (object.bytes.length > limits.deltaObjectBytes) {
      throw deltaTooLarge(object.bytes.length, limits.deltaObjectBytes);
    }
    if (hashObject(object.type, object.bytes) !== oid) {
      throw new GitError("bad_object", `object ${oid} of the repository is damaged`);
    }
    const typeCode = objectTypeCode(object.type);
    const encoded = encodeEntry(typeCode, object.bytes);
    const entry = entries.add(Number.POSITIVE_INFINITY, -1);
    entries.types[entry] = typeCode;
    entries.sizes[entry] = object.bytes.length;
    entries.ids[entry] = id;
    const crc = crc32(encoded);
    entries.crcs[entry] = crc;
    entries.references[entry] = recorder.logReferences(
      entry,
      typeCode,
      object.bytes,
      0,
      object.bytes.length,
      null,
    );
    oids.entries[id] = entry;
    const isKept = this.keptBytes + encoded.length <= KEPT_LIMIT_BYTES;
    if (isKept) this.keptBytes += encoded.length;
    this.bases.set(entry, { oid, sizeBytes: encoded.length, crc, encoded: isKept ? encoded : null });
    return { entry, object };
  }

  /** Reads the object of an entry made by `add` once more. */
  async readAgain(entry: number): Promise<ExternalObject> {
    const { oid } = this.get(entry);
    const object = await this.readExternal(oid);
    if (object === null) throw new GitError("missing_object", `object ${oid} vanished from the repository`);
    return object;
  }

  /** The bases that the pack didn't turn out to hold itself: `isLive` says which. Gives each its place in the pack. */
  placeAfter(packEnd: number, isLive: (entry: number) => boolean): { live: number[]; endsAt: number } {
    const live: number[] = [];
    let endsAt = packEnd;
    for (const [entry, base] of this.bases) {
      if (!isLive(entry)) continue;
      this.state.entries.offsets[entry] = endsAt;
      endsAt += base.sizeBytes;
      live.push(entry);
    }
    return { live, endsAt };
  }

  oid(entry: number): Oid {
    return this.get(entry).oid;
  }

  /** The pack entry, header and compressed bytes, of an appended base. */
  async encode(entry: number): Promise<Uint8Array> {
    const base = this.get(entry);
    if (base.encoded !== null) return base.encoded;
    const object = await this.readAgain(entry);
    const encoded = encodeEntry(objectTypeCode(object.type), object.bytes);
    if (crc32(encoded) !== base.crc) throw new Error(`base ${base.oid} was compressed otherwise`);
    return encoded;
  }

  private get(entry: number): ThinBase {
    const base = this.bases.get(entry);
    if (base === undefined) throw new Error(`entry ${entry} is no thin base`);
    return base;
  }
}
