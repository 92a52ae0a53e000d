// Refuses the commits and tags that a client couldn't read: without a tree, an author, a target, or with malformed ids.
// Who made them and when may be written in any way: histories older than git's own rules are full of it, and no client
// comes to harm. Trees are check-tree.ts's matter.
import { GitError } from "./git-error.ts";
import { parseObjectType } from "./object-type.ts";
import { decodeHexOid } from "./oid.ts";
import { parseIdent } from "./parse-ident.ts";

const LF = 0x0a;
const scratch = new Uint8Array(20);
const latin = new TextDecoder("latin1");

function bad(kind: "commit" | "tag", why: string): GitError {
  return new GitError("bad_object", `bad ${kind}: ${why}`);
}

/** Reads the header lines of object[start, end) one by one. */
class HeaderReader {
  readonly kind: "commit" | "tag";
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(kind: "commit" | "tag", bytes: Uint8Array, start: number, end: number) {
    this.kind = kind;
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.checkShape();
  }

  /** Headers hold no NUL and end in an empty line, or with the object, which then ends in a newline. */
  private checkShape(): void {
    const { bytes, at: start, end } = this;
    for (let at = start; at < end; at++) {
      if (bytes[at] === 0) throw bad(this.kind, "its header holds a NUL");
      if (bytes[at] === LF && at + 1 < end && bytes[at + 1] === LF) return;
    }
    if (end === start || bytes[end - 1] !== LF) throw bad(this.kind, "its header is not ended");
  }

  /** Steps over `word` when the line begins with it. */
  take(word: string): boolean {
    if (this.at + word.length > this.end) return false;
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.at + i] !== word.charCodeAt(i)) return false;
    }
    this.at += word.length;
    return true;
  }

  /** Steps over an id and the line's end, and returns where the id's digits begin. */
  takeOid(): number {
    const from = this.at;
    if (!decodeHexOid(this.bytes, from, scratch) || this.bytes[from + 40] !== LF || from + 40 >= this.end) {
      throw bad(this.kind, "it names a malformed id");
    }
    this.at = from + 41;
    return from;
  }

  /** The rest of the line, which is stepped over; the shape's check made sure that it ends. */
  takeLine(): string {
    const lineEnd = this.bytes.indexOf(LF, this.at);
    if (lineEnd < 0 || lineEnd >= this.end) throw bad(this.kind, "a line of its header is not ended");
    const line = latin.decode(this.bytes.subarray(this.at, lineEnd));
    this.at = lineEnd + 1;
    return line;
  }
}

interface CheckedCommit {
  /** Committer time in seconds since 1970; 0 where it isn't known, as git counts it. */
  readonly timeSeconds: number;
  /** Where the 40 digits of the tree and of each parent begin. */
  readonly treeAt: number;
  readonly parentsAt: readonly number[];
}

/** Checks the commit in bytes[start, end). Throws GitError `bad_object` at the first thing wrong. */
export function checkCommit(bytes: Uint8Array, start: number, end: number): CheckedCommit {
  const reader = new HeaderReader("commit", bytes, start, end);
  if (!reader.take("tree ")) throw bad("commit", "it names no tree");
  const treeAt = reader.takeOid();
  const parentsAt: number[] = [];
  while (reader.take("parent ")) parentsAt.push(reader.takeOid());
  let authors = 0;
  for (; reader.take("author "); authors++) reader.takeLine();
  if (authors !== 1) throw bad("commit", authors === 0 ? "it has no author" : "it has several authors");
  if (!reader.take("committer ")) throw bad("commit", "it has no committer");
  const timeSeconds = parseIdent(reader.takeLine()).timeSeconds ?? 0;
  return { timeSeconds, treeAt, parentsAt };
}

interface CheckedTag {
  /** Where the 40 digits of the target begin. */
  readonly targetAt: number;
  readonly targetType: "commit" | "tree" | "blob" | "tag";
}

/** Checks the tag in bytes[start, end). Throws GitError `bad_object` at the first thing wrong. */
export function checkTag(bytes: Uint8Array, start: number, end: number): CheckedTag {
  const reader = new HeaderReader("tag", bytes, start, end);
  if (!reader.take("object ")) throw bad("tag", "it names no object");
  const targetAt = reader.takeOid();
  if (!reader.take("type ")) throw bad("tag", "it names no type");
  const targetType = parseObjectType(reader.takeLine());
  if (targetType === null) throw bad("tag", "it names an unknown type");
  if (!reader.take("tag ")) throw bad("tag", "it has no name");
  reader.takeLine();
  return { targetAt, targetType };
}
