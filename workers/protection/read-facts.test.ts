// How much of a move its rules look at: all of it at the limit, and a plain refusal one past it.
import { beforeAll, describe, expect, it } from "vitest";
import { JUDGED_COMMITS_LIMIT, JUDGED_TREES_LIMIT } from "../git/limits.ts";
import { hashObject } from "../git/object/hash-object.ts";
import type { ObjectType } from "../git/object/object-type.ts";
import { type Oid, parseOid } from "../git/object/oid.ts";
import { RepositoryPacks } from "../git/store/object-reader.ts";
import { blob, PackBuilder, text } from "../git/testing/pack-builder.ts";
import { openTestPacks } from "../git/testing/test-packs.ts";
import { readFacts } from "./read-facts.ts";

class History {
  private readonly builder = new PackBuilder();
  private readonly added = new Set<Oid>();

  add(type: ObjectType, bytes: Uint8Array): Oid {
    const oid = hashObject(type, bytes);
    if (!this.added.has(oid)) this.builder.add({ type, bytes });
    this.added.add(oid);
    return oid;
  }

  addTree(entries: readonly (readonly [mode: string, name: string, oid: Oid])[]): Oid {
    return this.add(
      "tree",
      Buffer.concat(entries.flatMap(([mode, name, oid]) => [text(`${mode} ${name}\0`), parseOid(oid)])),
    );
  }

  /** A tree of this many folders, each with a file of the text. */
  addFolders(count: number, content: string): Oid {
    const file = this.add("blob", blob(content).bytes);
    const folder = this.addTree([["100644", "file.txt", file]]);
    const names = Array.from({ length: count }, (_, at) => `folder-${String(at).padStart(5, "0")}`);
    return this.addTree(names.map((name) => ["40000", name, folder] as const));
  }

  addCommit(tree: Oid, parent: Oid | null, message: string): Oid {
    const who = "A U Thor <author@example.com> 1790000000 +0000";
    const parents = parent === null ? "" : `parent ${parent}\n`;
    const head = `tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n\n`;
    return this.add("commit", text(`${head}${message}\n`));
  }

  async open(): Promise<RepositoryPacks> {
    const { set, sources } = await openTestPacks([this.builder.finish()]);
    return new RepositoryPacks([{ ...set.members[0]!, source: sources[0]! }]);
  }
}

/** What the rules are told of a move of a branch that was there. */
function factsOf(objects: RepositoryPacks, before: Oid, after: Oid) {
  const transaction = new Proxy(Object.create(null), {
    get: () => {
      throw new Error("the database isn't asked");
    },
  });
  const move = { name: "refs/heads/main", before, after, peeled: null };
  return readFacts({ transaction, repositoryId: 1, defaultBranch: "main", objects }, move);
}

describe("the commits of one move", () => {
  const line: Oid[] = [];
  let objects: RepositoryPacks;

  beforeAll(async () => {
    const history = new History();
    const tree = history.addTree([]);
    for (let at = 0; at <= JUDGED_COMMITS_LIMIT + 1; at++) {
      line.push(history.addCommit(tree, line.at(-1) ?? null, `Change ${at}`));
    }
    objects = await history.open();
  });

  it("are all judged at the limit", async () => {
    const facts = factsOf(objects, line[0]!, line[JUDGED_COMMITS_LIMIT]!);
    expect(await facts.findMerge()).toBe(null);
    expect(await facts.findUnsigned()).toMatch(/^commits must be signed, and [0-9a-f]{10} is not$/);
  });

  it("are refused unjudged when there is one more", async () => {
    const facts = factsOf(objects, line[0]!, line[JUDGED_COMMITS_LIMIT + 1]!);
    const refusal = "it brings more than 1000 commits, which are too many to be checked at once";
    expect(await facts.findMerge()).toBe(refusal);
    expect(await facts.findUnsigned()).toBe(refusal);
  });
});

describe("the folders of one move", () => {
  // The two roots, and each folder before and after.
  const folders = (JUDGED_TREES_LIMIT - 2) / 2;
  let objects: RepositoryPacks;
  let [before, atLimit, onePast]: Oid[] = [];

  beforeAll(async () => {
    const history = new History();
    before = history.addCommit(history.addFolders(folders, "old\n"), null, "Before");
    atLimit = history.addCommit(history.addFolders(folders, "new\n"), before, "At the limit");
    // One folder more, which is read after the change alone.
    onePast = history.addCommit(history.addFolders(folders + 1, "new\n"), before, "One past");
    objects = await history.open();
  });

  it("are all looked through at the limit", async () => {
    const facts = factsOf(objects, before!, atLimit!);
    expect(await facts.findProtectedPath(["elsewhere/**"])).toBe(null);
    const last = `folder-${String(folders - 1).padStart(5, "0")}/file.txt`;
    expect(await facts.findProtectedPath([last])).toBe(`protected paths may not change: ${last}`);
  });

  it("are refused when there is one more, even where that one is protected", async () => {
    const facts = factsOf(objects, before!, onePast!);
    const refusal = "it changes more than 2000 folders, which are too many to look for protected paths in";
    expect(await facts.findProtectedPath(["elsewhere/**"])).toBe(refusal);
    expect(await facts.findProtectedPath([`folder-${String(folders).padStart(5, "0")}/**`])).toBe(refusal);
  });
});
