// R2 failing at random, by a seed, while pushes are under way. Invariant: a push that fails leaves every ref
// where it was, one that is reported as landed has landed whole, and a retry succeeds.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, expect, it } from "vitest";
import { app } from "../../app.ts";
import { createPerson, makeRepository, type Person } from "../../testing/fixtures.ts";
import { encodeCommand, encodePush, makeCommit, makePack, readAnswer } from "../testing/git-requests.ts";
import { createRandom } from "../testing/seeded-history.ts";

const PUSHES = 60;
const FAILING_SHARE = 0.3;
const MAIN = "refs/heads/main";
const random = createRandom(2026);
let failures = 0;

/** A bucket of which some calls fail, before or after they did their work. */
const failingBucket = new Proxy(env.OBJECTS, {
  get(bucket, name) {
    const member: unknown = Reflect.get(bucket, name);
    if (typeof member !== "function") return member;
    return async (...args: unknown[]) => {
      const isFailing = random() < FAILING_SHARE;
      if (isFailing) failures++;
      if (isFailing && random() < 0.5) throw new Error(`R2 failed to ${String(name)}`);
      const result: unknown = await Reflect.apply(member, bucket, args);
      if (isFailing) throw new Error(`R2 failed after ${String(name)}`);
      return result;
    };
  },
});

let person: Person;
let address: string;
beforeAll(async () => {
  person = await createPerson();
  const { name } = await makeRepository(person);
  address = `http://plue.test/${person.username}/${name}.git/`;
});

async function send(service: string, body: BodyInit, bucket: R2Bucket) {
  const context = createExecutionContext();
  const headers = {
    authorization: `Basic ${btoa(`${person.username}:${person.token}`)}`,
    "content-type": `application/x-${service}-request`,
    "git-protocol": "version=2",
  };
  const request = new Request(address + service, { method: "POST", body, headers });
  const response = await app.fetch(request, { ...env, OBJECTS: bucket }, context);
  const bytes = new Uint8Array(await response.arrayBuffer());
  await waitOnExecutionContext(context);
  return { status: response.status, bytes };
}

async function readMain(): Promise<string | undefined> {
  const { bytes } = await send(
    "git-upload-pack",
    encodeCommand("ls-refs", [`ref-prefix ${MAIN}`]),
    env.OBJECTS,
  );
  return readAnswer(bytes).lines[0]?.split(" ")[0];
}

/** @returns whether the push was reported as landed */
async function push(body: BodyInit, bucket: R2Bucket): Promise<boolean> {
  const { status, bytes } = await send("git-receive-pack", body, bucket);
  if (status !== 200) return false;
  return readAnswer(readAnswer(bytes).data).lines.includes(`ok ${MAIN}`);
}

it("whatever R2 fails at, a push lands whole or not at all, and lands when tried again", async () => {
  let before = "0".repeat(40);
  let undone = 0;
  for (let at = 0; at < PUSHES; at++) {
    const parents = at === 0 ? [] : [before];
    const commit = makeCommit({ [`file-${at}`]: `${random()}\n` }, parents, at * 60);
    const body = encodePush([{ name: MAIN, before, after: commit.oid }], makePack(commit.objects));
    const landed = await push(body, failingBucket);
    const expected = landed ? commit.oid : before;
    expect(((await readMain()) ?? "flush").replace("flush", "0".repeat(40)), `push ${at}`).toBe(expected);
    if (!landed) {
      undone++;
      expect(await push(body, env.OBJECTS), `retry of push ${at}`).toBe(true);
    }
    before = commit.oid;
    const fetched = await send(
      "git-upload-pack",
      encodeCommand("fetch", [`want ${commit.oid}`, "done"]),
      env.OBJECTS,
    );
    // As many as were pushed: each push is a commit, a tree and a blob.
    const { data } = readAnswer(fetched.bytes);
    expect(new DataView(data.buffer, data.byteOffset).getUint32(8), `fetch ${at}`).toBe(3 * (at + 1));
  }
  expect(undone).toBeGreaterThan(0);
  expect(failures).toBeGreaterThan(undone / 2);
});
