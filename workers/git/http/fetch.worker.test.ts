// Fetches, line by line: what is negotiated, what may be seen, and what is sent.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refs } from "../../../schema/tables/git.ts";
import { database } from "../../testing/fixtures.ts";
import type { Oid } from "../object/oid.ts";
import { parsePackIndex } from "../pack/pack-index.ts";
import { command, openTestRepository, post, push, type TestRepository } from "../testing/git-fixtures.ts";
import {
  encodeCommand,
  made,
  makeCommit,
  makeObject,
  makePack,
  readAnswer,
} from "../testing/git-requests.ts";
import { ingestBytes } from "../testing/ingest-bytes.ts";
import { PacketBuffer } from "../wire/pkt-line.ts";

const MAIN = "refs/heads/main";
const chain = [makeCommit({ a: "0\n" })];
for (let at = 1; at < 5; at++) chain.push(makeCommit({ a: `${at}\n` }, [chain[at - 1]!.oid], at * 60));
const [c0, c1, c2, c3, c4] = chain as [Chained, Chained, Chained, Chained, Chained];
type Chained = (typeof chain)[number];
const tag = makeObject("tag", `object ${c4.oid}\ntype commit\ntag v1\ntagger T <t@e> 1 +0000\n\nv1\n`);
const secret = makeCommit({ a: "secret\n" }, [c0.oid], 1000);
const dropped = makeCommit({ a: "dropped\n" }, [c0.oid], 1000);
const unknown = "ef".repeat(20);

let repository: TestRepository;
beforeAll(async () => {
  repository = await openTestRepository();
  const all = chain.flatMap(({ objects }) => objects);
  await push(repository, [made(MAIN, c4.oid), made("refs/tags/v1", tag.oid)], makePack([...all, tag]));
  // Something that was pushed and then dropped again, and something of the forge's own.
  const more = makePack([...secret.objects, ...dropped.objects]);
  await push(repository, [made("refs/heads/gone", dropped.oid), made("refs/heads/own", secret.oid)], more);
  await push(repository, [{ name: "refs/heads/gone", before: dropped.oid, after: "0".repeat(40) }], null);
  await push(repository, [{ name: "refs/heads/own", before: secret.oid, after: "0".repeat(40) }], null);
  await database.query
    .insert(refs)
    .values({ repositoryId: repository.id, name: "refs/plue/own", oid: secret.oid });
});

/** The ids of the objects in a pack that is complete in itself. */
async function listPack(pack: Uint8Array): Promise<Oid[]> {
  const { idx, sizeBytes } = await ingestBytes(pack);
  const index = parsePackIndex(idx, sizeBytes);
  return Array.from({ length: index.count }, (_, position) => index.oidAt(position)).sort();
}

const oidsOf = (...commits: Chained[]) =>
  commits.flatMap(({ objects }) => objects.map(({ oid }) => oid)).sort();
const fetch = (...args: string[]) => command(repository, "fetch", args);

describe("ls-refs", () => {
  it("lists what is visible, with HEAD's branch and peeled tags", async () => {
    const { lines } = await command(repository, "ls-refs", ["peel", "symrefs", "unborn"]);
    expect(lines).toEqual([
      `${c4.oid} HEAD symref-target:${MAIN}`,
      `${c4.oid} ${MAIN}`,
      `${tag.oid} refs/tags/v1 peeled:${c4.oid}`,
      "flush",
    ]);
  });

  it("lists what begins with a prefix", async () => {
    const list = async (...prefixes: string[]) =>
      (
        await command(
          repository,
          "ls-refs",
          prefixes.map((prefix) => `ref-prefix ${prefix}`),
        )
      ).lines;
    expect(await list("refs/tags/")).toEqual([`${tag.oid} refs/tags/v1`, "flush"]);
    expect(await list("HEAD", "refs/heads/m")).toEqual([`${c4.oid} HEAD`, `${c4.oid} ${MAIN}`, "flush"]);
    expect(await list("refs/plue/")).toEqual(["flush"]);
  });

  it("names the branch that a new repository will have", async () => {
    const empty = await openTestRepository();
    expect((await command(empty, "ls-refs", ["symrefs", "unborn"])).lines).toEqual([
      `unborn HEAD symref-target:${MAIN}`,
      "flush",
    ]);
  });
});

describe("fetch", () => {
  it("sends all that a want reaches, and nothing else that is stored", async () => {
    const { lines, data, progress } = await fetch(`want ${c4.oid}`, "done");
    expect(lines).toEqual(["packfile", "flush"]);
    expect(progress).toBe(
      "Enumerating objects: 15, done.\nTotal 15 (delta 0), reused 15 (delta 0), pack-reused 15\n",
    );
    expect(await listPack(data)).toEqual(oidsOf(...chain));
  });

  it("names what is common, and waits while a want doesn't reach it", async () => {
    const { lines } = await fetch(`want ${c1.oid}`, `have ${c3.oid}`, `have ${unknown}`);
    expect(lines).toEqual(["acknowledgments", `ACK ${c3.oid}`, "flush"]);
    expect((await fetch(`want ${c1.oid}`, `have ${unknown}`)).lines).toEqual([
      "acknowledgments",
      "NAK",
      "flush",
    ]);
  });

  it("is ready once every want reaches something common, and sends what is new", async () => {
    const { lines, data } = await fetch(`want ${c4.oid}`, `have ${c2.oid}`, "no-progress");
    expect(lines).toEqual(["acknowledgments", `ACK ${c2.oid}`, "ready", "delim", "packfile", "flush"]);
    expect(await listPack(data)).toEqual(oidsOf(c3, c4));
  });

  it("acknowledges nothing after done", async () => {
    const { lines, data } = await fetch(`want ${c4.oid}`, `have ${c3.oid}`, "done");
    expect(lines).toEqual(["packfile", "flush"]);
    expect(await listPack(data)).toEqual(oidsOf(c4));
  });

  it("with wait-for-done only says what is common, wants or no", async () => {
    const { lines } = await fetch(`have ${c2.oid}`, `have ${unknown}`, "wait-for-done");
    expect(lines).toEqual(["acknowledgments", `ACK ${c2.oid}`, "flush"]);
  });

  it("of depth 1 says where history ends, and sends one commit", async () => {
    const { lines, data } = await fetch(`want ${c2.oid}`, "deepen 1", "done");
    expect(lines).toEqual(["shallow-info", `shallow ${c2.oid}`, "delim", "packfile", "flush"]);
    expect(await listPack(data)).toEqual(oidsOf(c2));
  });

  it("deepens: says what no longer is the end and what now is", async () => {
    const edge = [`shallow ${c3.oid}`, `have ${c4.oid}`];
    const { lines, data } = await fetch(`want ${c4.oid}`, ...edge, "deepen 4", "done");
    expect(lines.slice(0, 3)).toEqual(["shallow-info", `shallow ${c1.oid}`, `unshallow ${c3.oid}`]);
    expect(await listPack(data)).toEqual(oidsOf(c1, c2));
    const relative = await fetch(`want ${c4.oid}`, ...edge, "deepen 1", "deepen-relative", "done");
    expect(relative.lines.slice(0, 3)).toEqual(["shallow-info", `shallow ${c2.oid}`, `unshallow ${c3.oid}`]);
  });

  it("leaves out history by date and by ref", async () => {
    const since = await fetch(`want ${c4.oid}`, `deepen-since ${1_000_000_000 + 180}`, "done");
    expect(since.lines[1]).toBe(`shallow ${c3.oid}`);
    expect(await listPack(since.data)).toEqual(oidsOf(c3, c4));
    const not = await fetch(`want ${c4.oid}`, "deepen-not nothing", "done");
    expect(not.lines).toEqual(["ERR ambiguous deepen-not: nothing"]);
  });

  it("includes a tag of what it sends when asked to", async () => {
    const { data } = await fetch(`want ${c4.oid}`, "include-tag", "done");
    expect(await listPack(data)).toEqual([...oidsOf(...chain), tag.oid].sort());
  });

  it("filters", async () => {
    const { data } = await fetch(`want ${c4.oid}`, "filter tree:0", "done");
    expect(await listPack(data)).toEqual(chain.map(({ oid }) => oid).sort());
    expect((await fetch(`want ${c4.oid}`, "filter sparse:oid=x", "done")).lines).toEqual([
      "ERR filter 'sparse:oid=x' not supported; blob:none, blob:limit=<size>, tree:<depth> and combine: are",
    ]);
  });

  it("takes refs by name, HEAD among them, and says what they are", async () => {
    const { lines, data } = await fetch("want-ref HEAD", "want-ref refs/tags/v1", "done");
    expect(lines).toEqual([
      ...["wanted-refs", `${c4.oid} HEAD`, `${tag.oid} refs/tags/v1`, "delim", "packfile", "flush"],
    ]);
    expect(await listPack(data)).toEqual([...oidsOf(...chain), tag.oid].sort());
    for (const name of ["refs/heads/none", "refs/plue/own"]) {
      expect((await fetch(`want-ref ${name}`, "done")).lines).toEqual([`ERR unknown ref ${name}`]);
    }
  });

  it("puts its whole answer in bands when asked to, a refusal too", async () => {
    const { lines, data } = await fetch("sideband-all", `want ${c4.oid}`, `have ${c3.oid}`, "deepen 2");
    expect(lines).toEqual(["delim", "delim", "flush"]);
    const said = `acknowledgments\nACK ${c3.oid}\nready\nshallow-info\nshallow ${c3.oid}packfile\n`;
    expect(Buffer.from(data.subarray(0, said.length)).toString()).toBe(said);
    expect(await listPack(data.subarray(said.length))).toEqual(oidsOf(c4));
    const refused = await fetch("sideband-all", `want ${dropped.oid}`, "done");
    expect(refused).toMatchObject({ lines: ["flush"], fatal: `upload-pack: not our ref ${dropped.oid}` });
  });

  it("of nothing is answered with nothing", async () => {
    expect((await fetch()).lines).toEqual([]);
  });
});

describe("what may be asked for by id", () => {
  it.each([
    ["a ref's target", c4.oid],
    ["a tag", tag.oid],
    ["an ancestor", c1.oid],
    ["a tree", c1.tree],
    ["a file", c0.objects[2]!.oid],
  ])("is %s", async (_what, oid) => {
    expect((await fetch(`want ${oid}`, "done")).lines).toEqual(["packfile", "flush"]);
  });

  it.each([
    ["nobody has", unknown],
    ["only the forge's own refs reach", secret.oid],
    ["no ref reaches any more", dropped.oid],
    ["is a file of such a commit", dropped.objects[2]!.oid],
  ])("isn't what %s", async (_what, oid) => {
    const refusal = [`ERR upload-pack: not our ref ${oid}`];
    expect((await fetch(`want ${oid}`, "done")).lines).toEqual(refusal);
    expect((await fetch(`want ${c4.oid}`, `want ${oid}`, `have ${c0.oid}`)).lines).toEqual(refusal);
    expect((await command(repository, "object-info", ["size", `oid ${oid}`])).lines).toEqual([
      "size",
      `${oid} `,
      "flush",
    ]);
  });
});

describe("object-info", () => {
  it("tells sizes", async () => {
    const { lines } = await command(repository, "object-info", [
      "size",
      `oid ${c4.oid}`,
      `oid ${c0.objects[2]?.oid}`,
    ]);
    expect(lines).toEqual([
      "size",
      `${c4.oid} ${c4.objects[0]?.bytes.length}`,
      `${c0.objects[2]?.oid} 2`,
      "flush",
    ]);
  });

  it("names what was asked where no size is, and says nothing of nothing", async () => {
    const unknown = "ef".repeat(20);
    const ask = async (...args: string[]) => (await command(repository, "object-info", args)).lines;
    expect(await ask(`oid ${c4.oid}`, `oid ${unknown}`)).toEqual([c4.oid, unknown, "flush"]);
    expect(await ask("size", `oid ${unknown}`, `oid ${c4.oid}`)).toEqual([
      "size",
      `${unknown} `,
      `${c4.oid} ${c4.objects[0]?.bytes.length}`,
      "flush",
    ]);
    expect(await ask("size")).toEqual(["flush"]);
  });
});

describe("a request that is wrong", () => {
  it.each([
    ["an unknown command", encodeCommand("push", []), "ERR invalid command 'push'"],
    ["an unknown argument", encodeCommand("fetch", ["wont"]), "ERR fetch: unexpected line: 'wont'"],
    ["an argument of ls-refs", encodeCommand("ls-refs", ["x"]), "ERR ls-refs: unexpected line: 'x'"],
    ["an argument of bundle-uri", encodeCommand("bundle-uri", ["x"]), "ERR bundle-uri: unexpected line: 'x'"],
    [
      "an argument of object-info",
      encodeCommand("object-info", ["x"]),
      "ERR object-info: unexpected line: 'x'",
    ],
  ])("in %s is told so in the protocol", async (_what, body, expected) => {
    const answer = await post(repository, "git-upload-pack", body, { "git-protocol": "version=2" });
    expect(answer.status).toBe(200);
    expect(readAnswer(new Uint8Array(await answer.arrayBuffer())).lines).toEqual([expected]);
  });

  it("in its object format is told so", async () => {
    const out = new PacketBuffer();
    out.line("command=ls-refs");
    out.line("object-format=sha256");
    out.flush();
    const answer = await post(repository, "git-upload-pack", out.take(), { "git-protocol": "version=2" });
    expect(await answer.text()).toContain(
      "ERR mismatched object format: objects here are named by sha1, not sha256",
    );
  });

  it("as it ends too soon is told so", async () => {
    const whole = encodeCommand("fetch", [`want ${c4.oid}`, "done"]);
    const headers = { "git-protocol": "version=2" };
    const cut = await post(repository, "git-upload-pack", whole.slice(0, -4), headers);
    expect(await cut.text()).toContain("ERR protocol error: the request ends before its flush");
  });
});

describe("v0", () => {
  let out: PacketBuffer;
  beforeEach(() => {
    out = new PacketBuffer();
  });
  const send = async () =>
    readAnswer(new Uint8Array(await (await post(repository, "git-upload-pack", out.take())).arrayBuffer()));

  it("clones", async () => {
    out.line(`want ${c4.oid} side-band-64k ofs-delta`);
    out.flush();
    out.line("done");
    const { lines, data } = await send();
    expect(lines).toEqual(["NAK", "flush"]);
    expect(await listPack(data)).toEqual(oidsOf(...chain));
  });

  it("negotiates, says where history ends first, and sends bare data to a client without bands", async () => {
    out.line(`want ${c4.oid} multi_ack_detailed`);
    out.line("deepen 2");
    out.flush();
    out.line(`have ${c3.oid}`);
    out.flush();
    const { lines } = await send();
    expect(lines).toEqual([
      `shallow ${c3.oid}`,
      "flush",
      `ACK ${c3.oid} common`,
      `ACK ${c3.oid} ready`,
      "NAK",
    ]);
    out.line(`want ${c4.oid}`);
    out.flush();
    out.line(`have ${c3.oid}`);
    out.line("done");
    const bytes = new Uint8Array(await (await post(repository, "git-upload-pack", out.take())).arrayBuffer());
    const ack = `0031ACK ${c3.oid}\n`;
    expect(Buffer.from(bytes.subarray(0, ack.length)).toString()).toBe(ack);
    expect(await listPack(bytes.subarray(ack.length))).toEqual(oidsOf(c4));
  });

  it("refuses what no ref reaches", async () => {
    out.line(`want ${dropped.oid} side-band-64k`);
    out.flush();
    out.line("done");
    expect((await send()).lines).toEqual([`ERR upload-pack: not our ref ${dropped.oid}`]);
  });
});
