// Ids, hashes and the parsers of commits, trees and tags: against real git, and against anything.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { text } from "../testing/pack-builder.ts";
import { createRepository } from "../testing/real-git.ts";
import { writeHistory } from "../testing/seeded-history.ts";
import { GitError } from "./git-error.ts";
import { hashObject, hashObjectInto, startObjectHash } from "./hash-object.ts";
import { objectTypeCode, objectTypeName, parseObjectType } from "./object-type.ts";
import { compareOidBytes, decodeHexOid, formatOid, isOid, parseOid, ZERO_OID } from "./oid.ts";
import { parseCommit } from "./parse-commit.ts";
import { parseTag } from "./parse-tag.ts";
import { parseTree, treeEntryKind } from "./parse-tree.ts";

const oidBytes = fc.uint8Array({ minLength: 20, maxLength: 20 });

describe("an id", () => {
  it("is the same in both forms", () => {
    fc.assert(
      fc.property(oidBytes, oidBytes, (a, b) => {
        const oid = formatOid(a);
        expect(oid).toBe(Buffer.from(a).toString("hex"));
        expect(parseOid(oid)).toEqual(a);
        const into = new Uint8Array(22);
        expect(decodeHexOid(text(`-${oid.toUpperCase()}`), 1, into, 2)).toBe(true);
        expect(into.subarray(2)).toEqual(a);
        expect(Math.sign(compareOidBytes(a, 0, b, 0))).toBe(Buffer.compare(a, b));
      }),
      { seed: 1 },
    );
  });

  it("is 40 lowercase digits, and nothing else", () => {
    expect(isOid(ZERO_OID)).toBe(true);
    for (const wrong of ["", "0".repeat(39), "0".repeat(41), "A".repeat(40), "g".repeat(40)]) {
      expect(isOid(wrong)).toBe(false);
      expect(() => parseOid(wrong)).toThrow(GitError);
      expect(decodeHexOid(text(wrong), 0, new Uint8Array(20))).toBe(
        wrong.length >= 40 && !wrong.startsWith("g"),
      );
    }
  });
});

describe("a hash", () => {
  it("is git's for every length around a block's", () => {
    const out = new Uint8Array(20);
    for (const length of [...Array(200).keys(), 600, 639, 640, 641, 5000, 100_000]) {
      const bytes = Uint8Array.from({ length: length + 5 }, (_, i) => i * 7);
      const object = bytes.subarray(3, 3 + length);
      const expected = createHash("sha1").update(`tree ${length}\0`).update(object).digest("hex");
      hashObjectInto(2, bytes, 3, 3 + length, out, 0);
      expect(formatOid(out)).toBe(expected);
      expect(hashObject("tree", object)).toBe(expected);
      expect(startObjectHash("tree", length).update(object).digest("hex")).toBe(expected);
    }
  });

  it("knows the types by name and number", () => {
    for (const type of ["commit", "tree", "blob", "tag"] as const) {
      expect(objectTypeName(objectTypeCode(type))).toBe(type);
      expect(parseObjectType(type)).toBe(type);
    }
    expect(parseObjectType("thing")).toBeNull();
    expect(() => objectTypeName(5)).toThrow(GitError);
  });
});

describe("objects of real git", () => {
  const repository = createRepository();
  writeHistory(repository, 21, 30);

  it("are parsed to what git shows", () => {
    const format = "%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ct%x00%B%x01";
    for (const entry of repository
      .git(["log", `--format=%H%x00${format}`, "main"])
      .toString()
      .split("\x01\n")) {
      if (entry === "") continue;
      const [oid, tree, parents, name, email, authored, committer, committed, body] = entry.split("\0");
      const commit = parseCommit(repository.git(["cat-file", "commit", oid!]));
      expect(commit).toMatchObject({
        tree,
        parents: parents === "" ? [] : parents!.split(" "),
        author: { name, email, timeSeconds: Number(authored), zoneMinutes: 120 },
        committer: { name: committer, timeSeconds: Number(committed), zoneMinutes: -210 },
      });
      expect(commit.message.trimEnd()).toBe(body!.trimEnd());
    }
    for (const oid of repository.text(["log", "--format=%T", "main"]).split("\n")) {
      const listed = repository.git(["ls-tree", "-z", oid]).toString("latin1");
      const ours = parseTree(repository.git(["cat-file", "tree", oid])).map(({ mode, name, oid }) => {
        const kind = treeEntryKind(mode);
        const type = kind === "gitlink" ? "commit" : kind;
        return `${mode.toString(8).padStart(6, "0")} ${type} ${oid}\t${Buffer.from(name).toString("latin1")}\0`;
      });
      expect(ours.join("")).toBe(listed);
    }
    const tag = parseTag(repository.git(["cat-file", "tag", "v1-again"]));
    expect(tag).toMatchObject({ targetType: "tag", name: "v1-again", message: "again\n" });
    expect(tag.tagger?.timeSeconds).toBe(1_700_000_000);
    expect(tag.target).toBe(repository.text(["rev-parse", "v1"]));
  });

  it("keep their other headers", () => {
    const ident = "A <a@example.com> 1 +0000";
    const commit = parseCommit(
      text(
        `tree ${ZERO_OID}\nauthor ${ident}\ncommitter ${ident}\nencoding ISO-8859-1\ngpgsig one\n two\n three\nchange-id kxyz\n\nm`,
      ),
    );
    expect(commit.extraHeaders).toEqual([
      ["encoding", "ISO-8859-1"],
      ["gpgsig", "one\ntwo\nthree"],
      ["change-id", "kxyz"],
    ]);
    const latin = Buffer.from(`tree ${ZERO_OID}\nencoding latin1\n\ncaf\xe9`, "latin1");
    expect(parseCommit(latin).message).toBe("café");
  });

  it.each([
    ["ISO-8859-2", [0xb3], "ł"],
    ["ISO-2022-JP", [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42], "あ"],
    ["EUC-JP", [0xa4, 0xa2], "あ"],
    ["Shift_JIS", [0x82, 0xa0], "あ"],
    ["GB18030", [0xc4, 0xe3], "你"],
    ["CP932", [0x82, 0xa0], "あ"],
    ["KOI8-R", [0xc1], "а"],
    ["windows-1251", [0xe0], "а"],
    ["UTF-16", [0xc3, 0xa9], "é"],
    ["no-such-encoding", [0xc3, 0xa9], "é"],
  ])("are decoded from the encoding they name: %s", (encoding, bytes, decoded) => {
    const ident = Buffer.concat([text("A "), Uint8Array.from(bytes), text(" <a@example.com> 1 +0000\n")]);
    const commit = Buffer.concat([
      ...[text(`tree ${ZERO_OID}\nauthor `), ident, text("committer "), ident],
      ...[text(`encoding ${encoding}\n\n`), Uint8Array.from(bytes)],
    ]);
    const { author, committer, message } = parseCommit(commit);
    expect([author.name, committer.name, message]).toEqual([`A ${decoded}`, `A ${decoded}`, decoded]);
  });
});

it.each([
  ["commit", parseCommit],
  ["tree", parseTree],
  ["tag", parseTag],
] as const)("any bytes are a %s or a GitError", (type, parse) => {
  const prefix = { commit: `tree ${ZERO_OID}\n`, tree: "100644 a", tag: `object ${ZERO_OID}\ntype tag\n` }[
    type
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, prefixed) => {
      try {
        parse(prefixed ? Buffer.concat([text(prefix), bytes]) : bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(GitError);
      }
    }),
    { seed: 2, numRuns: 2000 },
  );
});
