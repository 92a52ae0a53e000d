// What stands at a path of a commit: a folder's entries, a file, or nothing.
import { ForgeError } from "../core/errors.ts";
import { PATH_DEPTH_MAX, PATH_TREE_BYTES_MAX, SHOWN_PATH_BYTES_MAX } from "../core/limits.ts";
import { decodeEntryName, encodeEntryName } from "../git/object/entry-name.ts";
import { findTreeEntry, parseTree, type TreeEntry, treeEntryKind } from "../git/object/parse-tree.ts";
import { findTarget } from "./find-commit.ts";
import type { ObjectSource } from "./object-source.ts";

export interface ListedEntry {
  /** As `decodeEntryName` writes it. */
  name: string;
  type: "tree" | "blob" | "gitlink";
  /** As git prints it, six octal digits. */
  mode: string;
  oid: string;
}

type Listing =
  | { kind: "tree"; entries: ListedEntry[] }
  | { kind: "blob"; oid: string; mode: string; sizeBytes: number }
  | { kind: "gitlink"; oid: string }
  | { kind: "missing" };

/** Of a blob that no tree gives a mode. */
const PLAIN_MODE = 0o100644;

/**
 * What `path` (segments parted by `/`, empty for the root) names at a commit or a tree; a blob is its own root.
 * Throws ForgeError `address_too_long` for a path past the limits, and `invalid` where its folders are too large to read.
 */
export async function listTree(objects: ObjectSource, rootOid: string, path: string): Promise<Listing> {
  const segments = splitPath(path);
  const root = await findTarget(objects, rootOid);
  if (!root) return { kind: "missing" };
  if (root.kind === "blob") {
    return segments.length === 0 ? describeBlob(objects, root.oid, PLAIN_MODE) : { kind: "missing" };
  }
  let treeOid = root.commit?.tree ?? root.oid;
  const budget = { leftBytes: PATH_TREE_BYTES_MAX };
  for (const [at, segment] of segments.entries()) {
    const tree = await readTree(objects, treeOid, budget);
    const entry = tree && findTreeEntry(tree, encodeEntryName(segment));
    if (!entry) return { kind: "missing" };
    const kind = treeEntryKind(entry.mode);
    if (kind === "tree") treeOid = entry.oid;
    else if (at < segments.length - 1) return { kind: "missing" };
    else if (kind === "gitlink") return { kind, oid: entry.oid };
    else return describeBlob(objects, entry.oid, entry.mode);
  }
  const tree = await readTree(objects, treeOid, budget);
  return tree ? { kind: "tree", entries: listEntries(tree) } : { kind: "missing" };
}

function splitPath(path: string): string[] {
  const segments = path.split("/").filter((segment) => segment !== "");
  if (segments.length > PATH_DEPTH_MAX) {
    throw new ForgeError("address_too_long", `Paths are shown down to ${PATH_DEPTH_MAX} folders.`);
  }
  if (encodeEntryName(path).length > SHOWN_PATH_BYTES_MAX) {
    throw new ForgeError("address_too_long", `Paths are shown up to ${SHOWN_PATH_BYTES_MAX} bytes.`);
  }
  return segments;
}

async function readTree(
  objects: ObjectSource,
  oid: string,
  budget: { leftBytes: number },
): Promise<Uint8Array | null> {
  const header = await objects.readHeader(oid);
  if (header?.type !== "tree") return null;
  budget.leftBytes -= header.sizeBytes;
  if (budget.leftBytes < 0) {
    throw new ForgeError("invalid", "The folders of this path are too large to be shown; a clone has them.");
  }
  return (await objects.readObject(oid))?.bytes ?? null;
}

async function describeBlob(objects: ObjectSource, oid: string, mode: number): Promise<Listing> {
  const header = await objects.readHeader(oid);
  if (header?.type !== "blob") return { kind: "missing" };
  return { kind: "blob", oid, mode: formatMode(mode), sizeBytes: header.sizeBytes };
}

function listEntries(tree: Uint8Array): ListedEntry[] {
  const entries = parseTree(tree).map(describeEntry);
  // Folders first, as people look for them; git's own order within each.
  return [...entries.filter(isFolder), ...entries.filter((entry) => !isFolder(entry))];
}

const describeEntry = ({ name, mode, oid }: TreeEntry): ListedEntry => ({
  name: decodeEntryName(name),
  type: treeEntryKind(mode),
  mode: formatMode(mode),
  oid,
});
const isFolder = (entry: ListedEntry): boolean => entry.type === "tree";
const formatMode = (mode: number): string => mode.toString(8).padStart(6, "0");

/** A folder as it is stored, or what stands in its place or in that of a folder above it. */
type FoundFolder =
  | { kind: "folder"; oid: string; entries: readonly TreeEntry[] }
  | { kind: "other"; path: string; oid: string; mode: number };

/** What `path` names below a root tree, when that is a folder or should have been one; undefined for nothing. */
export async function findFolder(
  objects: ObjectSource,
  rootOid: string,
  path: string,
): Promise<FoundFolder | undefined> {
  let oid = rootOid;
  let passed = "";
  for (const segment of path.split("/")) {
    const tree = await objects.readObject(oid);
    const entry = tree?.type === "tree" ? findTreeEntry(tree.bytes, encodeEntryName(segment)) : undefined;
    if (!entry) return undefined;
    passed = passed === "" ? segment : `${passed}/${segment}`;
    if (treeEntryKind(entry.mode) !== "tree") {
      return { kind: "other", path: passed, oid: entry.oid, mode: entry.mode };
    }
    oid = entry.oid;
  }
  const tree = await objects.readObject(oid);
  return tree?.type === "tree" ? { kind: "folder", oid, entries: parseTree(tree.bytes) } : undefined;
}
