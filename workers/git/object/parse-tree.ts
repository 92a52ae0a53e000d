// Walks the entries of a tree (gitformat-pack and git-mktree: "<mode> <name>\0<20 bytes>", sorted).
// The cursor is one object for the whole walk: no entry costs an allocation.
import { GitError } from "./git-error.ts";
import { formatOid, OID_BYTES, type Oid } from "./oid.ts";

export const TREE_MODE = 0o040000;
const GITLINK_MODE = 0o160000;
export const SYMLINK_MODE = 0o120000;
const FILE_KIND_MASK = 0o170000;

type TreeEntryKind = "tree" | "blob" | "gitlink";

/** What a mode says an entry is; a gitlink names a commit of another repository. */
export function treeEntryKind(mode: number): TreeEntryKind {
  const kind = mode & FILE_KIND_MASK;
  if (kind === TREE_MODE) return "tree";
  return kind === GITLINK_MODE ? "gitlink" : "blob";
}

/** A walk over tree[start, end). After `next()` is true the fields describe one entry. */
class TreeCursor {
  mode = 0;
  nameStart = 0;
  nameEnd = 0;
  /** Where the entry's 20 bytes of id begin. */
  oidAt = 0;
  entryStart = 0;
  private bytes: Uint8Array;
  private position: number;
  private end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Begins again on other bytes. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Steps to the next entry; false at the end. Throws GitError `bad_object` where the tree is malformed. */
  next(): boolean {
    const { bytes, end } = this;
    let at = this.position;
    if (at >= end) return false;
    this.entryStart = at;
    let mode = 0;
    let byte = bytes[at]!;
    if (byte === 0x20) throw new GitError("bad_object", "bad tree: an entry has no mode");
    while (byte !== 0x20) {
      if (byte < 0x30 || byte > 0x37 || mode > 0o7777777 || ++at >= end) {
        throw new GitError("bad_object", "bad tree: an entry has a malformed mode");
      }
      mode = (mode << 3) | (byte - 0x30);
      byte = bytes[at]!;
    }
    this.mode = mode;
    this.nameStart = ++at;
    while (at < end && bytes[at] !== 0) at++;
    this.nameEnd = at;
    this.oidAt = at + 1;
    this.position = at + 1 + OID_BYTES;
    if (this.position > end) throw new GitError("bad_object", "bad tree: its last entry is cut short");
    return true;
  }
}

export interface TreeEntry {
  readonly mode: number;
  /** The name's bytes: git's names have no encoding. */
  readonly name: Uint8Array;
  readonly oid: Oid;
}

/** All entries of a tree, in its order. Throws GitError `bad_object` where it is malformed. */
export function parseTree(bytes: Uint8Array): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const cursor = new TreeCursor(bytes);
  while (cursor.next()) {
    entries.push({
      mode: cursor.mode,
      name: bytes.subarray(cursor.nameStart, cursor.nameEnd),
      oid: formatOid(bytes, cursor.oidAt),
    });
  }
  return entries;
}

/** The entry of this name, or undefined; nothing of the others is kept. Throws GitError `bad_object` as `parseTree`. */
export function findTreeEntry(bytes: Uint8Array, name: Uint8Array): TreeEntry | undefined {
  const cursor = new TreeCursor(bytes);
  while (cursor.next()) {
    if (cursor.nameEnd - cursor.nameStart !== name.length) continue;
    let same = 0;
    while (same < name.length && bytes[cursor.nameStart + same] === name[same]) same++;
    if (same === name.length) return { mode: cursor.mode, name, oid: formatOid(bytes, cursor.oidAt) };
  }
  return undefined;
}
