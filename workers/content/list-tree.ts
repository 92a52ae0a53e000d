// What stands at a path of a commit: a folder's entries, a file, or nothing.
import { parseTree, type TreeEntry, treeEntryKind } from "../git/object/parse-tree.ts";
import { findCommit } from "./find-commit.ts";
import type { ObjectSource } from "./object-source.ts";

export interface ListedEntry {
  /** Decoded as UTF-8; bytes that aren't become U+FFFD. */
  name: string;
  type: "tree" | "blob" | "gitlink";
  /** As git prints it, six octal digits. */
  mode: string;
  oid: string;
  /** Bytes of a blob; null for the others. */
  sizeBytes: number | null;
}

type Listing =
  | { kind: "tree"; entries: ListedEntry[] }
  | { kind: "blob"; oid: string; mode: string; sizeBytes: number }
  | { kind: "gitlink"; oid: string }
  | { kind: "missing" };

/** What `path` (segments parted by `/`, empty for the root) names at a commit. */
export async function listTree(objects: ObjectSource, commitOid: string, path: string): Promise<Listing> {
  const commit = await findCommit(objects, commitOid);
  if (!commit) return { kind: "missing" };
  const segments = path.split("/").filter((segment) => segment !== "");
  let treeOid = commit.tree;
  for (const [at, segment] of segments.entries()) {
    const entry = await findEntry(objects, treeOid, segment);
    if (!entry) return { kind: "missing" };
    const kind = treeEntryKind(entry.mode);
    if (kind === "tree") treeOid = entry.oid;
    else if (at < segments.length - 1) return { kind: "missing" };
    else if (kind === "gitlink") return { kind, oid: entry.oid };
    else return describeBlob(objects, entry);
  }
  return listEntries(objects, treeOid);
}

async function describeBlob(objects: ObjectSource, entry: TreeEntry): Promise<Listing> {
  const header = await objects.readHeader(entry.oid);
  if (header?.type !== "blob") return { kind: "missing" };
  return { kind: "blob", oid: entry.oid, mode: formatMode(entry.mode), sizeBytes: header.sizeBytes };
}

async function findEntry(
  objects: ObjectSource,
  treeOid: string,
  name: string,
): Promise<TreeEntry | undefined> {
  const tree = await objects.readObject(treeOid);
  if (tree?.type !== "tree") return undefined;
  const wanted = new TextEncoder().encode(name);
  return parseTree(tree.bytes).find((entry) => areEqual(entry.name, wanted));
}

async function listEntries(objects: ObjectSource, treeOid: string): Promise<Listing> {
  const tree = await objects.readObject(treeOid);
  if (tree?.type !== "tree") return { kind: "missing" };
  const decoder = new TextDecoder();
  const entries: ListedEntry[] = [];
  for (const entry of parseTree(tree.bytes)) {
    const type = treeEntryKind(entry.mode);
    const header = type === "blob" ? await objects.readHeader(entry.oid) : null;
    entries.push({
      name: decoder.decode(entry.name),
      type,
      mode: formatMode(entry.mode),
      oid: entry.oid,
      sizeBytes: header?.sizeBytes ?? null,
    });
  }
  // Folders first, as people look for them; git's own order within each.
  return {
    kind: "tree",
    entries: [...entries.filter(isFolder), ...entries.filter((entry) => !isFolder(entry))],
  };
}

const isFolder = (entry: ListedEntry): boolean => entry.type === "tree";
const formatMode = (mode: number): string => mode.toString(8).padStart(6, "0");

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
