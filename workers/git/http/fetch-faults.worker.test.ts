// R2 failing at random, by a seed, while clones and fetches are answered. Invariant: an answer that looks whole to a
// client holds every object it should, and a good checksum; every other one is an error that the client sees.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, expect, it } from "vitest";
import { app } from "../../app.ts";
import { makeFaulty } from "../../testing/faulty-bucket.ts";
import { makeCommit, PushedRepository } from "../../testing/pushed-repository.ts";
import { PACK_CACHE_BYTES } from "../limits.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";
import type { PackMember } from "../pack/pack-set.ts";
import { packCache } from "../store/pack-cache.ts";
import { openSidecars } from "../store/pack-store.ts";
import { encodeCommand, readAnswer } from "../testing/git-requests.ts";
import { ingestBytes } from "../testing/ingest-bytes.ts";
import { createRandom } from "../testing/seeded-history.ts";

const FETCHES = 80;
const FAILING_SHARE = 0.04;
const MAIN = "refs/heads/main";
const random = createRandom(1973);

let repository: PushedRepository;
let requests: string[][];
let anyPack: PackMember;

/** Text that can't be compressed, and is stored whole. */
const makeNoise = (length: number) =>
  String.fromCharCode(...Array.from({ length }, () => 32 + Math.floor(random() * 95)));

/** A large commit, whose pack isn't kept in memory, and small ones. */
beforeAll(async () => {
  repository = await PushedRepository.create();
  const files = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`large-${at}`, makeNoise(30_000)]));
  const large = makeCommit(files);
  await repository.move(MAIN, ZERO_OID, large.oid, large.pack);
  const oids = [large.oid];
  for (let at = 0; at < 4; at++) {
    oids.push((await repository.commit("main", { [`small-${at}`]: `${at}\n` }, oids.at(-1)!)).oid);
  }
  anyPack = openSidecars(await ingestBytes(large.pack));
  const [first, tip] = [oids[0], oids.at(-1)];
  requests = [
    [`want ${tip}`, "done"],
    [`want ${tip}`, `have ${first}`, "done"],
    [`want ${first}`, "deepen 1", "done"],
    [`want ${tip}`, "filter blob:limit=1k", "done"],
  ];
});

/** Has the isolate forget what it knows of packs, like one that was just started. */
function forgetPacks(): void {
  for (let at = 0; at < 2; at++) {
    packCache.add(crypto.randomUUID(), { ...anyPack, bytes: null, costBytes: PACK_CACHE_BYTES / 2 });
  }
}

/** The ids that a fetch brings, sorted; or why the client knows that it failed. */
async function fetchObjects(
  request: string[],
  bucket: R2Bucket,
): Promise<{ oids: Oid[] } | { error: string }> {
  const context = createExecutionContext();
  const response = await app.fetch(
    new Request(`http://plue.test${repository.path}.git/git-upload-pack`, {
      method: "POST",
      body: encodeCommand("fetch", request),
      headers: {
        authorization: `Basic ${btoa(`x:${repository.person.token}`)}`,
        "content-type": "application/x-git-upload-pack-request",
        "git-protocol": "version=2",
      },
    }),
    { ...env, OBJECTS: bucket },
    context,
  );
  const body = await response.arrayBuffer().catch((error: unknown) => String(error));
  await waitOnExecutionContext(context);
  if (typeof body === "string") return { error: `cut short: ${body}` };
  if (response.status !== 200) return { error: `status ${response.status}` };
  const { data, fatal, lines } = readAnswer(new Uint8Array(body));
  const last = lines.at(-1);
  if (fatal !== "" || last?.startsWith("ERR ")) return { error: fatal || `${last}` };
  expect(last).toBe("flush");
  const { index } = openSidecars(await ingestBytes(data));
  return { oids: Array.from({ length: index.count }, (_, position) => index.oidAt(position)) };
}

it("whatever R2 fails at, a fetch is answered wholly or fails for the client to see", async () => {
  const expected = await Promise.all(requests.map((request) => fetchObjects(request, env.OBJECTS)));
  const counts = expected.map((answer) => ("oids" in answer ? answer.oids.length : answer.error));
  // 14 of the first commit and 3 of each other, less what is there, beyond the edge, or too large.
  expect(counts).toEqual([26, 12, 14, 14]);
  const { bucket, faults } = makeFaulty(env.OBJECTS, random, FAILING_SHARE);
  const errors: string[] = [];
  for (let at = 0; at < FETCHES; at++) {
    const which = at % requests.length;
    forgetPacks();
    // An equal question's answer would be kept, and need nothing of R2.
    const request = [`have ${at.toString(16).padStart(40, "e")}`, ...requests[which]!];
    const answer = await fetchObjects(request, bucket);
    if ("oids" in answer) {
      expect(answer, `fetch ${at}`).toEqual(expected[which]);
      continue;
    }
    errors.push(answer.error);
    // Nothing of what failed is kept: the same isolate answers as soon as R2 is well.
    expect(await fetchObjects(request, env.OBJECTS), answer.error).toEqual(expected[which]);
  }
  expect(errors.length).toBeGreaterThan(FETCHES / 10);
  expect(errors.length).toBeLessThan(FETCHES * 0.9);
  expect([...faults.keys()].sort()).toEqual(["body", "get"]);
  expect(errors.filter((error) => error.startsWith("internal error")).length).toBeGreaterThan(0);
});
