// What clients ask for is read as git reads it; what they may not ask for is refused in git's words.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COMBINED_FILTER_LIMIT,
  FILTER_NESTING_LIMIT,
  REF_PREFIX_LIMIT,
  REF_UPDATE_LIMIT,
} from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { parseCapabilityWords, parseProtocolVersion } from "./capabilities.ts";
import { expectsPack, type PushRequest, parsePushRequest } from "./command-list.ts";
import { addFetchArgument, type FetchRequest, FetchRequestBuilder } from "./fetch-request.ts";
import { parseFilterSpec } from "./filter-spec.ts";
import { matchesPrefixes, parseLsRefs } from "./ls-refs.ts";
import type { Packet } from "./pkt-line.ts";

const oid = (digit: string) => digit.repeat(40);
const ZERO = oid("0");
const words = fc.string({ unit: "grapheme-ascii", maxLength: 60 });

function throwsOnlyGitErrors(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(GitError);
  }
}

function parseFetch(...lines: string[]): FetchRequest {
  const builder = new FetchRequestBuilder();
  for (const line of lines) addFetchArgument(builder, line);
  return builder.build();
}

/** Gives lines one by one, as a body does. */
function give(...packets: (string | Packet)[]): () => Promise<Packet | null> {
  let at = 0;
  return async () => {
    const packet = packets[at++] ?? null;
    if (packet === null || packet === "flush" || packet === "delim") return packet;
    return typeof packet === "string" ? Buffer.from(`${packet}\n`) : packet;
  };
}

const parsePush = (...packets: (string | Packet)[]): Promise<PushRequest | null> =>
  parsePushRequest(give(...packets), () => undefined);

describe("capabilities", () => {
  it("are names with and without values, repeated ones in order", () => {
    const found = parseCapabilityWords(" thin-pack agent=git/2.39  symref=HEAD:a symref=b:c=d ");
    expect([...found]).toEqual([
      ["thin-pack", [""]],
      ["agent", ["git/2.39"]],
      ["symref", ["HEAD:a", "b:c=d"]],
    ]);
  });

  it("name the highest version that we know", () => {
    expect(parseProtocolVersion("version=2")).toBe(2);
    expect(parseProtocolVersion("version=1:version=2:version=7")).toBe(2);
    expect(parseProtocolVersion("version=1")).toBe(1);
    for (const header of [undefined, "", "version=3", "v2"]) expect(parseProtocolVersion(header)).toBe(0);
  });

  it("that are garbage are words all the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const count = text.split(" ").filter((word) => word !== "").length;
        expect([...parseCapabilityWords(text).values()].flat()).toHaveLength(count);
        expect([0, 1, 2]).toContain(parseProtocolVersion(text));
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

describe("ls-refs", () => {
  it("takes its arguments and refuses others", () => {
    expect(parseLsRefs(["peel", "symrefs", "unborn", "ref-prefix refs/heads/", "ref-prefix HEAD"])).toEqual({
      peel: true,
      symrefs: true,
      unborn: true,
      prefixes: ["refs/heads/", "HEAD"],
    });
    expect(() => parseLsRefs(["pell"])).toThrow("ls-refs: unexpected line: 'pell'");
  });

  it("lists everything when there are more prefixes than the limit, or an empty one", () => {
    const many = (count: number) => parseLsRefs(Array.from({ length: count }, (_, at) => `ref-prefix ${at}`));
    expect(many(REF_PREFIX_LIMIT).prefixes).toHaveLength(REF_PREFIX_LIMIT);
    expect(many(REF_PREFIX_LIMIT + 1).prefixes).toEqual([]);
    expect(parseLsRefs(["ref-prefix a", "ref-prefix "]).prefixes).toEqual([]);
    expect(matchesPrefixes("HEAD", [])).toBe(true);
    expect(matchesPrefixes("HEAD", ["refs/"])).toBe(false);
  });

  it("refuses garbage by a GitError", () => {
    const line = fc.oneof(
      words,
      fc.constantFrom("peel", "symrefs", "unborn", "ref-prefix ", "ref-prefix refs/"),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => throwsOnlyGitErrors(() => parseLsRefs(lines))),
      { seed: 9, numRuns: 500 },
    );
  });
});

describe("fetch arguments", () => {
  it("are read into one request", () => {
    const request = parseFetch(
      `want ${oid("a")}`,
      "want-ref refs/heads/main",
      `have ${oid("b")}`,
      `shallow ${oid("c")}`,
      "deepen 3",
      "deepen-relative",
      "filter blob:none",
      "thin-pack",
      "ofs-delta",
      "include-tag",
      "no-progress",
      "done",
    );
    expect(request).toEqual({
      wants: [oid("a")],
      wantRefs: ["refs/heads/main"],
      haves: [oid("b")],
      shallows: [oid("c")],
      deepen: { kind: "depth", depth: 3, isRelative: true },
      filter: { blobLimitBytes: 0, treeDepth: null },
      isDone: true,
      waitForDone: false,
      thinPack: true,
      ofsDelta: true,
      includeTag: true,
      noProgress: true,
      sideband: "64k",
      sidebandAll: false,
    });
  });

  it("may limit history by date and refs together, but not also by depth", () => {
    expect(parseFetch("deepen-since 1700000000", "deepen-not v1", "deepen-not v2").deepen).toEqual({
      kind: "revisions",
      sinceSeconds: 1_700_000_000,
      notRefs: ["v1", "v2"],
    });
    expect(() => parseFetch("deepen 1", "deepen-not v1")).toThrow("cannot be used together");
  });

  it.each([
    ["want nothing"],
    [`want ${oid("A")}`],
    [`have ${oid("a")} `],
    ["deepen 0"],
    ["deepen -1"],
    ["deepen-since tomorrow"],
    ["filter sparse:oid=main:.sparse"],
    ["toString"],
    ["hasOwnProperty x"],
    ["dune"],
  ])("refuse %j", (line) => {
    expect(() => parseFetch(line)).toThrow(GitError);
  });

  it("that are garbage end in a GitError", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.constantFrom("want ", "deepen ", "filter tree:"))), (lines) =>
        throwsOnlyGitErrors(() => parseFetch(...lines)),
      ),
      { seed: 4, numRuns: 500 },
    );
  });
});

describe("filters", () => {
  it.each([
    ["blob:none", 0, null],
    ["blob:limit=10", 10, null],
    ["blob:limit=2k", 2048, null],
    ["blob:limit=1M", 1024 ** 2, null],
    ["tree:0", null, 0],
    ["tree:3", null, 3],
    ["combine:blob:none+tree:2", 0, 2],
    ["combine:tree%3A4+blob%3Alimit%3D1k+tree:5", 1024, 4],
  ])("%s", (spec, blobLimitBytes, treeDepth) => {
    expect(parseFilterSpec(spec)).toEqual({ blobLimitBytes, treeDepth });
  });

  it.each([
    "",
    "blob",
    "blob:limit=",
    "blob:limit=-1",
    "tree:x",
    "object:type=tree",
    "combine:",
    "combine:%zz",
  ])("refuse %j", (spec) => {
    expect(() => parseFilterSpec(spec)).toThrow(GitError);
  });

  it("combine up to the limit, and no further", () => {
    const combine = (count: number) => parseFilterSpec(`combine:${Array(count).fill("tree:1").join("+")}`);
    expect(combine(COMBINED_FILTER_LIMIT).treeDepth).toBe(1);
    expect(() => combine(COMBINED_FILTER_LIMIT + 1)).toThrow("more than 16 filters are combined");
  });

  it("combine combinations, as many filters in all and as deep as the limits", () => {
    const nest = (depth: number, inner: string): string =>
      depth === 0 ? inner : nest(depth - 1, `combine:${encodeURIComponent(inner)}`);
    const both = { blobLimitBytes: 5, treeDepth: 2 };
    expect(parseFilterSpec(nest(FILTER_NESTING_LIMIT - 1, "combine:tree:2+blob:limit=5"))).toEqual(both);
    expect(() => parseFilterSpec(nest(FILTER_NESTING_LIMIT + 1, "tree:1"))).toThrow(
      "nested more than 4 deep",
    );
    expect(() => parseFilterSpec(`${"combine:".repeat(8000)}tree:1`)).toThrow("nested more than 4 deep");
    const some = `combine:${encodeURIComponent(
      `combine:${Array(COMBINED_FILTER_LIMIT / 2)
        .fill("tree:1")
        .join("+")}`,
    )}`;
    const half = some.slice("combine:".length);
    expect(parseFilterSpec(`combine:${half}+${half}`).treeDepth).toBe(1);
    expect(() => parseFilterSpec(`combine:${half}+${half}+tree:2`)).toThrow("more than 16 filters");
  });

  it("that are garbage end in a GitError", () => {
    const part = fc.oneof(
      words,
      fc.constantFrom("combine:", "+", "blob:limit=", "tree:", "%2B", "%", "1k", "99999999999999999999"),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) =>
        throwsOnlyGitErrors(() => parseFilterSpec(parts.join(""))),
      ),
      { seed: 7, numRuns: 1000 },
    );
  });
});

describe("a push's commands", () => {
  const first = `${ZERO} ${oid("a")} refs/heads/main\0report-status side-band-64k`;

  it("are refs with their old and new ids, after any shallow lines", async () => {
    const push = await parsePush(`shallow ${oid("f")}`, first, `${oid("b")} ${ZERO} refs/tags/a b`, "flush");
    expect(push?.updates).toEqual([
      { name: "refs/heads/main", before: ZERO, after: oid("a") },
      { name: "refs/tags/a b", before: oid("b"), after: ZERO },
    ]);
    expect(push?.capabilities.has("side-band-64k")).toBe(true);
    expect(push?.options).toEqual([]);
  });

  it("bring a pack unless all of them delete", async () => {
    const deletion = await parsePush(`${oid("b")} ${ZERO} refs/heads/x\0`, "flush");
    const mixed = await parsePush(first, `${oid("b")} ${ZERO} refs/heads/x`, "flush");
    expect([deletion, mixed].map((push) => push !== null && expectsPack(push))).toEqual([false, true]);
  });

  it("are none in git's probe of the connection", async () => {
    expect(await parsePush("flush")).toBeNull();
    expect(await parsePush()).toBeNull();
  });

  it("have options behind them where the client says so", async () => {
    const push = await parsePush(`${first} push-options`, "flush", "ci.skip", "a=b c", "flush");
    expect(push?.options).toEqual(["ci.skip", "a=b c"]);
  });

  it.each([
    ["no flush", [first]],
    ["an upper-case id", [`${ZERO} ${oid("A")} refs/heads/main\0`, "flush"]],
    ["no name", [`${ZERO} ${oid("a")} \0`, "flush"]],
    ["a pack instead", ["PACK", "flush"]],
    ["options that don't end", [`${first} push-options`, "flush", "x"]],
  ])("are refused with %s", async (_what, packets) => {
    await expect(parsePush(...packets)).rejects.toThrow(GitError);
  });

  it("are refused from a client whose objects have other names", async () => {
    await expect(parsePush(`${first} object-format=sha256`, "flush")).rejects.toThrow(
      "named by sha1, not sha256",
    );
    expect((await parsePush(`${first} object-format=sha1`, "flush"))?.updates).toHaveLength(1);
  });

  it("may be as many as the limit, and none more", async () => {
    const line = `${ZERO} ${oid("a")} refs/heads/x`;
    const lines = (count: number) => Array<string>(count).fill(line);
    expect((await parsePush(...lines(REF_UPDATE_LIMIT), "flush"))?.updates).toHaveLength(REF_UPDATE_LIMIT);
    await expect(parsePush(...lines(REF_UPDATE_LIMIT + 1), "flush")).rejects.toThrow("at most 20000 refs");
  });

  it("may have many and long options, of any bytes", async () => {
    const head = `${first} push-options`;
    const options = Array<string>(1000).fill("x".repeat(60_000));
    expect((await parsePush(head, "flush", ...options, "flush"))?.options).toEqual(options);
    const bytes = Buffer.from("caf\xe9=1", "latin1");
    expect((await parsePush(head, "flush", bytes, "flush"))?.options).toEqual(["caf\ufffd=1"]);
  });

  it("keep the bytes of a name that isn't UTF-8, and read the others", async () => {
    const command = (name: Buffer) => Buffer.concat([Buffer.from(`${ZERO} ${oid("a")} refs/heads/`), name]);
    const push = await parsePush(
      first,
      command(Buffer.from("caf\xe9\n", "latin1")),
      command(Buffer.from("é")),
      "flush",
    );
    expect(
      push?.updates.slice(1).map(({ name, rawName }) => [name, rawName && Buffer.from(rawName)]),
    ).toEqual([
      ["refs/heads/caf\ufffd", Buffer.from("refs/heads/caf\xe9", "latin1")],
      ["refs/heads/é", undefined],
    ]);
  });

  it("name the commits where a shallow clone ends", async () => {
    const push = await parsePush(`shallow ${oid("b")}`, `shallow ${oid("c")}`, first, "flush");
    expect([...(push?.shallows ?? [])]).toEqual([oid("b"), oid("c")]);
  });

  it("tell the client's capabilities even when a later line is garbage", async () => {
    const heard: string[] = [];
    const parsing = parsePushRequest(give(first, "garbage", "flush"), (found) => heard.push(...found.keys()));
    await expect(parsing).rejects.toThrow(GitError);
    expect(heard).toEqual(["report-status", "side-band-64k"]);
  });

  it("that are garbage end in a GitError", async () => {
    const packet = fc.oneof(
      words,
      fc.constantFrom("flush", "delim", first),
      fc.uint8Array({ maxLength: 100 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(packet), async (packets) => {
        await parsePush(...packets).catch((error: unknown) => expect(error).toBeInstanceOf(GitError));
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
