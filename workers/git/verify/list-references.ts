// The ids that an object's own bytes name (git's gitformat documents). Invariant: it shares no code with what writes graphs,
// so that the one can be checked by the other.
import { GitError } from "../object/git-error.ts";
import { BLOB, COMMIT, TAG, TREE } from "../object/object-type.ts";
import { OID_BYTES } from "../object/oid.ts";

const SPACE = 0x20;
const LINE_END = 0x0a;
const HEX_BYTES = 40;
const KIND_MASK = 0o170000;
const TREE_KIND = 0o40000;
const GITLINK_KIND = 0o160000;

/** Told the 20 bytes at `at`, and the type that they are referenced as. The bytes may be overwritten afterwards. */
type ReferenceVisitor = (bytes: Uint8Array, at: number, typeCode: number) => void;

const TYPE_NAMES = new Map([
  ["commit", COMMIT],
  ["tree", TREE],
  ["blob", BLOB],
  ["tag", TAG],
]);

function malformed(what: string): GitError {
  return new GitError("bad_object", `a stored ${what} can't be read`);
}

/**
 * Visits what an object references in the order in which it says so: a commit its tree and its parents, a tree its entries
 * without gitlinks, a tag its target, a blob nothing. Throws GitError `bad_object` for what can't be parsed.
 */
export function listReferences(typeCode: number, bytes: Uint8Array, visit: ReferenceVisitor): void {
  if (typeCode === TREE) listTree(bytes, visit);
  else if (typeCode === COMMIT) listCommit(bytes, visit);
  else if (typeCode === TAG) listTag(bytes, visit);
}

function listTree(bytes: Uint8Array, visit: ReferenceVisitor): void {
  for (let at = 0; at < bytes.length; ) {
    let mode = 0;
    for (; bytes[at] !== SPACE; at++) {
      const digit = (bytes[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 7) throw malformed("tree");
      mode = mode * 8 + digit;
    }
    const nameEnd = bytes.indexOf(0, at + 1);
    const next = nameEnd + 1 + OID_BYTES;
    if (nameEnd < 0 || next > bytes.length) throw malformed("tree");
    const kind = mode & KIND_MASK;
    if (kind !== GITLINK_KIND) visit(bytes, nameEnd + 1, kind === TREE_KIND ? TREE : BLOB);
    at = next;
  }
}

function listCommit(bytes: Uint8Array, visit: ReferenceVisitor): void {
  let at = visitLine(bytes, 0, "tree ", TREE, visit);
  if (at < 0) throw malformed("commit");
  for (let next = at; next >= 0; next = visitLine(bytes, at, "parent ", COMMIT, visit)) at = next;
}

function listTag(bytes: Uint8Array, visit: ReferenceVisitor): void {
  const target = Buffer.from(bytes.subarray(0, HEX_BYTES + 64)).toString("latin1");
  const [, name] = /^object [0-9a-f]{40}\ntype ([a-z]+)\n/.exec(target) ?? [];
  const typeCode = TYPE_NAMES.get(name ?? "");
  if (typeCode === undefined) throw malformed("tag");
  visitLine(bytes, 0, "object ", typeCode, visit);
}

/** Visits the id in the line at `at`, if that begins with `word`; returns where the next line begins, or -1. */
function visitLine(
  bytes: Uint8Array,
  at: number,
  word: string,
  typeCode: number,
  visit: ReferenceVisitor,
): number {
  const hexAt = at + word.length;
  const end = hexAt + HEX_BYTES;
  if (bytes[end] !== LINE_END) return -1;
  const line = Buffer.from(bytes.subarray(at, end)).toString("latin1");
  if (!line.startsWith(word)) return -1;
  const oid = Buffer.from(line.slice(word.length), "hex");
  if (oid.length !== OID_BYTES) return -1;
  visit(oid, 0, typeCode);
  return end + 1;
}
