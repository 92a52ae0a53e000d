// The state of a pack being received, put aside between two goes at it and taken up again. Invariant: what is restored
// is what was saved, but for the cache of bases, whose objects are made anew where they are wanted.
//
// A saved state is the length of its head (4 bytes, big-endian), the head as JSON, and columns of numbers in the order of
// `listColumns`, each as this machine orders bytes: little-endian wherever this runs.
import { z } from "zod";
import { GitError } from "../object/git-error.ts";
import type { PackedColumn } from "./entry-table.ts";
import { type IngestState, releaseState } from "./ingest-state.ts";
import type { IngestOptions, SavedHead, SavedIngest } from "./ingest-types.ts";
import { GRAPH_VERSION } from "./pack-graph.ts";
import type { RangeSource } from "./range-source.ts";

const LENGTH_BYTES = 4;
const HEAD_LIMIT_BYTES = 64 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** Thrown where a go at a pack has done its share: what it did is put aside, and another goes on. */
export class IngestPaused extends Error {
  override readonly name = "IngestPaused";
}

const headSchema = z.object({
  graphVersion: z.literal(GRAPH_VERSION),
  scannedBytes: z.number(),
  trailer: z.string().nullable(),
  inflatedBytes: z.number(),
  entries: z.number(),
  expected: z.number(),
  oids: z.number(),
  logBytes: z.number(),
  gitmodules: z.number(),
});

const listColumns = ({ entries, oids, log }: IngestState, gitmodules: PackedColumn): PackedColumn[] => [
  ...entries.columns(),
  ...oids.columns(),
  ...log.columns(),
  gitmodules,
];

const bytesOf = ({ buffer, byteOffset, byteLength }: PackedColumn) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Puts the state aside and gives its memory back. Always throws: IngestPaused, or what saving failed of. */
export async function pause(
  state: IngestState,
  { sitting }: Pick<IngestOptions, "sitting">,
  position: Pick<SavedHead, "scannedBytes" | "trailer">,
): Promise<never> {
  if (sitting === undefined) throw new Error("a pack that is received in one go is never put aside");
  const { entries, oids, log, recorder } = state;
  const gitmodules = Int32Array.from(recorder.gitmodules);
  const head: SavedHead = {
    graphVersion: GRAPH_VERSION,
    ...position,
    inflatedBytes: recorder.inflatedBytes,
    entries: entries.count,
    expected: entries.expected,
    oids: oids.count,
    logBytes: log.sizeBytes,
    gitmodules: gitmodules.length,
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const begin = new Uint8Array(LENGTH_BYTES + text.length);
  new DataView(begin.buffer).setUint32(0, text.length);
  begin.set(text, LENGTH_BYTES);
  const parts = [begin, ...listColumns(state, gitmodules)];
  const sizeBytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  state.cache.release();
  await sitting.save(sizeBytes, async (to) => {
    for (const part of parts) {
      const bytes = bytesOf(part);
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) await to(bytes.subarray(at, at + PIECE_BYTES));
    }
  });
  releaseState(state);
  throw new IngestPaused(`${entries.expected} objects are more than one go; it goes on`);
}

const versionSchema = z.object({ graphVersion: z.number().default(1) });

/**
 * Reads where a saved state goes on; null when the lists in it are of another format of the graph, so that the pack is to
 * be received from its beginning. Throws GitError `bad_pack` for what is no such state.
 */
export async function openSavedIngest(source: RangeSource): Promise<SavedIngest | null> {
  const length = await readHeadLength(source);
  const head: unknown = JSON.parse(new TextDecoder().decode(await source.read(LENGTH_BYTES, length)));
  if (versionSchema.parse(head).graphVersion !== GRAPH_VERSION) return null;
  return { source, head: headSchema.parse(head) };
}

async function readHeadLength(source: RangeSource): Promise<number> {
  const bytes = await source.read(0, LENGTH_BYTES);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length > HEAD_LIMIT_BYTES) throw new GitError("bad_pack", "a state that was put aside is damaged");
  return length;
}

/** Takes up the state that an earlier go put aside. `state` is fresh. */
export async function restoreState(state: IngestState, { source, head }: SavedIngest): Promise<void> {
  const { entries, oids, log, recorder } = state;
  entries.restore(head.entries, head.expected);
  oids.restore(head.oids);
  log.restore(head.logBytes);
  recorder.inflatedBytes = head.inflatedBytes;
  const gitmodules = new Int32Array(head.gitmodules);
  let from = LENGTH_BYTES + (await readHeadLength(source));
  for (const column of listColumns(state, gitmodules)) {
    const into = bytesOf(column);
    for (let at = 0; at < into.length; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, into.length - at);
      into.set(await source.read(from + at, length), at);
    }
    from += into.length;
  }
  if (from !== source.sizeBytes) throw new GitError("bad_pack", "a state that was put aside is damaged");
  oids.reindex();
  for (const id of gitmodules) recorder.gitmodules.add(id);
}
