// Graphs of an older format are made anew from their packs before anything is read of them. Invariant: what is stored as a
// rebuilt graph was made by receiving the stored pack once more, and only where that gave the pack's own name and index.
// A pack is immutable, so whoever is first stores what everybody else would have.
import { ForgeError } from "../../core/errors.ts";
import { GRAPH_REBUILT_IN_REQUEST_BYTES, GRAPH_REBUILT_IN_REQUEST_OBJECTS } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { ingestPack } from "../pack/ingest-pack.ts";
import { isOldGraph } from "../pack/pack-graph.ts";
import type { StoredPack } from "./catalog.ts";
import { rebuiltGraphKey } from "./keys.ts";
import { openStoredFile } from "./stored-file.ts";

/**
 * Until when one request of this isolate has the turn: each rebuild takes the memory of a push. A request that was cancelled
 * may never give its turn back, so a turn ends by itself.
 */
let turnEndsAtMs = 0;
const TURN_MS = 60_000;
const TURN_POLL_MS = 100;

/** After how long it is worth asking again for a repository that housekeeping is to rebuild. */
const ASK_AGAIN_MS = 60_000;

/**
 * The graph of a pack in the format of today: `stored` itself, or one that was made in its place, now or before.
 * Throws ForgeError `unavailable` where the pack is too large to be read in a request: housekeeping then does it.
 */
export async function readCurrentGraph(
  bucket: R2Bucket,
  pack: StoredPack,
  idx: Uint8Array,
  stored: Uint8Array,
): Promise<Uint8Array> {
  if (!isOldGraph(stored)) return stored;
  const rebuilt = await readRebuiltGraph(bucket, pack);
  if (rebuilt !== null) return rebuilt;
  if (
    pack.sizeBytes > GRAPH_REBUILT_IN_REQUEST_BYTES ||
    pack.objectCount > GRAPH_REBUILT_IN_REQUEST_OBJECTS
  ) {
    throw new ForgeError("unavailable", "This repository is being upgraded; try again in a few minutes.", {
      cause: new Error(`the graph of ${pack.storageKey} is of an old format`),
      retryAfterMs: ASK_AGAIN_MS,
    });
  }
  return rebuildGraph(bucket, pack, idx);
}

/** The graph that was made anew of a pack; null where none was. */
export async function readRebuiltGraph(bucket: R2Bucket, pack: StoredPack): Promise<Uint8Array | null> {
  const object = await bucket.get(rebuiltGraphKey(pack.storageKey));
  return object === null ? null : new Uint8Array(await object.arrayBuffer());
}

/**
 * Makes the graph of a pack of any size anew and stores it, unless somebody did meanwhile. Throws GitError when the pack is
 * damaged or `idx` isn't its index; nothing is stored then.
 */
export async function rebuildGraph(bucket: R2Bucket, pack: StoredPack, idx: Uint8Array): Promise<Uint8Array> {
  while (Date.now() < turnEndsAtMs) await new Promise((resolve) => setTimeout(resolve, TURN_POLL_MS));
  const endsAtMs = Date.now() + TURN_MS;
  turnEndsAtMs = endsAtMs;
  try {
    return (await readRebuiltGraph(bucket, pack)) ?? (await receiveAgain(bucket, pack, idx));
  } finally {
    // Another's turn, which began when this one had lasted too long, isn't ended.
    if (turnEndsAtMs === endsAtMs) turnEndsAtMs = 0;
  }
}

async function receiveAgain(bucket: R2Bucket, pack: StoredPack, idx: Uint8Array): Promise<Uint8Array> {
  const { file, problems } = await openStoredFile(bucket, pack);
  const [problem] = problems;
  if (file === null || problem !== undefined) {
    const details = problem ?? `${pack.storageKey} is not in R2`;
    throw new ForgeError("internal", "A pack of this repository can't be read.", {
      cause: new Error(details),
    });
  }
  const stream = file.stream(0);
  try {
    const {
      packSha,
      idx: made,
      graph,
    } = await ingestPack({
      body: stream.body,
      // It is where it would be spooled to.
      spool: { append: async () => undefined, source: async () => file },
      readExternal: async () => null,
    });
    if (packSha !== pack.sha || Buffer.compare(made, idx) !== 0) {
      throw new GitError("bad_index", `the index of ${pack.storageKey} isn't that of its pack`);
    }
    const key = rebuiltGraphKey(pack.storageKey);
    await bucket.put(key, graph, { onlyIf: { etagDoesNotMatch: "*" } });
    return graph;
  } finally {
    await stream.cancel();
  }
}
