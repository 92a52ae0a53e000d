// Repositories as an older Worker left them: their graphs are of version 1, and wrong about trees of more than 64 entries
// that were stored as deltas.
import { env } from "cloudflare:test";
import { sql } from "drizzle-orm";
import { hashObject } from "../git/object/hash-object.ts";
import { type Oid, parseOid } from "../git/object/oid.ts";
import { ReferenceLog } from "../git/pack/reference-log.ts";
import { joinPack, splitSidecars } from "../git/store/joined-pack.ts";
import {
  createJoinedKey,
  createPiecesKey,
  createStorageKey,
  graphKey,
  indexKey,
  packKey,
  pieceKey,
} from "../git/store/keys.ts";
import { blob, encodeDelta, PackBuilder, text } from "../git/testing/pack-builder.ts";
import { database } from "./fixtures.ts";
import type { PushedRepository } from "./pushed-repository.ts";

const FILES = 100;
const PERSON = "A U Thor <author@example.com> 1790000000 +0000";

interface WideHistory {
  readonly pack: Uint8Array;
  readonly first: Oid;
  /** Its parent is the first; its tree is a delta of the first's, with one file less. */
  readonly second: Oid;
  /** The tree of the second. */
  readonly tree: Oid;
  readonly objects: readonly Oid[];
  /** What the second commit reaches without its parent. */
  readonly tip: readonly Oid[];
}

/** Two commits of a directory with 100 files, in one pack: the second removes one. */
export function makeWideHistory(label = ""): WideHistory {
  const builder = new PackBuilder();
  const blobs = Array.from({ length: FILES }, (_, at) => blob(`file ${at} ${label}\n`));
  for (const one of blobs) builder.add(one);
  const lines = blobs.map(({ oid }, at) =>
    Buffer.concat([text(`100644 f${String(at).padStart(3, "0")}\0`), parseOid(oid)]),
  );
  const removed = FILES / 2;
  const tree = Buffer.concat(lines);
  const smaller = Buffer.concat(lines.toSpliced(removed, 1));
  builder.add({ type: "tree", bytes: tree });
  const from = Buffer.concat(lines.slice(0, removed)).length;
  const to = from + lines[removed]!.length;
  const delta = encodeDelta(tree.length, smaller.length, [
    { copyAt: 0, length: from },
    { copyAt: to, length: tree.length - to },
  ]);
  builder.add({ baseEntry: FILES, delta });
  const commit = (bytes: Uint8Array): Oid => {
    builder.add({ type: "commit", bytes });
    return hashObject("commit", bytes);
  };
  const [treeOid, smallerOid] = [hashObject("tree", tree), hashObject("tree", smaller)];
  const people = `author ${PERSON}\ncommitter ${PERSON}\n`;
  const first = commit(text(`tree ${treeOid}\n${people}\none\n`));
  const second = commit(text(`tree ${smallerOid}\nparent ${first}\n${people}\ntwo\n`));
  const blobOids = blobs.map(({ oid }) => oid);
  return {
    ...{ pack: builder.finish(), first, second, tree: smallerOid },
    objects: [...blobOids, treeOid, smallerOid, first, second],
    tip: [...blobOids.toSpliced(removed, 1), smallerOid, second],
  };
}

function anchorsOf(log: ReferenceLog): Int32Array {
  const anchors: unknown = Reflect.get(log, "anchorIds");
  if (anchors instanceof Int32Array) return anchors;
  throw new Error("a reference log has no such field any more");
}

/** Runs `push` as a Worker that had the fault would have. */
export async function withOldCode(push: () => Promise<void>): Promise<void> {
  const { readTree } = ReferenceLog.prototype;
  ReferenceLog.prototype.readTree = function (this: ReferenceLog, at, listOf) {
    const before = anchorsOf(this);
    const ids = readTree.call(this, at, listOf);
    // The array that was taken before reading replaced it by a larger one.
    const isWhole = ids.buffer === anchorsOf(this).buffer;
    return isWhole && before !== anchorsOf(this) ? before.subarray(0, ids.length) : ids;
  };
  try {
    await push();
  } finally {
    ReferenceLog.prototype.readTree = readTree;
  }
}

export type PackLayout = "joined" | "apart" | "pieces";

/** Makes the stored packs of a repository those of version 1, under keys that no isolate knows. */
export async function storeAsOld(repository: PushedRepository, layout: PackLayout): Promise<void> {
  for (const { storageKey, sizeBytes, objectCount } of await repository.listPacks()) {
    const stored = new Uint8Array(await (await env.OBJECTS.get(packKey(storageKey)))!.arrayBuffer());
    const pack = stored.subarray(0, sizeBytes);
    const { idx, graph } = splitSidecars(stored.subarray(sizeBytes), objectCount);
    new DataView(graph.buffer, graph.byteOffset).setUint32(4, 1, true);
    const key = { joined: createJoinedKey, apart: createStorageKey, pieces: createPiecesKey }[layout](
      repository.id,
    );
    if (layout === "joined") {
      await env.OBJECTS.put(packKey(key), joinPack(pack, idx, graph));
    } else {
      await env.OBJECTS.put(layout === "pieces" ? pieceKey(key, 0) : packKey(key), pack);
      await env.OBJECTS.put(indexKey(key), idx);
      await env.OBJECTS.put(graphKey(key), graph);
    }
    await env.OBJECTS.delete(packKey(storageKey));
    await database.query.execute(
      sql`UPDATE packs SET storage_key = ${key}, graph_version = 1 WHERE storage_key = ${storageKey}`,
    );
  }
}
