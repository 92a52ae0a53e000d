// Receives a pack: one pass over its bytes, which are spooled as they come, a second over the deltas that pass couldn't
// resolve, and the index and graph of the result. A pack is never held whole, and nothing of it is trusted.
import { createHash } from "node:crypto";
import { formatOid } from "../object/oid.ts";
import { buildPackGraph } from "./build-pack-graph.ts";
import { buildPackIndex } from "./build-pack-index.ts";
import { checkGitmodules } from "./check-gitmodules.ts";
import { pause, restoreState } from "./ingest-checkpoint.ts";
import { countUnresolved, createIngestState, type IngestState, releaseState } from "./ingest-state.ts";
import type { IngestedPack, IngestOptions, PackSpool } from "./ingest-types.ts";
import { ObjectLoader } from "./object-loader.ts";
import { PackInput, requireChecksum } from "./pack-input.ts";
import { freeBytes, type RangeSource } from "./range-source.ts";
import { DeltaResolver } from "./resolve-deltas.ts";
import { PackScanner } from "./scan-pack.ts";
import { sortIds } from "./sort-oids.ts";
import { DeltaSweep } from "./sweep-deltas.ts";
import { ThinBases } from "./thin-bases.ts";
import { createWindowedSource } from "./windowed-source.ts";
import { PACK_HEADER_BYTES, PACK_TRAILER_BYTES } from "./write-entry.ts";

const PIECE_BYTES = 1024 * 1024;
const WINDOW_BYTES = 64 * 1024;
// Another sweep is made when the last resolved at least this share of what it left; the rest is read here and there.
const WORTHWHILE_SHARE = 0.25;
const WINDOWS_BYTES = 4 * 1024 * 1024;

interface Scanned {
  readonly trailer: Uint8Array;
  readonly receivedBytes: number;
}

/** Scans what is left of the pack to scan. Throws IngestPaused where that is more than the go at hand may do. */
async function scanRest(
  state: IngestState,
  options: IngestOptions,
  openSource: () => Promise<RangeSource>,
): Promise<Scanned> {
  const { sitting } = options;
  const head = sitting?.saved?.head;
  if (head?.trailer != null) {
    return {
      trailer: Buffer.from(head.trailer, "hex"),
      receivedBytes: head.scannedBytes + PACK_TRAILER_BYTES,
    };
  }
  const scanned = await scanBody(state, options, head?.scannedBytes ?? 0);
  if (scanned === null || head === undefined) return scanned;
  // The checksum is of the whole pack, of which this go saw the end alone.
  const hash = createHash("sha1");
  const packEnd = scanned.receivedBytes - PACK_TRAILER_BYTES;
  await streamRange(await openSource(), 0, packEnd, (bytes) => {
    hash.update(bytes);
  });
  requireChecksum(hash.digest(), scanned.trailer);
  return scanned;
}

async function scanBody(state: IngestState, options: IngestOptions, startsAt: number): Promise<Scanned> {
  const input = new PackInput(
    options.body,
    options.initial ?? new Uint8Array(0),
    options.spool,
    state.limits,
    options.times,
  );
  input.startAt(startsAt);
  try {
    if (!(await new PackScanner(state, input).scan())) {
      return await pause(state, options, { scannedBytes: input.offset, trailer: null });
    }
    const trailer = await input.finish();
    return { trailer, receivedBytes: input.receivedBytes };
  } finally {
    await input.release();
  }
}

/** Sweeps while that gets on well; returns how many deltas are left. */
async function sweepDeltas(
  state: IngestState,
  source: RangeSource,
  packEnd: number,
  unresolved: number,
): Promise<number> {
  let left = unresolved;
  let resolved = left;
  while (left > 0 && resolved >= left * WORTHWHILE_SHARE) {
    state.onProgress?.({ phase: "resolving", done: unresolved - left, total: unresolved });
    resolved = await new DeltaSweep(state, source, state.entries.count, packEnd).run();
    left -= resolved;
    if (state.isOver()) break;
  }
  return left;
}

/** Asks the spool for its source once, when it is first needed. */
function openOnce(spool: PackSpool): () => Promise<RangeSource> {
  let opened: Promise<RangeSource> | null = null;
  return () => {
    opened ??= spool.source();
    return opened;
  };
}

/** Streams a thin pack completed, but for its trailer: its header counts the bases appended to it. */
async function streamCompleted(
  source: RangeSource,
  objectCount: number,
  packEnd: number,
  encodeAppended: () => AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void> | void,
): Promise<void> {
  const header = new Uint8Array(await source.read(0, PACK_HEADER_BYTES));
  new DataView(header.buffer).setUint32(8, objectCount);
  await write(header);
  await streamRange(source, PACK_HEADER_BYTES, packEnd, write);
  for await (const entry of encodeAppended()) await write(entry);
}

async function streamRange(
  source: RangeSource,
  start: number,
  end: number,
  write: (bytes: Uint8Array) => Promise<void> | void,
): Promise<void> {
  for (let at = start; at < end; at += PIECE_BYTES) {
    const bytes = await source.read(at, Math.min(PIECE_BYTES, end - at));
    await write(bytes);
    freeBytes(source, bytes);
  }
}

function indexPack(state: IngestState, ids: Int32Array, packSha: Uint8Array): Uint8Array {
  const { entries, oids } = state;
  return buildPackIndex(
    {
      count: ids.length,
      copyOid: (position, into, at) => oids.copyOid(ids[position]!, into, at),
      offsetAt: (position) => entries.offsets[oids.entries[ids[position]!]!]!,
      crcAt: (position) => entries.crcs[oids.entries[ids[position]!]!]!,
    },
    packSha,
  );
}

/**
 * Receives a pack from a body. What comes back is complete: no delta without its base, everything checked as
 * `git index-pack --strict` would; connectivity is the next step's matter (check-connectivity.ts).
 * Throws GitError for whatever is wrong with the pack, and whatever the spool or `readExternal` throw.
 */
export async function ingestPack(options: IngestOptions): Promise<IngestedPack> {
  const state = createIngestState(options);
  const { entries, oids } = state;
  if (options.sitting?.saved != null) await restoreState(state, options.sitting.saved);
  const openSource = openOnce(options.spool);
  const { trailer, receivedBytes } = await scanRest(state, options, openSource);
  options.onReceived?.();
  const packEnd = receivedBytes - PACK_TRAILER_BYTES;
  const thin = new ThinBases(state, options.readExternal);
  const unresolved = countUnresolved(state);
  if (unresolved > 0 || state.recorder.gitmodules.size > 0) {
    const source = await openSource();
    const left = await sweepDeltas(state, source, packEnd, unresolved);
    const windowed = createWindowedSource(source, { windowBytes: WINDOW_BYTES, cacheBytes: WINDOWS_BYTES });
    const loader = new ObjectLoader(state, windowed, packEnd, thin);
    // A go that did nothing so far doesn't end before it has done something.
    const isStuck = options.sitting?.saved?.head.trailer != null && left === unresolved;
    if (left > 0 && (isStuck || !state.isOver())) {
      await new DeltaResolver(state, loader, thin, left).resolveAll(options.announceExternal);
    }
    // The rest is a go of its own, unless bases were read from the repository, which aren't put aside.
    if (state.isOver() && thin.isEmpty) {
      await pause(state, options, { scannedBytes: packEnd, trailer: Buffer.from(trailer).toString("hex") });
    }
    await checkGitmodules(state, loader);
  }
  state.cache.release();
  const { live, endsAt } = thin.placeAfter(packEnd, (entry) => oids.entries[entries.ids[entry]!] === entry);
  const ids = new Int32Array(entries.count);
  let objectCount = 0;
  for (let entry = 0; entry < entries.count; entry++) {
    const id = entries.ids[entry]!;
    if (oids.entries[id] === entry) ids[objectCount++] = id;
  }
  const sorted = sortIds(oids, ids.subarray(0, objectCount));
  const encodeAppended = async function* () {
    for (const entry of live) yield await thin.encode(entry);
  };
  let packSha = trailer;
  if (live.length > 0) {
    const hash = createHash("sha1");
    await streamCompleted(await openSource(), objectCount, packEnd, encodeAppended, (bytes) => {
      hash.update(bytes);
    });
    packSha = hash.digest();
  }
  const idx = indexPack(state, sorted, packSha);
  const graph = buildPackGraph(state, sorted, packSha);
  releaseState(state);
  return {
    packSha: formatOid(packSha),
    objectCount,
    sizeBytes: endsAt + PACK_TRAILER_BYTES,
    idx,
    graph,
    appendedBases: live.map((entry) => thin.oid(entry)),
    async writePack(write) {
      const source = await openSource();
      if (live.length === 0) return streamRange(source, 0, receivedBytes, write);
      await streamCompleted(source, objectCount, packEnd, encodeAppended, write);
      await write(packSha);
    },
  };
}
