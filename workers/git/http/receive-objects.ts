// Takes the pack of a push in and checks that nothing it needs is missing. Nothing is stored for good here.
import { PACK_LIMIT_BYTES, PACK_OBJECT_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { objectTypeName } from "../object/object-type.ts";
import type { Oid } from "../object/oid.ts";
import { checkConnectivity, type MissingObject } from "../pack/check-connectivity.ts";
import { ingestPack } from "../pack/ingest-pack.ts";
import type { IngestedPack, IngestProgress, IngestSitting, PackSpool } from "../pack/ingest-types.ts";
import { NOT_HERE, type PackMember, PackSet } from "../pack/pack-set.ts";
import { PACK_HEADER_BYTES, PACK_TRAILER_BYTES } from "../pack/write-entry.ts";
import type { Quota } from "../store/catalog.ts";
import type { RepositoryPacks } from "../store/object-reader.ts";
import { openSidecars } from "../store/pack-store.ts";
import type { BodyRest } from "../wire/body-reader.ts";

export interface ReceivedObjects {
  readonly kind: "received";
  /** The new pack, or null when the push brought no objects. */
  readonly ingested: IngestedPack | null;
  /** The repository's objects with those of the new pack. */
  readonly set: PackSet;
}

export interface RefusedObjects {
  readonly kind: "refused";
  /** Why the pack wasn't taken at all, or null. */
  readonly unpackError: string | null;
  /** What is said of each ref. */
  readonly refusal: string;
  readonly lines: readonly string[];
}

/** How much a repository may still take, of what it may take in all. */
export interface Room {
  readonly leftBytes: number;
  readonly leftObjects: number;
  readonly quota: Quota;
}

interface Receiving {
  readonly room: Room;
  /** The body behind the commands, or null when no pack follows. */
  readonly rest: BodyRest | null;
  /** Commits whose parents the pusher lacks. */
  readonly shallows: ReadonlySet<Oid>;
  /** Tells the person how it goes. */
  readonly say: (text: string) => Promise<void>;
  /** Called once the body was read to its end. */
  readonly onReceived?: () => void;
  /** Told how far it has come. What it throws is thrown on. */
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Where the pack is received in several goes. */
  readonly sitting?: IngestSitting;
}

/** Receives the pack into `spool`. What is wrong with it is a refusal; what the store throws is thrown. */
export async function receiveObjects(
  { rest, shallows, say, onReceived, onProgress, room, sitting }: Receiving,
  existing: RepositoryPacks,
  spool: PackSpool,
): Promise<ReceivedObjects | RefusedObjects> {
  if (rest === null) return { kind: "received", ingested: null, set: existing.set };
  const progress = createProgress(say);
  let ingested: IngestedPack;
  try {
    ingested = await ingestPack({
      body: rest.body,
      initial: rest.initial,
      spool,
      limits: {
        packBytes: Math.min(PACK_LIMIT_BYTES, Math.max(room.leftBytes, EMPTY_PACK_BYTES)),
        objects: Math.min(PACK_OBJECT_LIMIT, Math.max(room.leftObjects, 0)),
      },
      readExternal: (oid) => existing.readObject(oid),
      ...(sitting === undefined ? {} : { sitting }),
      ...(onReceived === undefined ? {} : { onReceived }),
      onProgress: (made) => {
        progress.report(made);
        onProgress?.(made);
      },
    });
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const lines = error.code === "limit_exceeded" ? describeRoom(room) : [];
    return { kind: "refused", unpackError: error.message, refusal: "unpacker error", lines };
  } finally {
    await progress.settle();
  }
  return judgeObjects(existing, ingested.objectCount === 0 ? null : ingested, shallows);
}

/** A pack without objects is always taken: it comes with refs to what is there. */
const EMPTY_PACK_BYTES = PACK_HEADER_BYTES + PACK_TRAILER_BYTES;

/** Says how full a repository is, where that may be why a pack was too large. */
function describeRoom({ leftBytes, leftObjects, quota }: Room): string[] {
  if (leftBytes >= PACK_LIMIT_BYTES && leftObjects >= PACK_OBJECT_LIMIT) return [];
  const usedBytes = quota.sizeBytes - leftBytes;
  const usedObjects = quota.objectCount - leftObjects;
  return [
    `error: this repository holds ${usedBytes} of at most ${quota.sizeBytes} bytes ` +
      `and ${usedObjects} of at most ${quota.objectCount} objects`,
  ];
}

/**
 * Checks that nothing which a received pack needs is missing; to be done again when the repository has changed.
 * @param shallows commits whose parents the pusher lacks
 */
export async function judgeObjects(
  existing: RepositoryPacks,
  ingested: IngestedPack | null,
  shallows: ReadonlySet<Oid>,
): Promise<ReceivedObjects | RefusedObjects> {
  if (ingested === null) return { kind: "received", ingested, set: existing.set };
  const member = openSidecars(ingested);
  const missing = await findMissing(existing, member);
  const problems = [...findWrongTypes(existing.set, member), ...missing.map(describeMissing)];
  if (problems.length > 0) {
    const isShallow = missing.some(({ referencedBy }) => shallows.has(referencedBy));
    const lines = isShallow ? [...problems, SHALLOW_ADVICE] : problems;
    const refusal = isShallow ? "shallow update not allowed" : "missing necessary objects";
    return { kind: "refused", unpackError: null, refusal, lines };
  }
  // A pack that was pushed before isn't counted twice.
  const others = existing.set.members.filter(({ index }) => index.packSha !== ingested.packSha);
  return { kind: "received", ingested, set: new PackSet([...others, member]) };
}

const SHALLOW_ADVICE =
  "error: the history of this shallow clone isn't in the repository; run `git fetch --unshallow` first";

const describeMissing = ({ oid, kind, referencedBy }: MissingObject): string =>
  `error: ${kind} ${oid} is missing; ${referencedBy} needs it`;

async function findMissing(
  existing: RepositoryPacks,
  { index, graph }: PackMember,
): Promise<readonly MissingObject[]> {
  const connectivity = await checkConnectivity({
    index,
    graph,
    existing: (oids) => existing.hasObjects(oids),
  });
  return connectivity.connected ? [] : connectivity.missing;
}

/** What the pack takes for another type of object than it is in the repository. */
function findWrongTypes(set: PackSet, { graph }: PackMember): string[] {
  const oid = new Uint8Array(20);
  for (let external = 0; external < graph.externalCount; external++) {
    graph.copyExternalOid(external, oid, 0);
    const number = set.find(oid);
    if (number === NOT_HERE) continue;
    const expected = graph.externalKind(external);
    const actual = objectTypeName(set.typeCodeAt(number));
    if (actual !== expected) {
      return [
        `error: object ${graph.externalOid(external)} is a ${actual}, but is referenced as a ${expected}`,
      ];
    }
  }
  return [];
}

/** Most often progress is told. */
const PROGRESS_MS = 1000;

// Says nothing of work that is done within a second.
function createProgress(say: (text: string) => Promise<void>) {
  let saidAtMs = Date.now();
  let saying: Promise<void> = Promise.resolve();
  return {
    report({ phase, done, total }: IngestProgress) {
      if (phase !== "resolving" || Date.now() - saidAtMs < PROGRESS_MS) return;
      saidAtMs = Date.now();
      const percent = Math.floor((100 * done) / Math.max(total, 1));
      saying = saying.then(() => say(`Resolving deltas: ${percent}% (${done}/${total})`));
      // Thrown by settle.
      saying.catch(() => undefined);
    },
    /** Waits until everything is said. */
    settle: () => saying,
  };
}
