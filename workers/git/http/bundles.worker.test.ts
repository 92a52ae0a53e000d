// A large pack is offered as a bundle, and given out only while everything in it may be read.
import { env } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { packs, refs } from "../../../schema/tables/git.ts";
import { database } from "../../testing/fixtures.ts";
import { deleteRetiredPacks } from "../housekeeping/delete-packs.ts";
import { BUNDLE_PACK_BYTES_MIN } from "../limits.ts";
import { ZERO_OID } from "../object/oid.ts";
import { command, openTestRepository, push, request, type TestRepository } from "../testing/git-fixtures.ts";
import { made, makeCommit, makePack } from "../testing/git-requests.ts";
import { parseBundleHeader } from "../wire/bundle-header.ts";

const MAIN = "refs/heads/main";

/** Letters that deflate can't make much of, the same for the same length. */
function makeNoise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return String.fromCharCode(32 + ((state >>> 16) % 95));
  }).join("");
}

/** A commit whose pack has exactly this many bytes. */
function makeCommitOfSize(packBytes: number) {
  let length = packBytes;
  const noise = makeNoise(2 * packBytes);
  for (let tries = 0; tries < 1000; tries++) {
    const commit = makeCommit({ noise: noise.slice(0, length) });
    const pack = makePack(commit.objects);
    if (pack.length === packBytes) return { commit, pack };
    const off = packBytes - pack.length;
    length += Math.abs(off) > 8 ? off : Math.sign(off) * (1 + (tries % 3));
  }
  throw new Error(`no pack of ${packBytes} bytes was found`);
}

const first = makeCommitOfSize(BUNDLE_PACK_BYTES_MIN);
const next = makeCommit({ a: "next\n" }, [first.commit.oid], 60);
const other = makeCommit({ a: "other\n" });

async function findOffer(repository: TestRepository): Promise<string | null> {
  const { lines } = await command(repository, "bundle-uri", []);
  expect(lines.at(-1)).toBe("flush");
  if (lines.length === 1) return null;
  expect(lines.slice(0, 2)).toEqual(["bundle.version=1", "bundle.mode=all"]);
  return lines[2]?.replace(/^bundle\.base\.uri=/, "") ?? null;
}

async function openWithBundle(): Promise<{ repository: TestRepository; offer: string }> {
  const repository = await openTestRepository();
  await push(repository, [made(MAIN, first.commit.oid), made("refs/tags/t", first.commit.oid)], first.pack);
  const offer = await findOffer(repository);
  if (offer === null) throw new Error("no bundle is offered");
  return { repository, offer };
}

async function download(repository: TestRepository, offer: string, headers: Record<string, string> = {}) {
  const response = await request(repository, offer, { headers });
  return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
}

describe("a bundle", () => {
  let repository: TestRepository;
  let offer: string;
  beforeAll(async () => {
    ({ repository, offer } = await openWithBundle());
  });

  it("is the pack behind a head that names HEAD and the refs", async () => {
    const { response, bytes } = await download(repository, offer);
    expect(response.status).toBe(200);
    const { oid } = first.commit;
    const head = parseBundleHeader(bytes);
    expect(head?.refs).toEqual(["HEAD", MAIN, "refs/tags/t"].map((name) => ({ name, oid })));
    expect(Buffer.from(first.pack).equals(bytes.subarray(head?.packOffset))).toBe(true);
    expect(await findOffer(repository)).toBe(offer);
  });

  it("is given out in parts too, and not again to who has it", async () => {
    const { bytes } = await download(repository, offer);
    const headBytes = parseBundleHeader(bytes)?.packOffset ?? 0;
    for (const [start, end] of [
      [0, 5],
      [10, headBytes + 10],
      [headBytes, headBytes + 1],
      [bytes.length - 7, bytes.length],
    ] as const) {
      const part = await download(repository, offer, { range: `bytes=${start}-${end - 1}` });
      expect(part.response.status).toBe(206);
      expect(part.response.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${bytes.length}`);
      expect(Buffer.from(bytes.subarray(start, end)).equals(part.bytes)).toBe(true);
    }
    const beyond = await download(repository, offer, { range: `bytes=${bytes.length}-` });
    expect(beyond.response.status).toBe(416);
    const etag = (await download(repository, offer)).response.headers.get("etag") ?? "";
    expect((await download(repository, offer, { "if-none-match": etag })).response.status).toBe(304);
    const changed = await download(repository, offer, { range: "bytes=5-", "if-range": '"other"' });
    expect([changed.response.status, changed.bytes.length]).toEqual([200, bytes.length]);
  });

  it.each([
    ["another name", () => `${offer}x`],
    ["another head", () => offer.replace(/-.{40}/, `-${"0".repeat(40)}`)],
    ["another pack", () => offer.replace(/\/.{40}/, `/${"0".repeat(40)}`)],
  ])("isn't there under %s", async (_what, address) => {
    expect((await download(repository, address())).response.status).toBe(404);
  });
});

describe("a bundle is no longer", () => {
  it("given out once a ref that it needs is gone, and is again when it is back", async () => {
    const { repository, offer } = await openWithBundle();
    const { oid } = first.commit;
    await push(
      repository,
      [made(MAIN, next.oid)].map((move) => ({ ...move, before: oid })),
      makePack(next.objects),
    );
    // The branch has gone on; all of the bundle is still reached.
    expect((await download(repository, offer)).response.status).toBe(200);
    expect(await findOffer(repository)).toBe(offer);
    const gone = [
      { name: MAIN, before: next.oid, after: other.oid },
      { name: "refs/tags/t", before: oid, after: ZERO_OID },
    ];
    await push(repository, gone, makePack(other.objects));
    const { response, bytes } = await download(repository, offer);
    expect(response.status).toBe(404);
    expect(Buffer.from(bytes).toString()).toContain("no longer");
    expect(await findOffer(repository)).toBeNull();
    await push(repository, [made("refs/heads/back", oid)], makePack([]));
    expect((await download(repository, offer)).response.status).toBe(200);
  });

  it("there once its pack is deleted", async () => {
    const { repository, offer } = await openWithBundle();
    await database.query.delete(refs).where(eq(refs.repositoryId, repository.id));
    await database.query
      .update(packs)
      .set({ state: "retired", retiredAt: sql`now()` })
      .where(eq(packs.repositoryId, repository.id));
    expect((await download(repository, offer)).response.status).toBe(404);
    const options = { repositoryId: repository.id, keptMs: 0, takeoverMs: 0 };
    await deleteRetiredPacks({ bucket: env.OBJECTS, database }, options);
    const { objects } = await env.OBJECTS.list({ prefix: `repos/${repository.id}/` });
    expect(objects).toEqual([]);
  });
});

describe("no bundle is offered", () => {
  it("of nothing, nor of a pack one byte smaller than the least", async () => {
    const repository = await openTestRepository();
    expect(await findOffer(repository)).toBeNull();
    const { commit, pack } = makeCommitOfSize(BUNDLE_PACK_BYTES_MIN - 1);
    await push(repository, [made(MAIN, commit.oid)], pack);
    expect(await findOffer(repository)).toBeNull();
  });

  it("of a pack that holds what no ref reaches, before or after it was asked for", async () => {
    const repository = await openTestRepository();
    const both = makePack([...first.commit.objects, ...other.objects]);
    await push(repository, [made(MAIN, first.commit.oid), made("refs/heads/x", other.oid)], both);
    await push(repository, [{ name: "refs/heads/x", before: other.oid, after: ZERO_OID }], null);
    expect(await findOffer(repository)).toBeNull();
    const { objects } = await env.OBJECTS.list({ prefix: `repos/${repository.id}/` });
    expect(objects.filter(({ key }) => key.endsWith(".bundle"))).toEqual([]);
  });
});
