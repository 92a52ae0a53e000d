// What ingestPack takes and gives back: the contract between the pack scanner and the code that stores packs.
import type { ObjectType } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import type { RequestTimes } from "../time-limit.ts";
import type { RangeSource } from "./range-source.ts";

/** Where the received bytes go while they are scanned, and from where deferred deltas are read back. */
export interface PackSpool {
  /** Takes bytes in order. They may be reused by the caller once the promise is settled. */
  append(bytes: Uint8Array): Promise<void>;
  /** Called at most once, after the last append: everything appended, readable by range. */
  source(): Promise<RangeSource>;
}

export interface ExternalObject {
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
}

export interface IngestLimits {
  readonly packBytes: number;
  readonly objects: number;
  readonly objectBytes: number;
  readonly structuredObjectBytes: number;
  readonly deltaObjectBytes: number;
  readonly deltaDepth: number;
  readonly inflatedBytes: number;
  readonly baseCacheBytes: number;
  readonly blobStreamBytes: number;
}

export interface IngestProgress {
  readonly phase: "receiving" | "resolving";
  readonly done: number;
  readonly total: number;
}

/** One of several goes at a pack that is too much work for one. */
export interface IngestSitting {
  /** What the go before put aside (ingest-checkpoint.ts); null at the first. The body begins where it ended. */
  readonly saved: SavedIngest | null;
  /** This go ends once it has made so many bytes, or seen so many objects. */
  readonly inflatedBytes: number;
  readonly objects: number;
  /** Puts the state aside: exactly `sizeBytes` bytes, which `write` gives piece by piece. */
  save(sizeBytes: number, write: (to: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void>;
}

/** State that was put aside. */
export interface SavedIngest {
  readonly source: RangeSource;
  readonly head: SavedHead;
}

/** What a saved state begins with. */
export interface SavedHead {
  /** The format of the graph that what was noted is meant for (pack-graph.ts). */
  readonly graphVersion: number;
  /** Where the next entry begins, or the pack's trailer when all were scanned. */
  readonly scannedBytes: number;
  /** The pack's trailer once all entries were scanned, in hex. */
  readonly trailer: string | null;
  readonly inflatedBytes: number;
  readonly entries: number;
  readonly expected: number;
  readonly oids: number;
  readonly logBytes: number;
  readonly gitmodules: number;
}

export interface IngestOptions {
  /** The bytes of the pack, to its end; nothing may follow the pack's trailer. */
  readonly body: ReadableStream<Uint8Array>;
  /** Bytes of the pack that were already read from the body. */
  readonly initial?: Uint8Array;
  readonly spool: PackSpool;
  /** An object of the repository that the pack may be thin against, or null when there is none such. */
  readonly readExternal: (oid: Oid) => Promise<ExternalObject | null>;
  /** Told all external bases that will be read, before the first is read: a chance to read ahead. */
  readonly announceExternal?: (oids: readonly Oid[]) => Promise<void>;
  readonly limits?: Partial<IngestLimits>;
  /** How long the body may take; a request's unless given. */
  readonly times?: RequestTimes;
  /** Where the pack is received in several goes; what ends one of them is thrown as IngestPaused. */
  readonly sitting?: IngestSitting;
  /** Called once the body was read to its end. */
  readonly onReceived?: () => void;
  /** Called about every 1 MiB received and every 1,000 deferred deltas resolved. */
  readonly onProgress?: (progress: IngestProgress) => void;
}

export interface IngestedPack {
  /** The trailer of the final pack: its name. */
  readonly packSha: Oid;
  /** Objects in the final pack, appended bases included. */
  readonly objectCount: number;
  /** Bytes of the final pack, header and trailer included. */
  readonly sizeBytes: number;
  /** Index version 2, byte-identical to `git index-pack`'s. */
  readonly idx: Uint8Array;
  /** The graph sidecar (pack-graph.ts). */
  readonly graph: Uint8Array;
  /** Bases appended because the pack was thin; empty when what was spooled is the final pack as it stands. */
  readonly appendedBases: readonly Oid[];
  /** Streams the final pack in order. May be called more than once. Bytes may be reused once `write` settles. */
  writePack(write: (bytes: Uint8Array) => Promise<void>): Promise<void>;
}
