// What a push may hold is judged as `git index-pack --strict` judges it, but for what Plue tolerates of old histories
// (STRICT_INDEX_PACK); the few places where newer git is stricter than older git are listed apart.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PackBuilder, text } from "../testing/pack-builder.ts";
import { createRepository, STRICT_INDEX_PACK } from "../testing/real-git.ts";
import { checkCommit, checkTag } from "./check-object.ts";
import { checkTree } from "./check-tree.ts";
import { GitError } from "./git-error.ts";
import type { ObjectType } from "./object-type.ts";

const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
const IDENT = "A U Thor <a@example.com> 1700000000 +0100";

function check(type: ObjectType, bytes: Uint8Array): string | null {
  // Surrounded by other bytes, which must not be looked at.
  const around = Buffer.concat([Buffer.from("\n\0x"), bytes, Buffer.from("\0\n\ntree ")]);
  const end = 3 + bytes.length;
  try {
    if (type === "commit") checkCommit(around, 3, end);
    else if (type === "tag") checkTag(around, 3, end);
    else checkTree(around, 3, end, { visitEntry: () => undefined });
    return null;
  } catch (error) {
    if (error instanceof GitError) return error.message;
    throw error;
  }
}

/** Whether `git index-pack --strict` takes a pack of the object with an empty tree and an empty blob. */
function gitAccepts(type: ObjectType, bytes: Uint8Array): boolean {
  const pack = new PackBuilder().add({ type: "blob", bytes: text("") });
  if (!(type === "tree" && bytes.length === 0)) pack.add({ type: "tree", bytes: text("") });
  const folder = createRepository();
  return folder.try(STRICT_INDEX_PACK, pack.add({ type, bytes }).finish()).ok;
}

const commit = (headers: string, message = "\nmessage\n") => text(`${headers}\n${message}`);
const good = { tree: `tree ${TREE}`, author: `author ${IDENT}`, committer: `committer ${IDENT}` };
const signed = (author: string) => commit(`${good.tree}\nauthor ${author}\n${good.committer}`);

const commits: [string, Uint8Array][] = [
  ["a plain one", commit(`${good.tree}\n${good.author}\n${good.committer}`)],
  [
    "with unknown headers",
    commit(`${good.tree}\n${good.author}\n${good.committer}\ngpgsig x\n y\nchange-id z`),
  ],
  ["without a message", text(`${good.tree}\n${good.author}\n${good.committer}\n`)],
  ["without an end", text(`${good.tree}\n${good.author}\n${good.committer}`)],
  ["empty", text("")],
  ["without a tree", commit(`${good.author}\n${good.committer}`)],
  ["with a short tree", commit(`tree ${TREE.slice(1)}\n${good.author}\n${good.committer}`)],
  ["with an uppercase tree", commit(`tree ${TREE.toUpperCase()}\n${good.author}\n${good.committer}`)],
  ["with more behind the tree", commit(`tree ${TREE} \n${good.author}\n${good.committer}`)],
  ["with a bad parent", commit(`${good.tree}\nparent xyz\n${good.author}\n${good.committer}`)],
  ["without an author", commit(`${good.tree}\n${good.committer}`)],
  ["with two authors", commit(`${good.tree}\n${good.author}\n${good.author}\n${good.committer}`)],
  ["without a committer", commit(`${good.tree}\n${good.author}`)],
  ["with a NUL in its message", commit(`${good.tree}\n${good.author}\n${good.committer}`, "\na\0b\n")],
  ["with a NUL in its header", commit(`${good.tree}\n${good.author}\n${good.committer}\nx \0`)],
  ["with an empty name", signed("<a@example.com> 1700000000 +0100")],
  ["with an empty name and a space", signed(" <a@example.com> 1700000000 +0100")],
  ["with an empty email", signed("A <> 1700000000 +0100")],
  ["without an email", signed("A 1700000000 +0100")],
  ["with a bracket in the name", signed("A > B <a@example.com> 1700000000 +0100")],
  ["with a bracket in the email", signed("A <a<b@example.com> 1700000000 +0100")],
  ["without a space before the email", signed("A<a@example.com> 1700000000 +0100")],
  ["without a space before the date", signed("A <a@example.com>1700000000 +0100")],
  ["without a date", signed("A <a@example.com>")],
  ["with a date in words", signed("A <a@example.com> yesterday +0100")],
  ["with a negative date", signed("A <a@example.com> -1 +0100")],
  ["with date 0", signed("A <a@example.com> 0 +0000")],
  ["with a padded date", signed("A <a@example.com> 01700000000 +0100")],
  ["with the last date", signed("A <a@example.com> 9223372036854775807 +0100")],
  ["with a date past the last", signed("A <a@example.com> 18446744073709551616 +0100")],
  ["with a date far past the last", signed("A <a@example.com> 99999999999999999999999 +0100")],
  ["without a zone", signed("A <a@example.com> 1700000000")],
  ["with a short zone", signed("A <a@example.com> 1700000000 +010")],
  ["with a long zone", signed("A <a@example.com> 1700000000 +01000")],
  ["with a zone in words", signed("A <a@example.com> 1700000000 CET")],
  ["with an impossible zone", signed("A <a@example.com> 1700000000 +9999")],
  ["with a zone of five digits", signed("A <a@example.com> 1700000000 +51800")],
  ["with a zone of six digits", signed("A <a@example.com> 1700000000 -073000")],
  ["with nothing in it", signed("")],
  ["with a time of Date's last second and one", signed("A <a@example.com> 8640000000001 +0000")],
];

const tag = (lines: string) => text(`${lines}\n\nmessage\n`);
const tags: [string, Uint8Array][] = [
  ["a plain one", tag(`object ${TREE}\ntype tree\ntag v1\ntagger ${IDENT}`)],
  ["without a tagger", tag(`object ${TREE}\ntype tree\ntag v1`)],
  ["with an odd name", tag(`object ${TREE}\ntype tree\ntag a..b\ntagger ${IDENT}`)],
  ["with a date in words", tag(`object ${TREE}\ntype tree\ntag v1\ntagger A <a@example.com> Mon Jan 3 2005`)],
  ["with a bad tagger", tag(`object ${TREE}\ntype tree\ntag v1\ntagger A <a@example.com>`)],
  ["with an unknown type", tag(`object ${TREE}\ntype thing\ntag v1\ntagger ${IDENT}`)],
  ["without a type", tag(`object ${TREE}\ntag v1\ntagger ${IDENT}`)],
  ["without a name", tag(`object ${TREE}\ntype tree\ntagger ${IDENT}`)],
  ["without an object", tag(`type tree\ntag v1\ntagger ${IDENT}`)],
  ["with a bad object", tag(`object ${TREE}0\ntype tree\ntag v1\ntagger ${IDENT}`)],
  ["with more headers", tag(`object ${TREE}\ntype tree\ntag v1\ntagger ${IDENT}\nmore x`)],
  ["empty", text("")],
];

type Entry = [mode: string, name: string | Uint8Array, oid?: string];
function tree(...entries: Entry[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap(([mode, name, oid]) => [
      Buffer.from(`${mode} `),
      Buffer.from(name),
      Buffer.of(0),
      Buffer.from(oid ?? (mode.endsWith("40000") ? TREE : BLOB), "hex"),
    ]),
  );
}

const hfs = (name: string) => Buffer.from(name);
const trees: [string, Uint8Array][] = [
  ["empty", tree()],
  ["plain", tree(["100644", "a"], ["100755", "b"], ["120000", "c"], ["40000", "d"], ["160000", "e"])],
  ["with odd modes", tree(["100664", "a"], ["100600", "b"], ["100777", "c"])],
  ["with a padded mode", tree(["040000", "d"])],
  ["with a mode padded by many zeros", tree(["00000100644", "a"], ["0040000", "d"])],
  ["without a mode", tree(["", "d"])],
  ["with a mode in decimal", tree(["100689", "d"])],
  ["with an empty name", tree(["100644", ""])],
  ["with .", tree(["40000", "."])],
  ["with ..", tree(["40000", ".."])],
  ["with ...", tree(["40000", "..."])],
  ["with a slash", tree(["100644", "a/b"])],
  ["that points at nothing", tree(["100644", "a", "00".repeat(20)])],
  ["unsorted", tree(["100644", "b"], ["100644", "a"])],
  ["with a name twice", tree(["100644", "a"], ["100644", "a"])],
  ["with a file and a folder of one name", tree(["100644", "a"], ["40000", "a"])],
  ["with such two apart", tree(["100644", "a"], ["100644", "a.b"], ["40000", "a"])],
  [
    "with such two further apart",
    tree(["100644", "a"], ["100644", "a-"], ["100644", "a-b"], ["40000", "a-"], ["40000", "a"]),
  ],
  ["with a folder in its place", tree(["100644", "a.b"], ["40000", "a"], ["100644", "a0"])],
  ["with a folder in a file's place", tree(["40000", "a"], ["100644", "a.b"])],
  ["cut short", tree(["100644", "a"]).subarray(0, 20)],
  ["cut short in a mode", text("1006")],
  ["that isn't one", text("hello, world, this is no tree at all")],
  ...[
    ".git",
    ".GIT",
    ".Git",
    "git~1",
    "GIT~1",
    "git~2",
    ".git ",
    ".git.",
    ".git. .",
    ".git..x",
    ".git:a",
    ".git::$INDEX",
    ".gitx",
    ".gi",
    "git",
    "a\\.git",
    "a\\.git\\b",
    "a\\b",
    ".git\\x",
    "a\\git~1",
    "\\.git",
    ".gi\u200ct",
    "\u200c.git",
    ".g\u200di\u200et\u202a",
    ".git\ufeff",
    ".gıt",
    ".ｇit",
    "\ufeff.git",
    "a.git",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".GitModules",
    "gitmod~1",
    "gi7eba~1",
  ].map((name): [string, Uint8Array] => [`with ${JSON.stringify(name)}`, tree(["100644", hfs(name)])]),
  ...[
    ".gitmodules",
    ".GITMODULES",
    ".gitmodules ",
    "gitmod~1",
    "gitmod~4",
    "gitmod~5",
    "gi7eba~1",
    "gi7eba~9",
    "gi7~1234",
    "gi7eb~01",
    ".git\u200cmodules",
    ".gitignore",
    ".gitattributes",
    "a\\.gitmodules",
  ].map((name): [string, Uint8Array] => [`with a link ${JSON.stringify(name)}`, tree(["120000", hfs(name)])]),
  ["with a folder .gitmodules", tree(["40000", ".gitmodules"])],
  ["with a submodule .gitmodules", tree(["160000", ".gitmodules"])],
  ["with .git and bad UTF-8 behind", tree(["100644", Buffer.from([0x2e, 0x67, 0x69, 0x74, 0xff])])],
];

describe("an object is judged as by git", () => {
  it.each(commits)("commit: %s", (_, bytes) => {
    expect(check("commit", bytes) === null).toBe(gitAccepts("commit", bytes));
  });
  it.each(tags)("tag: %s", (_, bytes) => {
    expect(check("tag", bytes) === null).toBe(gitAccepts("tag", bytes));
  });
  it.each(trees)("tree: %s", (_, bytes) => {
    expect(check("tree", bytes) === null).toBe(gitAccepts("tree", bytes));
  });

  it("trees of random names, sorted and not", () => {
    const names = fc.constantFrom("a", "a-", "a-b", "a.", "a.b", "a0", "aa", "b", "b.", "b-", "A");
    const entry = fc.record({ name: names, isTree: fc.boolean() });
    const key = (of: { name: string; isTree: boolean }) => of.name + (of.isTree ? "/" : "");
    fc.assert(
      fc.property(fc.array(entry, { minLength: 2, maxLength: 6 }), fc.boolean(), (entries, sorted) => {
        if (sorted) entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
        const bytes = tree(...entries.map(({ name, isTree }): Entry => [isTree ? "40000" : "100644", name]));
        expect(check("tree", bytes) === null).toBe(gitAccepts("tree", bytes));
      }),
      { seed: 5, numRuns: 60 },
    );
  });
});

describe("where newer git is stricter", () => {
  it("a name of 4,096 bytes passes, a longer one doesn't", () => {
    expect(check("tree", tree(["100644", "n".repeat(4096)]))).toBeNull();
    expect(check("tree", tree(["100644", "n".repeat(4097)]))).toMatch(/too long/);
  });
});

it("any bytes are accepted or refused", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<ObjectType>("commit", "tree", "tag"),
      fc.uint8Array({ maxLength: 300 }),
      (type, bytes) => {
        const judged = check(type, bytes);
        expect(judged === null || judged.startsWith(`bad ${type}`)).toBe(true);
      },
    ),
    { seed: 1, numRuns: 3000 },
  );
});
