// Reads a repository's objects, whichever packs hold them. Nothing is asked of Postgres or R2 before the first read;
// what was pushed after that isn't seen.
import type { Database } from "../../core/db.ts";
import type { Env } from "../../core/env.ts";
import { type ObjectType, objectTypeName } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import { NOT_HERE, PackSet } from "../pack/pack-set.ts";
import type { StreamableSource } from "../pack/pack-stream.ts";
import type { RangeSource } from "../pack/range-source.ts";
import { readPackedObject, streamBlob } from "../pack/read-object.ts";
import { createWindowedSource } from "../pack/windowed-source.ts";
import { listPacks, type StoredPack } from "./catalog.ts";
import { findInvisible } from "./find-invisible.ts";
import { type OpenPack, openPacks } from "./pack-store.ts";
import { readVersion } from "./ref-state.ts";

interface GitObject {
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
}

export interface ObjectReader {
  /** An object, or null when the repository doesn't have it. Throws GitError `limit_exceeded` for one too large to hold. */
  readObject(oid: Oid): Promise<GitObject | null>;
  /** Type and inflated size, without reading the object. */
  readHeader(oid: Oid): Promise<{ readonly type: ObjectType; readonly sizeBytes: number } | null>;
  /**
   * Shows `visit` the bytes of a blob in order, however large, in pieces that are overwritten after each call, until it
   * gives false. False, and nothing is shown, when the blob isn't there or is stored as a delta: `readObject` reads those.
   */
  streamBlob(oid: Oid, visit: (piece: Uint8Array) => unknown): Promise<boolean>;
  /** Which of some ids the repository has. */
  hasObjects(oids: readonly Oid[]): Promise<ReadonlySet<Oid>>;
}

/** Reads for people, who may see only what refs reach. */
interface VisibleObjectReader extends ObjectReader {
  /** Whether the repository has an object and a visible ref reaches it. Refs are looked at anew each time. */
  isVisible(oid: Oid): Promise<boolean>;
}

/** A reader of a repository that the caller was let into. */
export function createObjectReader(
  env: Pick<Env, "objects">,
  database: Pick<Database, "query">,
  repositoryId: number,
): VisibleObjectReader {
  let listed: Promise<StoredPack[]> | null = null;
  let opened: Promise<RepositoryPacks> | null = null;
  const list = () => {
    listed ??= listPacks(database.query, repositoryId);
    return listed;
  };
  const open = () => {
    opened ??= list()
      .then((packs) => openPacks(env.objects, packs))
      .then((packs) => new RepositoryPacks(packs));
    return opened;
  };
  return {
    readObject: async (oid) => (await open()).readObject(oid),
    readHeader: async (oid) => (await open()).readHeader(oid),
    streamBlob: async (oid, visit) => (await open()).streamBlob(oid, visit),
    hasObjects: async (oids) => (await open()).hasObjects(oids),
    async isVisible(oid) {
      const { set } = await open();
      if (set.find(oid) === NOT_HERE) return false;
      const version = await readVersion(database.query, repositoryId);
      const state = { repositoryId, version, packs: await list() };
      return (await findInvisible(database.query, state, set, [oid])) === null;
    },
  };
}

// Objects near each other are often read together; one window of a pack is read at a time.
const WINDOW_BYTES = 128 * 1024;
const WINDOWS_BYTES = 4 * 1024 * 1024;

/** The opened packs of a repository, for one request. */
export class RepositoryPacks implements ObjectReader {
  readonly set: PackSet;
  /** The packs' bytes, in the order of the set's members. */
  readonly sources: readonly StreamableSource[];
  private readonly packs: readonly OpenPack[];
  private readonly windowed: (RangeSource | null)[];

  constructor(packs: readonly OpenPack[]) {
    this.packs = packs;
    this.set = new PackSet(packs);
    const sourceOf = new Map(packs.map((pack) => [pack.index, pack.source]));
    this.sources = this.set.members.map((member) => sourceOf.get(member.index)!);
    this.windowed = this.sources.map(() => null);
  }

  /** The same repository with one more pack. */
  with(pack: OpenPack): RepositoryPacks {
    return new RepositoryPacks([...this.packs, pack]);
  }

  async readObject(oid: Oid): Promise<GitObject | null> {
    const number = this.set.find(oid);
    return number === NOT_HERE ? null : this.readNumber(number);
  }

  async readHeader(oid: Oid) {
    const number = this.set.find(oid);
    if (number === NOT_HERE) return null;
    return { type: objectTypeName(this.set.typeCodeAt(number)), sizeBytes: this.set.sizeAt(number) };
  }

  async streamBlob(oid: Oid, visit: (piece: Uint8Array) => unknown): Promise<boolean> {
    const { set } = this;
    const number = set.find(oid);
    if (number === NOT_HERE) return false;
    const member = set.memberOf(number);
    // A large blob is read once: it would push everything else out of the windows.
    return streamBlob(this.sources[member]!, set.members[member]!.index, set.positionOf(number), visit);
  }

  async hasObjects(oids: readonly Oid[]): Promise<ReadonlySet<Oid>> {
    return new Set(oids.filter((oid) => this.set.find(oid) !== NOT_HERE));
  }

  /** An object by its number in the set. */
  async readNumber(number: number): Promise<GitObject> {
    const { set } = this;
    const member = set.memberOf(number);
    const { index } = set.members[member]!;
    const resolveExternal = (base: Oid) => this.readObject(base);
    return readPackedObject(this.windowOf(member), index, set.positionOf(number), resolveExternal);
  }

  private windowOf(member: number): RangeSource {
    this.windowed[member] ??= createWindowedSource(this.sources[member]!, {
      windowBytes: WINDOW_BYTES,
      cacheBytes: WINDOWS_BYTES,
    });
    return this.windowed[member];
  }
}
