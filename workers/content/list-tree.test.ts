// Paths of a commit: folders, files, what lies in neither, and names that aren't text.
import { describe, expect, it } from "vitest";
import { PATH_DEPTH_MAX, PATH_TREE_BYTES_MAX, SHOWN_PATH_BYTES_MAX } from "../core/limits.ts";
import { createMemoryObjects, type MemoryTree } from "../testing/memory-objects.ts";
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
  it("lists folders first", async () => {
    const { objects, oid } = makeCommit();
    const listing = await listTree(objects, oid, "");
    expect(listing.kind === "tree" && listing.entries.map((entry) => [entry.name, entry.mode])).toEqual([
      ["a", "040000"],
      ["README.md", "100644"],
      ["b.txt", "100644"],
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

describe("the limits of a path", () => {
  const nest = (depth: number): MemoryTree => {
    let tree: MemoryTree = { "f.txt": "deep\n" };
    for (let at = 0; at < depth; at++) tree = { a: tree };
    return tree;
  };
  const path = (depth: number) => `${"a/".repeat(depth)}f.txt`;

  it(`hold ${PATH_DEPTH_MAX} segments and no more`, async () => {
    const memory = createMemoryObjects();
    const oid = memory.commit(nest(PATH_DEPTH_MAX));
    expect(await listTree(memory.objects, oid, path(PATH_DEPTH_MAX - 1))).toMatchObject({ kind: "missing" });
    expect(await listTree(memory.objects, oid, "a/".repeat(PATH_DEPTH_MAX))).toMatchObject({ kind: "tree" });
    await expect(listTree(memory.objects, oid, path(PATH_DEPTH_MAX))).rejects.toMatchObject({ status: 414 });
  });

  it(`hold ${SHOWN_PATH_BYTES_MAX} bytes and no more`, async () => {
    const memory = createMemoryObjects();
    const [name, long] = ["ü".repeat(SHOWN_PATH_BYTES_MAX / 2), "x".repeat(SHOWN_PATH_BYTES_MAX + 1)];
    const oid = memory.commit({ [name]: "a\n", [long]: "b\n" });
    expect(await listTree(memory.objects, oid, name)).toMatchObject({ kind: "blob" });
    await expect(listTree(memory.objects, oid, long)).rejects.toMatchObject({ status: 414 });
  });

  it("hold as many bytes of folders as are read for one", async () => {
    const memory = createMemoryObjects();
    const oid = memory.commit({ a: { "f.txt": "a\n" } });
    const sized = (sizeBytes: number) => ({
      ...memory.objects,
      readHeader: async (of: string) => {
        const header = await memory.objects.readHeader(of);
        return header?.type === "tree" ? { ...header, sizeBytes } : header;
      },
    });
    expect(await listTree(sized(PATH_TREE_BYTES_MAX / 2), oid, "a")).toMatchObject({ kind: "tree" });
    await expect(listTree(sized(PATH_TREE_BYTES_MAX / 2 + 1), oid, "a")).rejects.toMatchObject({
      status: 422,
    });
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
