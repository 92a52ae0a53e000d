// Paths of a commit: folders, files, what lies in neither, and names that aren't text.
import { describe, expect, it } from "vitest";
import { createMemoryObjects } from "../testing/memory-objects.ts";
import { findCommit } from "./find-commit.ts";
import { listTree } from "./list-tree.ts";

function makeCommit() {
  const memory = createMemoryObjects();
  const oid = memory.commit(
    { "b.txt": "bee\n", a: { "deep.txt": "deep\n", c: { x: "x" } }, "README.md": "read\n" },
    "Subject line\n\nBody.\n",
  );
  return { objects: memory.objects, oid, memory };
}

describe("listTree", () => {
  it("lists folders first, with the sizes of files", async () => {
    const { objects, oid } = makeCommit();
    const listing = await listTree(objects, oid, "");
    expect(
      listing.kind === "tree" && listing.entries.map((entry) => [entry.name, entry.mode, entry.sizeBytes]),
    ).toEqual([
      ["a", "040000", null],
      ["README.md", "100644", 5],
      ["b.txt", "100644", 4],
    ]);
  });
  it("finds what lies deeper, however many slashes are around it", async () => {
    const { objects, oid } = makeCommit();
    expect(await listTree(objects, oid, "/a//c/x/")).toMatchObject({ kind: "blob", sizeBytes: 1 });
    expect(await listTree(objects, oid, "a/c")).toMatchObject({ kind: "tree" });
  });
  it.each(["nowhere", "a/nowhere", "b.txt/under", "a/..", ".", "A"])("has nothing at %s", async (path) => {
    const { objects, oid } = makeCommit();
    expect(await listTree(objects, oid, path)).toEqual({ kind: "missing" });
  });
  it("has nothing at a commit that isn't there", async () => {
    const { objects } = makeCommit();
    expect(await listTree(objects, "9".repeat(40), "")).toEqual({ kind: "missing" });
  });
});

describe("findCommit", () => {
  it("follows tags, and knows what isn't a commit", async () => {
    const { objects, oid, memory } = makeCommit();
    const tag = memory.tag(memory.tag(oid, "commit"), "tag");
    expect(await findCommit(objects, tag)).toMatchObject({
      oid,
      subject: "Subject line",
      authorName: "A U Thor",
    });
    const commit = await findCommit(objects, oid);
    expect(await findCommit(objects, commit?.tree ?? "")).toBeUndefined();
  });
  it("gives up on tags of tags of tags without end", async () => {
    const { objects, oid, memory } = makeCommit();
    let tag = memory.tag(oid, "commit");
    for (let depth = 0; depth < 15; depth++) tag = memory.tag(tag, "tag");
    expect(await findCommit(objects, tag)).toMatchObject({ oid });
    expect(await findCommit(objects, memory.tag(tag, "tag"))).toBeUndefined();
  });
});
