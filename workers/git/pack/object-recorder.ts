// Takes each object of a pack as it is resolved: checks it, names it by its hash and notes what it references.
import { checkCommit, checkTag } from "../object/check-object.ts";
import { checkTree } from "../object/check-tree.ts";
import { GitError } from "../object/git-error.ts";
import { hashObjectInto } from "../object/hash-object.ts";
import { BLOB, COMMIT, objectTypeCode, objectTypeName, TREE } from "../object/object-type.ts";
import { decodeHexOid, OID_BYTES } from "../object/oid.ts";
import { type EntryTable, REF_BASE } from "./entry-table.ts";
import type { IngestLimits } from "./ingest-types.ts";
import type { OidTable } from "./oid-table.ts";
import type { ReferenceLog } from "./reference-log.ts";
import { TreeIds } from "./tree-ids.ts";

/** Where the object is that a delta was applied to, in the same memory as what it made. */
export interface BaseBytes {
  readonly start: number;
  readonly end: number;
}

export class ObjectRecorder {
  /** Ids of blobs that trees name `.gitmodules`. */
  readonly gitmodules: Set<number>;
  private readonly entries: EntryTable;
  private readonly oids: OidTable;
  private readonly log: ReferenceLog;
  private readonly limits: IngestLimits;
  private readonly scratch = new Uint8Array(OID_BYTES);
  private readonly trees: TreeIds;
  private readonly listOf = (entry: number): number => this.entries.references[entry]!;
  /** Bytes that were made of the pack's so far. */
  inflatedBytes = 0;

  constructor(entries: EntryTable, oids: OidTable, log: ReferenceLog, limits: IngestLimits) {
    this.entries = entries;
    this.oids = oids;
    this.log = log;
    this.limits = limits;
    this.trees = new TreeIds(oids);
    this.gitmodules = this.trees.gitmodules;
  }

  /**
   * Records the object of an entry, whole in bytes[start, end). Throws GitError when it may not be accepted.
   * @param base of the entry, where its object is at hand
   */
  record(
    entry: number,
    typeCode: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    base: BaseBytes | null,
  ): void {
    hashObjectInto(typeCode, bytes, start, end, this.scratch, 0);
    this.recordHashed(entry, typeCode, end - start, this.scratch);
    if (typeCode !== BLOB) {
      try {
        this.entries.references[entry] = this.logReferences(entry, typeCode, bytes, start, end, base);
      } catch (error) {
        throw this.nameObject(error, entry, typeCode);
      }
    }
  }

  /** Records a blob that was hashed as it went by. */
  recordHashed(entry: number, typeCode: number, sizeBytes: number, oid: Uint8Array): void {
    const { entries, oids } = this;
    this.charge(sizeBytes);
    const id = oids.intern(oid, 0);
    const holder = oids.entries[id]!;
    if (holder !== -1) this.supersede(id, holder, entry);
    oids.entries[id] = entry;
    entries.ids[entry] = id;
    entries.types[entry] = typeCode;
    entries.sizes[entry] = sizeBytes;
  }

  /** Counts bytes that were made of the pack's, against the limit that stops bombs. */
  charge(sizeBytes: number): void {
    this.inflatedBytes += sizeBytes;
    if (this.inflatedBytes <= this.limits.inflatedBytes) return;
    throw new GitError(
      "limit_exceeded",
      `the pack's objects are larger than ${this.limits.inflatedBytes} bytes in all`,
    );
  }

  /** An entry of the pack turns out to be an object that was read from the repository as a base: the pack's own serves. */
  private supersede(id: number, holder: number, entry: number): void {
    const { entries, oids } = this;
    // Bases read from the repository have no place in the pack yet.
    if (Number.isFinite(entries.offsets[holder]!)) {
      throw new GitError("bad_pack", `the pack holds object ${oids.oid(id)} twice`);
    }
    for (let at = entry; at >= 0; ) {
      const base = entries.bases[at]!;
      at = base <= REF_BASE ? oids.entries[REF_BASE - base]! : base;
      if (at === holder) throw new GitError("bad_pack", `the deltas of object ${oids.oid(id)} form a cycle`);
    }
  }

  /** Checks an object and logs what it references; returns the list's position. */
  logReferences(
    entry: number,
    typeCode: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    base: BaseBytes | null,
  ): number {
    const { log } = this;
    if (typeCode === BLOB) return 0;
    if (typeCode === TREE) return this.logTree(entry, bytes, start, end, base);
    if (typeCode === COMMIT) {
      const commit = checkCommit(bytes, start, end);
      const at = log.begin(commit.timeSeconds);
      this.addHexReference(bytes, commit.treeAt, TREE);
      for (const parentAt of commit.parentsAt) this.addHexReference(bytes, parentAt, COMMIT);
      log.end();
      return at;
    }
    const tag = checkTag(bytes, start, end);
    const at = log.begin(null);
    this.addHexReference(bytes, tag.targetAt, objectTypeCode(tag.targetType));
    log.end();
    return at;
  }

  private logTree(
    entry: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    base: BaseBytes | null,
  ): number {
    const { log, trees } = this;
    const anchor = this.findAnchor(entry);
    const numbered =
      base === null || anchor < 0
        ? null
        : { start: base.start, end: base.end, ids: log.readTree(this.listOf(anchor), this.listOf) };
    trees.begin(bytes, start, end, numbered);
    checkTree(bytes, start, end, trees);
    const ids = trees.end();
    return log.addTree(ids, ids.length, anchor, this.listOf);
  }

  /** A tree that this entry's tree is like: its delta's base, if that has a place in the pack for good. */
  private findAnchor(entry: number): number {
    const { entries, oids } = this;
    const base = entries.bases[entry]!;
    const anchor = base <= REF_BASE ? oids.entries[REF_BASE - base]! : base;
    return anchor >= 0 && Number.isFinite(entries.offsets[anchor]!) ? anchor : -1;
  }

  private addHexReference(bytes: Uint8Array, at: number, typeCode: number): void {
    decodeHexOid(bytes, at, this.scratch);
    const id = this.oids.intern(this.scratch, 0);
    this.oids.kinds[id]! |= 1 << typeCode;
    this.log.add(id);
  }

  /** Says in the error which object it is about. */
  private nameObject(error: unknown, entry: number, typeCode: number): unknown {
    if (!(error instanceof GitError)) return error;
    const oid = this.oids.oid(this.entries.ids[entry]!);
    return new GitError(error.code, `${objectTypeName(typeCode)} ${oid}: ${error.message}`, { cause: error });
  }
}
