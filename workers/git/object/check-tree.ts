// Refuses the trees that `git fsck --strict` calls errors: those that could write outside a checkout, hide entries or
// mean different things to different clients. Odd file modes are git's "info" and pass, and so do modes padded with zeros,
// which tools of git's first years wrote: every client reads them as the same number.

import { TREE_NAME_LIMIT_BYTES } from "../limits.ts";
import { isDotGit, isDotGitmodules } from "./dotgit-names.ts";
import { GitError } from "./git-error.ts";
import { OID_BYTES } from "./oid.ts";
import { SYMLINK_MODE, TREE_MODE } from "./parse-tree.ts";

const FILE_KIND_MASK = 0o170000;
const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;

/** Told of every entry of a checked tree, in order. */
export interface TreeEntryVisitor {
  /** The entry's id is tree[oidAt, oidAt + 20). `isGitmodules`: the entry configures submodules. */
  visitEntry(mode: number, oidAt: number, isGitmodules: boolean): void;
}

function badTree(why: string): GitError {
  return new GitError("bad_object", `bad tree: ${why}`);
}

/** Whether a name needs the slow checks: it begins as a special name could, or has a backslash. */
function looksSpecial(first: number, hasBackslash: boolean): boolean {
  return (
    first === DOT || first === 0x67 || first === 0x47 || first === 0xe2 || first === 0xef || hasBackslash
  );
}

/** Throws when tree[start, end) is a name no entry may have; returns whether it is `.gitmodules`. */
function checkSpecialName(tree: Uint8Array, start: number, end: number, mode: number): boolean {
  if (end - start === 1 && tree[start] === DOT) throw badTree('it has an entry named "."');
  if (end - start === 2 && tree[start] === DOT && tree[start + 1] === DOT)
    throw badTree('it has an entry named ".."');
  const isSymlink = (mode & FILE_KIND_MASK) === SYMLINK_MODE;
  const isTree = (mode & FILE_KIND_MASK) === TREE_MODE;
  let isGitmodules = false;
  let at = start;
  // To NTFS, each part after a backslash is a name of its own.
  for (;;) {
    if (isDotGit(tree, at, end)) throw badTree('it has an entry that a file system may take for ".git"');
    if (isDotGitmodules(tree, at, end)) {
      if (isSymlink) throw badTree('its ".gitmodules" is a symbolic link');
      if (isTree) throw badTree('its ".gitmodules" is a directory');
      if (at === start) isGitmodules = true;
    }
    while (at < end && tree[at] !== BACKSLASH) at++;
    if (at >= end) return isGitmodules;
    at++;
  }
}

/** Compares the order of neighbours, and remembers files that a later directory could collide with. */
class OrderCheck {
  private readonly candidates: [start: number, end: number][] = [];

  begin(): void {
    this.candidates.length = 0;
  }

  check(
    tree: Uint8Array,
    aStart: number,
    aEnd: number,
    aIsTree: boolean,
    bStart: number,
    bEnd: number,
    bIsTree: boolean,
  ): void {
    const common = Math.min(aEnd - aStart, bEnd - bStart);
    for (let i = 0; i < common; i++) {
      const difference = tree[aStart + i]! - tree[bStart + i]!;
      if (difference < 0) return;
      if (difference > 0) throw badTree("its entries are not in order");
    }
    let a = aStart + common < aEnd ? tree[aStart + common]! : 0;
    let b = bStart + common < bEnd ? tree[bStart + common]! : 0;
    if (a === 0 && b === 0) throw badTree("two of its entries have one name");
    if (a === 0 && aIsTree) a = SLASH;
    if (b === 0 && bIsTree) b = SLASH;
    if (a === 0 && b > 0 && b < SLASH) this.candidates.push([aStart, aEnd]);
    else if (b === SLASH && a > 0 && a < SLASH) this.checkDirectory(tree, bStart, bEnd);
    if (a >= b) throw badTree("its entries are not in order");
  }

  /** "foo", "foo.bar", "foo/": the directory's name was used before, though not by its neighbour. */
  private checkDirectory(tree: Uint8Array, start: number, end: number): void {
    for (;;) {
      const file = this.candidates.pop();
      if (file === undefined) return;
      const length = file[1] - file[0];
      let same = 0;
      while (same < length && start + same < end && tree[file[0] + same] === tree[start + same]) same++;
      if (same < length) continue;
      if (start + length === end) throw badTree("two of its entries have one name");
      if (tree[start + length]! < SLASH) {
        this.candidates.push(file);
        return;
      }
    }
  }
}

const order = new OrderCheck();

/**
 * Checks the tree in tree[start, end) and tells the visitor of each entry.
 * Throws GitError `bad_object` at the first thing wrong.
 */
export function checkTree(tree: Uint8Array, start: number, end: number, visitor: TreeEntryVisitor): void {
  order.begin();
  let previousStart = 0;
  let previousEnd = 0;
  let previousIsTree = false;
  let at = start;
  while (at < end) {
    let mode = 0;
    let byte = tree[at]!;
    const modeAt = at;
    while (byte >= 0x30 && byte <= 0x37 && at < end) {
      mode = ((mode << 3) | (byte - 0x30)) & 0xffff;
      byte = tree[++at]!;
    }
    if (at >= end || byte !== 0x20 || at === modeAt) throw badTree("it has a malformed mode");
    const nameStart = ++at;
    let hasBackslash = false;
    for (; at < end && tree[at] !== 0; at++) {
      byte = tree[at]!;
      if (byte === SLASH) throw badTree("it has an entry whose name holds a slash");
      if (byte === BACKSLASH) hasBackslash = true;
    }
    const nameEnd = at;
    const oidAt = at + 1;
    at = oidAt + OID_BYTES;
    if (at > end) throw badTree("its last entry is cut short");
    if (nameEnd === nameStart) throw badTree("it has an entry without a name");
    if (nameEnd - nameStart > TREE_NAME_LIMIT_BYTES) throw badTree("it has a name that is too long");
    if (isZero(tree, oidAt)) throw badTree("it has an entry that points at nothing");
    const isTree = (mode & FILE_KIND_MASK) === TREE_MODE;
    const isSpecial = looksSpecial(tree[nameStart]!, hasBackslash);
    const isGitmodules = isSpecial && checkSpecialName(tree, nameStart, nameEnd, mode);
    if (previousEnd !== 0)
      order.check(tree, previousStart, previousEnd, previousIsTree, nameStart, nameEnd, isTree);
    previousStart = nameStart;
    previousEnd = nameEnd;
    previousIsTree = isTree;
    visitor.visitEntry(mode, oidAt, isGitmodules);
  }
}

function isZero(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0) return false;
  for (let i = 1; i < OID_BYTES; i++) if (bytes[at + i] !== 0) return false;
  return true;
}
