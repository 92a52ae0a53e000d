// Bundles: a stored pack with a head of refs before it, given out under an address that always means the same bytes.
// Invariant: a bundle is given only to who may read the repository, and only while all that is in it can be fetched too:
// its pack is exactly what the refs in its head reach (pack/plan-bundle.ts), and each of those must still be in sight.

import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { runInBackground } from "../../core/background.ts";
import { BUNDLE_PACK_BYTES_MIN } from "../limits.ts";
import type { Oid } from "../object/oid.ts";
import { NOT_HERE } from "../pack/pack-set.ts";
import { planBundle } from "../pack/plan-bundle.ts";
import type { StoredPack } from "../store/catalog.ts";
import { findInvisible } from "../store/find-invisible.ts";
import { bundleHeadKey, packKeys } from "../store/keys.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { openPacks } from "../store/pack-store.ts";
import { openBodies } from "../store/r2-pack.ts";
import { pageRefs } from "../store/refs.ts";
import { readSnapshot } from "../store/snapshot.ts";
import { formatBundleHeader, parseBundleHeader } from "../wire/bundle-header.ts";
import { type ByteRange, parseByteRange } from "./byte-range.ts";
import type { GitRepository } from "./dependencies.ts";
import { refuse } from "./git-response.ts";
import type { FetchContext } from "./open-fetch.ts";

const GONE = "There is no such bundle, or no longer: fetch from the repository itself.";

/** The address of a bundle, relative to the repository's; null when there is none that is worth it and may be given. */
export async function offerBundle(context: FetchContext): Promise<string | null> {
  const { bucket, database, repository } = context;
  const snapshot = await readSnapshot(database.query, repository.id);
  if (snapshot.packs.every(({ sizeBytes }) => sizeBytes < BUNDLE_PACK_BYTES_MIN)) return null;
  const packs = new RepositoryPacks(await openPacks(bucket, snapshot.packs));
  const pack = snapshot.packs.find(({ sha }) => sha === packs.set.members[0]?.index.packSha);
  if (pack === undefined || pack.sizeBytes < BUNDLE_PACK_BYTES_MIN) return null;
  const stored = await readHead(bucket, pack);
  const head = stored ?? (await makeHead(context, packs, pack));
  if (head === null) return null;
  if (stored !== null && !(await isInSight(context, snapshot.packs, listOids(head)))) return null;
  return `bundles/${nameBundle(pack.sha, head)}`;
}

function nameBundle(packSha: Oid, head: Uint8Array): string {
  return `${packSha}-${createHash("sha1").update(head).digest("hex")}.bundle`;
}

async function readHead(bucket: R2Bucket, { storageKey }: StoredPack): Promise<Uint8Array | null> {
  const object = await bucket.get(bundleHeadKey(storageKey));
  return object === null ? null : new Uint8Array(await object.arrayBuffer());
}

/** Makes the head of `pack`, the set's first, and stores it, unless another request was faster; null when it is no bundle. */
async function makeHead(
  { bucket, database, repository }: FetchContext,
  { set }: RepositoryPacks,
  pack: StoredPack,
): Promise<Uint8Array | null> {
  const refs: { name: string; number: number }[] = [];
  for await (const page of pageRefs(database.query, repository.id)) {
    for (const { name, oid } of page) {
      const number = set.find(oid);
      // Not of a ref that moved after the packs were listed.
      if (number === NOT_HERE) continue;
      if (name === `refs/heads/${repository.defaultBranch}`) refs.unshift({ name: "HEAD", number });
      refs.push({ name, number });
    }
  }
  const named = planBundle(set, refs);
  if (named === null) return null;
  const head = formatBundleHeader(named.map(({ name, number }) => ({ name, oid: set.oidAt(number) })));
  const put = await bucket.put(bundleHeadKey(pack.storageKey), head, { onlyIf: { etagDoesNotMatch: "*" } });
  return put === null ? readHead(bucket, pack) : head;
}

function listOids(head: Uint8Array): Oid[] {
  const parsed = parseBundleHeader(head);
  if (parsed === null) throw new Error("a stored head of a bundle has no end");
  return [...new Set(parsed.refs.map(({ oid }) => oid))];
}

/** Whether refs that the reader sees reach every one of these stored objects. */
async function isInSight(
  { bucket, database, repository }: FetchContext,
  packs: readonly StoredPack[],
  oids: readonly Oid[],
): Promise<boolean> {
  const { tips, version } = await readSnapshot(database.query, repository.id, { oids });
  const others = oids.filter((oid) => !tips.has(oid));
  if (others.length === 0) return true;
  const { set } = new RepositoryPacks(await openPacks(bucket, packs));
  const state = { repositoryId: repository.id, version, packs };
  return (await findInvisible(database.query, state, set, others)) === null;
}

interface Bundle {
  readonly head: Uint8Array;
  readonly pack: StoredPack;
  readonly sizeBytes: number;
}

async function findBundle(context: FetchContext, name: string): Promise<Bundle | null> {
  const { bucket, database, repository } = context;
  const [, packSha] = /^([0-9a-f]{40})-[0-9a-f]{40}\.bundle$/.exec(name) ?? [];
  if (packSha === undefined) return null;
  const { packs } = await readSnapshot(database.query, repository.id);
  const pack = packs.find(({ sha }) => sha === packSha);
  if (pack === undefined) return null;
  const head = await readHead(bucket, pack);
  if (head === null || nameBundle(packSha, head) !== name) return null;
  if (!(await isInSight(context, packs, listOids(head)))) return null;
  return { head, pack, sizeBytes: head.length + pack.sizeBytes };
}

/** Gives a bundle out, whole or in part. The caller has let the reader in. */
export async function serveBundle(
  context: Context<AppEnv>,
  repository: GitRepository,
  name: string,
): Promise<Response> {
  const bucket = context.get("env").objects;
  const bundle = await findBundle({ bucket, database: context.get("database"), repository }, name);
  if (bundle === null) return refuse(404, GONE);
  const { sizeBytes } = bundle;
  const etag = `"${name}"`;
  // Who may read it, and whether it may be read at all, is asked each time; its bytes never change.
  const headers = { ETag: etag, "Cache-Control": "private, no-cache", "Accept-Ranges": "bytes" };
  if (context.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const isSame = [undefined, etag].includes(context.req.header("if-range"));
  const range = isSame ? parseByteRange(context.req.header("range"), sizeBytes) : null;
  if (range === "unsatisfiable") {
    return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${sizeBytes}` } });
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  return new Response(await openBody(context, bundle, { start, end }), {
    status: range === null ? 200 : 206,
    headers: {
      ...headers,
      "Content-Type": "application/x-git-bundle",
      ...(range === null ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${sizeBytes}` }),
    },
  });
}

async function openBody(
  context: Context<AppEnv>,
  { head, pack: stored }: Bundle,
  { start, end }: ByteRange,
): Promise<ReadableStream> {
  const from = Math.max(start, head.length);
  const keys = packKeys(stored.storageKey, stored.sizeBytes);
  const { objects } = context.get("env");
  const bodies = openBodies(objects, keys, from - head.length, Math.max(0, end - from));
  const first = await bodies.next();
  const { readable, writable } = new FixedLengthStream(end - start);
  const send = async () => {
    const writer = writable.getWriter();
    await writer.write(head.subarray(start, end));
    writer.releaseLock();
    try {
      for (let body = first; !body.done; body = await bodies.next()) {
        await body.value.pipeTo(writable, { preventClose: true });
      }
    } catch (error) {
      await writable.abort(error);
      throw error;
    }
    await writable.close();
  };
  // The runtime pipes; whether the reader went away or R2 failed can't be told apart.
  runInBackground(context, "a bundle was cut short", send, "warn");
  return readable;
}
