// Pushes: what is taken is there at once and altogether, what isn't leaves no trace, and the person is told why.
import { eq } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { outbox } from "../../../schema/tables/events.ts";
import { refOperations, refs, repositories } from "../../../schema/tables/git.ts";
import { database } from "../../testing/fixtures.ts";
import { ZERO_OID } from "../object/oid.ts";
import {
  command,
  NO_HOOKS,
  openTestRepository,
  post,
  push,
  readState,
  type TestRepository,
} from "../testing/git-fixtures.ts";
import { encodePush, made, makeCommit, makeObject, makePack, readAnswer } from "../testing/git-requests.ts";
import { PackBuilder } from "../testing/pack-builder.ts";
import { PacketBuffer } from "../wire/pkt-line.ts";

let repository: TestRepository;
beforeEach(async () => {
  repository = await openTestRepository();
});

const first = makeCommit({ a: "one\n" });
const second = makeCommit({ a: "two\n" }, [first.oid], 60);
const MAIN = "refs/heads/main";

async function pushFirst(): Promise<void> {
  await push(repository, [made(MAIN, first.oid)], makePack(first.objects));
}

describe("a push", () => {
  it("moves its refs, stores its pack, and writes operation and event in one go", async () => {
    const { report } = await push(repository, [made(MAIN, first.oid)], makePack(first.objects));
    expect(report).toEqual(["unpack ok", `ok ${MAIN}`, "flush"]);
    const state = await readState(repository);
    expect(state).toMatchObject({ refs: { [MAIN]: first.oid }, packs: 1, operations: 1, pushEvents: 1 });
    expect(state.keys).toEqual([expect.stringMatching(/^joined\/[0-9a-f-]{36}\.pack$/)]);
    const [operation] = await database.query
      .select()
      .from(refOperations)
      .where(eq(refOperations.repositoryId, repository.id));
    const changes = [{ name: MAIN, before: ZERO_OID, after: first.oid }];
    expect(operation).toMatchObject({ actorId: repository.actor.id, kind: "push", changes });
    const [event] = await database.query.select().from(outbox).where(eq(outbox.repositoryId, repository.id));
    expect(event?.payload).toEqual({ repositoryId: repository.id, operationId: operation?.id, changes });
    const [row] = await database.query.select().from(repositories).where(eq(repositories.id, repository.id));
    expect(row?.pushedAt).toBeInstanceOf(Date);
  });

  it("may point at what is there already, with an empty pack", async () => {
    await pushFirst();
    const { report } = await push(repository, [made("refs/heads/copy", first.oid)], makePack([]));
    expect(report).toEqual(["unpack ok", "ok refs/heads/copy", "flush"]);
    expect(await readState(repository)).toMatchObject({ packs: 1, operations: 2 });
  });

  it("that deletes a ref that isn't there is warned, and moves the others", async () => {
    await pushFirst();
    const nothing = { name: "refs/heads/none", before: ZERO_OID, after: ZERO_OID };
    const alone = await push(repository, [nothing], null);
    expect(alone.report).toEqual(["unpack ok", "ok refs/heads/none", "flush"]);
    expect(alone.told).toBe("warning: deleting a non-existent ref: refs/heads/none\n");
    const both = await push(repository, [nothing, made("refs/heads/x", first.oid)], makePack([]), "atomic");
    expect(both.report).toEqual(["unpack ok", "ok refs/heads/none", "ok refs/heads/x", "flush"]);
    expect((await readState(repository)).refs).toEqual({ [MAIN]: first.oid, "refs/heads/x": first.oid });
  });

  it("refuses a name that isn't UTF-8, by its bytes, and takes the others", async () => {
    await pushFirst();
    const rawName = Uint8Array.from(Buffer.from("refs/heads/caf\xe9", "latin1"));
    const body = Buffer.from(
      encodePush([made("refs/heads/cafX", first.oid), made("refs/heads/x", first.oid)], makePack([])),
    );
    body[body.indexOf("cafX") + 3] = 0xe9;
    const response = await post(repository, "git-receive-pack", Uint8Array.from(body));
    const { data } = readAnswer(new Uint8Array(await response.arrayBuffer()));
    expect(Buffer.from(data).includes(Buffer.from(rawName))).toBe(true);
    const report = readAnswer(data).lines;
    expect(report[1]).toMatch(/^ng refs\/heads\/caf. the name of a ref must be UTF-8$/);
    expect(report[2]).toBe("ok refs/heads/x");
  });

  it("tells its hooks' lines as text, whatever is in them", async () => {
    const lines = ["Plue: .plue/workflows/\u001b[2J\u202e.yaml\nremote: forged"];
    repository = { ...repository, hooks: async () => ({ ...NO_HOOKS, committed: async () => lines }) };
    const { told } = await push(repository, [made(MAIN, first.oid)], makePack(first.objects));
    expect(told).toBe("Plue: .plue/workflows/\\u001b[2J\\u202e.yaml\\u000aremote: forged\n");
  });

  it("shows what is wrong with a ref's name as text", async () => {
    const { report } = await push(
      repository,
      [made("refs/heads/\u001b[2J", first.oid)],
      makePack(first.objects),
    );
    expect(report.join()).toContain("funny refname");
    const answer = await command(repository, "ls-refs", ["\u001b[2J\u202e"]);
    expect(answer.lines).toEqual(["ERR ls-refs: unexpected line: '\\u001b[2J\\u202e'"]);
  });

  it("from a shallow clone whose history isn't there is told so", async () => {
    const out = new PacketBuffer();
    out.line(`shallow ${second.oid}`);
    const shallow = out.take();
    const body = Buffer.concat([shallow, encodePush([made(MAIN, second.oid)], makePack(second.objects))]);
    const response = await post(repository, "git-receive-pack", Uint8Array.from(body));
    const { data, progress } = readAnswer(new Uint8Array(await response.arrayBuffer()));
    expect(readAnswer(data).lines).toEqual(["unpack ok", `ng ${MAIN} shallow update not allowed`, "flush"]);
    expect(progress).toContain("run `git fetch --unshallow` first");
    expect((await readState(repository)).refs).toEqual({});
  });

  it("that deletes brings no pack", async () => {
    await pushFirst();
    await push(repository, [made("refs/heads/x", first.oid)], makePack([]));
    const deletion = { name: "refs/heads/x", before: first.oid, after: ZERO_OID };
    expect((await push(repository, [deletion], null)).report).toEqual([
      "unpack ok",
      "ok refs/heads/x",
      "flush",
    ]);
    expect((await readState(repository)).refs).toEqual({ [MAIN]: first.oid });
  });

  it("of an annotated tag notes what it finally names", async () => {
    const inner = makeObject(
      "tag",
      `object ${first.oid}\ntype commit\ntag v1\ntagger T <t@e> 1 +0000\n\nv1\n`,
    );
    const outer = makeObject("tag", `object ${inner.oid}\ntype tag\ntag v2\ntagger T <t@e> 1 +0000\n\nv2\n`);
    await push(repository, [made("refs/tags/v2", outer.oid)], makePack([outer, inner, ...first.objects]));
    const [row] = await database.query.select().from(refs).where(eq(refs.repositoryId, repository.id));
    expect(row).toMatchObject({ oid: outer.oid, peeled: first.oid });
  });

  it("of the same pack again is no second pack", async () => {
    await pushFirst();
    await push(repository, [made("refs/heads/again", first.oid)], makePack(first.objects));
    expect(await readState(repository)).toMatchObject({ packs: 1, refs: { "refs/heads/again": first.oid } });
  });

  it("may lean on objects of the repository for its deltas", async () => {
    await pushFirst();
    const [commit, tree, blob] = second.objects;
    const base = first.objects[2]!;
    const delta = Uint8Array.from([
      base.bytes.length,
      blob!.bytes.length,
      blob!.bytes.length,
      ...blob!.bytes,
    ]);
    const pack = new PackBuilder().add(commit!).add(tree!).add({ baseOid: base.oid, delta }).finish();
    const update = { name: MAIN, before: first.oid, after: second.oid };
    expect((await push(repository, [update], pack)).report).toEqual(["unpack ok", `ok ${MAIN}`, "flush"]);
  });
});

describe("a push that is refused", () => {
  const expectUntouched = async (before: object) => expect(await readState(repository)).toEqual(before);

  it.each([
    [
      "isn't the one that the pusher saw",
      { name: MAIN, before: second.oid, after: second.oid },
      "fetch first",
    ],
    ["is there although it was to be made", made(MAIN, second.oid), "fetch first"],
    ["has a name that git refuses", made("refs/heads/a..b", second.oid), "funny refname"],
    ["is the forge's own", made("refs/plue/x", second.oid), "refs/plue belongs to this site"],
    ["would lie below another", made(`${MAIN}/x`, second.oid), `'${MAIN}' exists; cannot create '${MAIN}/x'`],
    [
      "is a branch and its target no commit",
      made("refs/heads/t", second.tree),
      "a branch must point at a commit",
    ],
    ["has a target that isn't there", made("refs/heads/t", "ab".repeat(20)), "missing necessary objects"],
    [
      "is the default branch",
      { name: MAIN, before: first.oid, after: ZERO_OID },
      "deletion of the current branch prohibited",
    ],
  ])("as its ref %s moves nothing", async (_why, update, reason) => {
    await pushFirst();
    const before = await readState(repository);
    const pack = update.after === ZERO_OID ? null : makePack(second.objects);
    const { report } = await push(repository, [update], pack);
    expect(report).toEqual(["unpack ok", `ng ${update.name} ${reason}`, "flush"]);
    const after = await readState(repository);
    expect({ ...after, keys: [] }).toEqual({ ...before, keys: [] });
  });

  it("as one of its refs is moves the others, unless all were to move or none", async () => {
    await pushFirst();
    const stale = { name: MAIN, before: second.oid, after: second.oid };
    const updates = [made("refs/heads/new", first.oid), stale];
    const atomic = await push(repository, updates, makePack([]), "atomic");
    expect(atomic.report.slice(1, 3)).toEqual([
      "ng refs/heads/new atomic push failure",
      `ng ${MAIN} fetch first`,
    ]);
    expect((await readState(repository)).refs).toEqual({ [MAIN]: first.oid });
    const each = await push(repository, updates, makePack([]));
    expect(each.report.slice(1, 3)).toEqual(["ok refs/heads/new", `ng ${MAIN} fetch first`]);
  });

  it.each([
    ["the commit's tree", [0, 2], `tree ${second.tree} is missing; ${second.oid} needs it`],
    ["a file", [0, 1], `blob ${second.objects[2]?.oid} is missing; ${second.tree} needs it`],
  ])("as %s is missing says what, and leaves no trace", async (_what, kept, told) => {
    await pushFirst();
    const before = await readState(repository);
    const pack = makePack(kept.map((at) => second.objects[at]!));
    const answer = await push(repository, [{ name: MAIN, before: first.oid, after: second.oid }], pack);
    expect(answer.report).toEqual(["unpack ok", `ng ${MAIN} missing necessary objects`, "flush"]);
    expect(answer.told).toContain(told);
    await expectUntouched(before);
  });

  it("as it takes an object of the repository for what it isn't leaves no trace", async () => {
    await pushFirst();
    const before = await readState(repository);
    const commit = makeObject(
      "commit",
      `tree ${first.objects[2]?.oid}\nauthor A <a@e> 1 +0000\ncommitter A <a@e> 1 +0000\n\nm\n`,
    );
    const answer = await push(repository, [made("refs/heads/x", commit.oid)], makePack([commit]));
    expect(answer.told).toContain("is a blob, but is referenced as a tree");
    await expectUntouched(before);
  });

  const good = makePack(second.objects);
  it.each([
    ["isn't a pack", new TextEncoder().encode("GIF89a, surely not a pack"), "this isn't a pack"],
    ["is cut short", good.subarray(0, good.length - 30), "ends"],
    ["has a wrong hash", Uint8Array.from([...good.subarray(0, -1), good.at(-1)! ^ 1]), "checksum"],
    ["is followed by garbage", Uint8Array.from([...good, 1]), "garbage"],
    [
      "lacks a base",
      new PackBuilder().add({ baseOid: "12".repeat(20), delta: Uint8Array.from([1, 1, 1, 1]) }).finish(),
      "12121212",
    ],
    ["isn't there at all", new Uint8Array(0), "ends"],
  ])("as its pack %s says so, and leaves no trace", async (_what, pack, reason) => {
    await pushFirst();
    const before = await readState(repository);
    const { report } = await push(repository, [made("refs/heads/x", second.oid)], pack);
    expect(report[0]).toMatch(/^unpack (?!ok)/);
    expect(report[0]).toContain(reason);
    expect(report[1]).toBe("ng refs/heads/x unpacker error");
    await expectUntouched(before);
  });

  it("as a hook fails moves nothing, whether before the transaction or within it", async () => {
    for (const hooks of [
      async () => Promise.reject(new Error("not today")),
      async () => ({ ...NO_HOOKS, commit: async () => Promise.reject(new Error("not now")) }),
    ]) {
      repository.hooks = hooks;
      const { report } = await push(repository, [made(MAIN, first.oid)], makePack(first.objects));
      expect(report[0]).toMatch(/^unpack internal error, request [-0-9a-f]+$/);
      expect(report[1]).toBe(`ng ${MAIN} internal error`);
      expect(await readState(repository)).toMatchObject({ refs: {}, packs: 0, operations: 0, pushEvents: 0 });
    }
  });
});

describe("hooks", () => {
  it("see the objects of the new pack before anything moves, and speak to the person after it", async () => {
    await pushFirst();
    repository.hooks = async ({ objects, updates }) => {
      expect((await objects.readObject(second.oid))?.type).toBe("commit");
      expect(await objects.readHeader(first.oid)).toMatchObject({ type: "commit" });
      expect((await readState(repository)).refs).toEqual({ [MAIN]: first.oid });
      return {
        ...NO_HOOKS,
        commit: async (_transaction, _operationId, accepted) => expect(accepted).toEqual(updates),
        committed: async () => ["Plue: hello", "Plue: again"],
      };
    };
    const update = { name: MAIN, before: first.oid, after: second.oid };
    const { report, told } = await push(repository, [update], makePack(second.objects));
    expect(report).toEqual(["unpack ok", `ok ${MAIN}`, "flush"]);
    expect(told).toBe("Plue: hello\nPlue: again\n");
  });

  it("that fail once the refs have moved don't make a failure of the push", async () => {
    repository.hooks = async () => ({
      ...NO_HOOKS,
      committed: async () => Promise.reject(new Error("the queue is down")),
    });
    const { report, told } = await push(repository, [made(MAIN, first.oid)], makePack(first.objects));
    expect(report).toEqual(["unpack ok", `ok ${MAIN}`, "flush"]);
    expect(told).toMatch(/^warning: the push is in, but then: internal error/);
  });
});

describe("pushes at the same time", () => {
  it("to one ref: exactly one wins, the others are told to fetch first", async () => {
    await pushFirst();
    const rivals = Array.from({ length: 5 }, (_, at) => makeCommit({ a: `rival ${at}\n` }, [first.oid], at));
    const answers = await Promise.all(
      rivals.map(({ oid, objects }) =>
        push(repository, [{ name: MAIN, before: first.oid, after: oid }], makePack(objects)),
      ),
    );
    const lines = answers.map(({ report }) => report[1]).sort();
    expect(lines).toEqual([...Array(4).fill(`ng ${MAIN} fetch first`), `ok ${MAIN}`]);
    const winner = rivals[answers.findIndex(({ report }) => report[1] === `ok ${MAIN}`)];
    expect(await readState(repository)).toMatchObject({
      refs: { [MAIN]: winner?.oid },
      operations: 2,
      packs: 2,
    });
  });

  it("to different refs all land", async () => {
    const commits = Array.from({ length: 6 }, (_, at) => makeCommit({ a: `branch ${at}\n` }, [], at));
    const answers = await Promise.all(
      commits.map(({ oid, objects }, at) =>
        push(repository, [made(`refs/heads/b${at}`, oid)], makePack(objects)),
      ),
    );
    expect(answers.map(({ report }) => report[0])).toEqual(Array(6).fill("unpack ok"));
    expect(Object.values((await readState(repository)).refs).sort()).toEqual(
      commits.map(({ oid }) => oid).sort(),
    );
  });

  it("never leave two refs of which one lies below the other", async () => {
    const names = ["refs/heads/x", "refs/heads/x/y"];
    const answers = await Promise.all(
      names.map((name) => push(repository, [made(name, first.oid)], makePack(first.objects))),
    );
    expect(answers.filter(({ report }) => report[1]?.startsWith("ok"))).toHaveLength(1);
    expect(Object.keys((await readState(repository)).refs)).toHaveLength(1);
  });
});
