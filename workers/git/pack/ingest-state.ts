// What the phases of receiving a pack share, and the errors they have in common.

import {
  BASE_CACHE_BYTES,
  BLOB_STREAM_BYTES,
  DELTA_DEPTH_LIMIT,
  DELTA_OBJECT_LIMIT_BYTES,
  OBJECT_LIMIT_BYTES,
  PACK_INFLATED_LIMIT_BYTES,
  PACK_LIMIT_BYTES,
  PACK_OBJECT_LIMIT,
  STRUCTURED_OBJECT_LIMIT_BYTES,
} from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { objectTypeName } from "../object/object-type.ts";
import { BaseCache } from "./base-cache.ts";
import { EntryTable, REF_BASE } from "./entry-table.ts";
import type { IngestLimits, IngestOptions, IngestProgress } from "./ingest-types.ts";
import { ObjectRecorder } from "./object-recorder.ts";
import { OidTable } from "./oid-table.ts";
import { ReferenceLog } from "./reference-log.ts";

const DEFAULT_LIMITS: IngestLimits = {
  packBytes: PACK_LIMIT_BYTES,
  objects: PACK_OBJECT_LIMIT,
  objectBytes: OBJECT_LIMIT_BYTES,
  structuredObjectBytes: STRUCTURED_OBJECT_LIMIT_BYTES,
  deltaObjectBytes: DELTA_OBJECT_LIMIT_BYTES,
  deltaDepth: DELTA_DEPTH_LIMIT,
  inflatedBytes: PACK_INFLATED_LIMIT_BYTES,
  baseCacheBytes: BASE_CACHE_BYTES,
  blobStreamBytes: BLOB_STREAM_BYTES,
};

export interface IngestState {
  readonly limits: IngestLimits;
  readonly entries: EntryTable;
  readonly oids: OidTable;
  readonly log: ReferenceLog;
  readonly cache: BaseCache;
  readonly recorder: ObjectRecorder;
  readonly onProgress: ((progress: IngestProgress) => void) | undefined;
  /** Whether the go at hand has done its share; never, where the pack is received in one. */
  isOver(): boolean;
}

export function createIngestState(
  options: Pick<IngestOptions, "limits" | "onProgress" | "sitting">,
): IngestState {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const entries = new EntryTable();
  const oids = new OidTable();
  const log = new ReferenceLog();
  const recorder = new ObjectRecorder(entries, oids, log, limits);
  const { sitting } = options;
  const begunAt = sitting?.saved?.head;
  const lastInflatedBytes =
    (begunAt?.inflatedBytes ?? 0) + (sitting?.inflatedBytes ?? Number.POSITIVE_INFINITY);
  const lastEntry = (begunAt?.entries ?? 0) + (sitting?.objects ?? Number.POSITIVE_INFINITY);
  return {
    limits,
    entries,
    oids,
    log,
    cache: new BaseCache(limits.baseCacheBytes),
    recorder,
    onProgress: options.onProgress,
    isOver: () => recorder.inflatedBytes >= lastInflatedBytes || entries.count >= lastEntry,
  };
}

/** How many deltas are left to resolve. */
export function countUnresolved({ entries }: IngestState): number {
  let unresolved = 0;
  for (let entry = 0; entry < entries.count; entry++) if (entries.types[entry] === 0) unresolved++;
  return unresolved;
}

/** Gives all memory back at once, rather than when garbage is next collected. */
export function releaseState({ entries, oids, log, cache }: IngestState): void {
  entries.release();
  oids.release();
  log.release();
  cache.release();
}

/** The entry that a delta's base is, or -1: the entry is no delta, or its base isn't known to be in the pack. */
export function baseEntryOf({ entries, oids }: IngestState, entry: number): number {
  const base = entries.bases[entry]!;
  return base <= REF_BASE ? oids.entries[REF_BASE - base]! : base;
}

export function objectTooLarge(typeCode: number, sizeBytes: number, limitBytes: number): GitError {
  const type = objectTypeName(typeCode);
  return new GitError("limit_exceeded", `a ${type} is ${sizeBytes} bytes large; the limit is ${limitBytes}`);
}

export function deltaTooLarge(sizeBytes: number, limitBytes: number): GitError {
  return new GitError(
    "limit_exceeded",
    `an object of ${sizeBytes} bytes is stored as a delta; the limit for those is ${limitBytes} bytes. ` +
      "Push again with: git -c core.bigFileThreshold=16m push",
  );
}

export function depthExceeded(limit: number): GitError {
  return new GitError("limit_exceeded", `a chain of deltas is longer than ${limit}`);
}
