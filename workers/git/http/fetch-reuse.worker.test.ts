// Equal questions: their plans and answers are used again, as long as nothing they follow from has changed, and for nobody
// who may not see them.
import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { eq, sql } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { accessTokens, users } from "../../../schema/tables/auth.ts";
import { repositories } from "../../../schema/tables/git.ts";
import { app } from "../../app.ts";
import { createPerson, database } from "../../testing/fixtures.ts";
import { keepHouseFully } from "../../testing/keep-house.ts";
import { type makeCommit, PushedRepository } from "../../testing/pushed-repository.ts";
import { ANSWERS_IN_MAKING_BYTES, REUSED_ANSWER_BYTES, REUSED_QUESTION_OIDS } from "../limits.ts";
import { type Oid, ZERO_OID } from "../object/oid.ts";
import { parsePackIndex } from "../pack/pack-index.ts";
import { findInvisible } from "../store/find-invisible.ts";
import { RepositoryPacks } from "../store/object-reader.ts";
import { openPacks } from "../store/pack-store.ts";
import { readSnapshot } from "../store/snapshot.ts";
import { encodeCommand, readAnswer } from "../testing/git-requests.ts";
import { ingestBytes } from "../testing/ingest-bytes.ts";
import { addFetchArgument, FetchRequestBuilder } from "../wire/fetch-request.ts";
import { PacketBuffer } from "../wire/pkt-line.ts";
import { AnswerRecorder, addressOf, findAnswer } from "./answer-cache.ts";
import { nameQuestion } from "./name-question.ts";

const MAIN = "refs/heads/main";

let repository: PushedRepository;
let first: ReturnType<typeof makeCommit>;

beforeEach(async () => {
  repository = await PushedRepository.create();
  first = await repository.commit("main", { "a.txt": "a\n" });
});

async function uploadPack(body: Uint8Array<ArrayBuffer>, version: 0 | 2, token?: string): Promise<Response> {
  const request = new Request(`http://plue.test${repository.path}.git/git-upload-pack`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/x-git-upload-pack-request",
      ...(version === 2 ? { "git-protocol": "version=2" } : {}),
      ...(token === undefined ? {} : { authorization: `Basic ${btoa(`x:${token}`)}` }),
    },
  });
  const context = createExecutionContext();
  const response = await app.fetch(request, env, context);
  // The answer goes on at the pace at which it is read, and is kept after that.
  const answer = await response.arrayBuffer();
  await waitOnExecutionContext(context);
  return new Response(answer, response);
}

interface Fetched {
  readonly status: number;
  readonly cache: string | null;
  readonly lines: readonly string[];
  /** Of the objects that came, sorted. */
  readonly oids: readonly Oid[];
}

async function readFetched(response: Response): Promise<Fetched> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const cache = response.headers.get("x-cache");
  if (response.status !== 200) return { status: response.status, cache, lines: [], oids: [] };
  const { lines, data, fatal } = readAnswer(bytes);
  expect(fatal).toBe("");
  if (data.length === 0) return { status: 200, cache, lines, oids: [] };
  const { idx, sizeBytes } = await ingestBytes(data);
  const index = parsePackIndex(idx, sizeBytes);
  const oids = Array.from({ length: index.count }, (_, position) => index.oidAt(position));
  return { status: 200, cache, lines, oids };
}

const ask = async (args: readonly string[], token?: string) =>
  readFetched(await uploadPack(encodeCommand("fetch", args), 2, token));

const clone = (token?: string) => ask([`want ${first.oid}`, "done"], token);
const sorted = (oids: readonly Oid[]) => [...oids].sort();

/** Asks until the answer is kept whole. */
async function askThrice(args: readonly string[]): Promise<void> {
  expect(
    await Promise.all([(await ask(args)).cache, (await ask(args)).cache, (await ask(args)).cache]),
  ).toEqual(["MISS", "PLAN", "HIT"]);
}

/** The address at which the answer to a clone is kept. */
async function findAddress(): Promise<string> {
  const builder = new FetchRequestBuilder();
  for (const line of [`want ${first.oid}`, "done"]) addFetchArgument(builder, line);
  const snapshot = await readSnapshot(database.query, repository.id, { oids: [first.oid] });
  const names = nameQuestion(snapshot, builder.build(), [], env.BUILD_VERSION);
  return addressOf(names?.answer ?? "");
}

describe("an equal question", () => {
  it("is answered by the plan that was made for it, then by the answer itself", async () => {
    const answers = [await clone(), await clone(), await clone(), await clone()];
    expect(answers.map(({ cache }) => cache)).toEqual(["MISS", "PLAN", "HIT", "HIT"]);
    for (const { oids, lines } of answers) {
      expect({ oids, lines }).toEqual({ oids: sorted(first.objects), lines: ["packfile", "flush"] });
    }
  });

  it.each([
    ["a depth", ["deepen 1"]],
    ["a date", ["deepen-since 1000000000"]],
    ["a filter", ["filter blob:none"]],
    ["tags", ["include-tag"]],
    ["a have", [`have ${"ab".repeat(20)}`]],
  ])("with %s is told from one without", async (_what, more) => {
    await askThrice([`want ${first.oid}`, "done"]);
    await askThrice([`want ${first.oid}`, ...more, "done"]);
  });

  it("in another form has the same plan", async () => {
    await askThrice([`want ${first.oid}`, "done"]);
    const question = [`want ${first.oid}`, "ofs-delta", "thin-pack", "no-progress", "done"];
    for (const cache of ["PLAN", "HIT"]) {
      expect(await ask(question)).toMatchObject({ cache, oids: sorted(first.objects) });
    }
  });

  it("is the same whatever the order of its wants and haves", async () => {
    const second = await repository.commit("other", { "b.txt": "b\n" });
    await askThrice([`want ${first.oid}`, `want ${second.oid}`, "done"]);
    expect((await ask([`want ${second.oid}`, `want ${first.oid}`, "done"])).cache).toBe("HIT");
  });

  it("by a ref's name is told what that is", async () => {
    await askThrice(["want-ref HEAD", "done"]);
    expect((await ask(["want-ref HEAD", "done"])).lines).toContain(`${first.oid} HEAD`);
    expect((await ask([`want-ref ${MAIN}`, "done"])).lines).toContain(`${first.oid} ${MAIN}`);
  });

  it("in protocol v0 is answered by the plan", async () => {
    const question = () => {
      const out = new PacketBuffer();
      out.line(`want ${first.oid} side-band-64k ofs-delta`);
      out.flush();
      out.line("done");
      return out.take();
    };
    for (const cache of ["MISS", "PLAN", "PLAN"]) {
      const fetched = await readFetched(await uploadPack(question(), 0));
      expect(fetched).toMatchObject({ cache, oids: sorted(first.objects) });
    }
  });

  it("of as many ids as may be is kept, and of one more isn't", async () => {
    const haves = Array.from(
      { length: REUSED_QUESTION_OIDS },
      (_, at) => `have ${at.toString(16).padStart(40, "f")}`,
    );
    const of = (count: number) => [`want ${first.oid}`, ...haves.slice(0, count), "done"];
    await askThrice(of(REUSED_QUESTION_OIDS - 1));
    expect((await ask(of(REUSED_QUESTION_OIDS))).cache).toBe("MISS");
    expect((await ask(of(REUSED_QUESTION_OIDS))).cache).toBe("MISS");
  });
});

describe("what has changed since", () => {
  it("by a push is answered anew", async () => {
    await askThrice([`want ${first.oid}`, "include-tag", "done"]);
    const second = await repository.commit("main", { "a.txt": "b\n" }, first.oid);
    expect(await ask([`want ${second.oid}`, "include-tag", "done"])).toMatchObject({ cache: "MISS" });
    expect(await ask([`want ${first.oid}`, "include-tag", "done"])).toMatchObject({
      cache: "MISS",
      oids: sorted(first.objects),
    });
  });

  it("by the loss of the only ref is refused", async () => {
    const second = await repository.commit("other", { "b.txt": "b\n" });
    const question = [`want ${second.oid}`, "done"];
    await askThrice(question);
    await repository.move("refs/heads/other", second.oid, ZERO_OID);
    expect(await ask(question)).toMatchObject({
      cache: null,
      lines: [`ERR upload-pack: not our ref ${second.oid}`],
    });
    await repository.move("refs/heads/again", ZERO_OID, second.oid);
    expect(await ask(question)).toMatchObject({ cache: "MISS", oids: sorted(second.objects) });
  });

  it("by housekeeping is answered from the new packs", async () => {
    const commits = [first, ...(await extend(4))];
    const question = [`want ${commits.at(-1)?.oid}`, "done"];
    await askThrice(question);
    await keepHouseFully(repository);
    const fetched = await ask(question);
    const all = new Set(commits.flatMap(({ objects }) => objects));
    expect(fetched).toMatchObject({ cache: "MISS", oids: sorted([...all]) });
  });
});

/** Pushes more commits to `main`, each in a pack of its own. */
async function extend(count: number) {
  const made = [];
  let tip = first.oid;
  for (let at = 0; at < count; at++) {
    const commit = await repository.commit("main", { [`f${at}`]: `${at}\n` }, tip);
    made.push(commit);
    tip = commit.oid;
  }
  return made;
}

describe("what refs reach", () => {
  const unaskable = new Proxy(database.query, {
    get: () => {
      throw new Error("Postgres was asked");
    },
  });

  it.each(["blob", "commit"] as const)("is walked for once, for a %s, until a ref moves", async (type) => {
    const dropped = await repository.commit("gone", { "b.txt": "b\n" });
    await repository.move("refs/heads/gone", dropped.oid, ZERO_OID);
    const oidIn = ({ objects }: typeof first) => (type === "blob" ? objects[0]! : objects.at(-1)!);
    const judge = async (query: typeof unaskable) => {
      const state = await readSnapshot(database.query, repository.id);
      const { set } = new RepositoryPacks(await openPacks(env.OBJECTS, state.packs));
      return findInvisible(query, state, set, [oidIn(first), oidIn(dropped)]);
    };
    await expect(judge(unaskable)).rejects.toThrow("Postgres was asked");
    expect(await judge(database.query)).toBe(oidIn(dropped));
    expect(await judge(unaskable)).toBe(oidIn(dropped));
    await repository.move("refs/heads/again", ZERO_OID, dropped.oid);
    await expect(judge(unaskable)).rejects.toThrow("Postgres was asked");
    expect(await judge(database.query)).toBeNull();
  });

  it("isn't kept where a ref moves while they are read", async () => {
    const state = await readSnapshot(database.query, repository.id);
    const { set } = new RepositoryPacks(await openPacks(env.OBJECTS, state.packs));
    await repository.commit("other", { "b.txt": "b\n" });
    expect(await findInvisible(database.query, state, set, [first.objects[0]!])).toBeNull();
    await expect(findInvisible(unaskable, state, set, [first.objects[0]!])).rejects.toThrow("asked");
  });
});

describe("who may no longer see it", () => {
  it("isn't given what is kept: the repository became private", async () => {
    await askThrice([`want ${first.oid}`, "done"]);
    await database.query
      .update(repositories)
      .set({ visibility: "private" })
      .where(eq(repositories.id, repository.id));
    expect(await clone()).toMatchObject({ status: 401, cache: null });
    const stranger = await createPerson();
    expect(await clone(stranger.token)).toMatchObject({ status: 404, cache: null });
    expect(await clone(repository.person.token)).toMatchObject({ status: 200, cache: "HIT" });
  });

  it("isn't given what is kept: the owner is suspended, the token revoked", async () => {
    const { id, token } = repository.person;
    await database.query
      .update(repositories)
      .set({ visibility: "private" })
      .where(eq(repositories.id, repository.id));
    for (const cache of ["MISS", "PLAN", "HIT"]) expect((await clone(token)).cache).toBe(cache);
    await database.query.update(users).set({ suspendedAt: sql`now()` }).where(eq(users.id, id));
    expect(await clone(token)).toMatchObject({ status: 401, cache: null });
    await database.query.update(users).set({ suspendedAt: null }).where(eq(users.id, id));
    expect((await clone(token)).cache).toBe("HIT");
    await database.query
      .update(accessTokens)
      .set({ revokedAt: sql`now()` })
      .where(eq(accessTokens.userId, id));
    expect(await clone(token)).toMatchObject({ status: 401, cache: null });
  });

  it("isn't given what is kept: the repository was deleted", async () => {
    await askThrice([`want ${first.oid}`, "done"]);
    await database.query.delete(repositories).where(eq(repositories.id, repository.id));
    expect(await clone(repository.person.token)).toMatchObject({ status: 404, cache: null });
  });
});

describe("an answer that was kept", () => {
  it("and has gone is made again, and kept again", async () => {
    await askThrice([`want ${first.oid}`, "done"]);
    await caches.default.delete(await findAddress());
    expect((await clone()).cache).toBe("PLAN");
    expect(await clone()).toMatchObject({ cache: "HIT", oids: sorted(first.objects) });
  });

  it.each([
    ["altered", (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte, at) => (at === 30 ? byte ^ 1 : byte))],
    ["cut short", (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, -1)],
    ["emptied", () => new Uint8Array(0)],
  ])("and was %s is noticed, removed and made again", async (_how, damage) => {
    await askThrice([`want ${first.oid}`, "done"]);
    const address = await findAddress();
    const found = await caches.default.match(address);
    const { headers } = found!;
    const bytes = new Uint8Array(await found!.arrayBuffer());
    await caches.default.put(address, new Response(damage(bytes), { headers }));
    expect(await findAnswer(address.split("/").at(-1) ?? "")).toBeNull();
    expect(await caches.default.match(address)).toBeUndefined();
    await caches.default.put(address, new Response(damage(bytes), { headers }));
    expect(await clone()).toMatchObject({ cache: "PLAN", oids: sorted(first.objects) });
    expect(await clone()).toMatchObject({ cache: "HIT", oids: sorted(first.objects) });
  });
});

describe("an answer in the making", () => {
  const client = { isGone: false, write: async () => undefined };

  it("is kept up to a size, and not past it", async () => {
    const recorder = new AnswerRecorder(client);
    await recorder.write(new Uint8Array(REUSED_ANSWER_BYTES - 1).fill(1));
    await recorder.write(new Uint8Array([2]));
    expect(recorder.take()?.subarray(-2)).toEqual(Uint8Array.of(1, 2));
    const larger = new AnswerRecorder(client);
    await larger.write(new Uint8Array(REUSED_ANSWER_BYTES));
    await larger.write(new Uint8Array(1));
    expect(larger.take()).toBeNull();
  });

  it("is given up where all of them take too much memory, and leaves room when it is done", async () => {
    const count = ANSWERS_IN_MAKING_BYTES / REUSED_ANSWER_BYTES;
    const record = async () => {
      const recorder = new AnswerRecorder(client);
      await recorder.write(new Uint8Array(REUSED_ANSWER_BYTES));
      return recorder;
    };
    const recorders = await Promise.all(Array.from({ length: count }, record));
    const late = await record();
    expect(late.take()).toBeNull();
    for (const recorder of recorders) expect(recorder.take()?.length).toBe(REUSED_ANSWER_BYTES);
    expect((await record()).take()?.length).toBe(REUSED_ANSWER_BYTES);
  });
});
