// Numbers the ids in a tree. Those of entries that it shares with the tree it is a delta of are taken from that one's list:
// comparing the bytes of two trees costs far less than looking each id up in a table larger than the processor's cache.
// Invariant: the numbers are the same as without that other tree, whatever the bytes are.
import type { TreeEntryVisitor } from "../object/check-tree.ts";
import { BLOB, TREE } from "../object/object-type.ts";
import { OID_BYTES } from "../object/oid.ts";
import { treeEntryKind } from "../object/parse-tree.ts";
import type { OidTable } from "./oid-table.ts";

/** A tree that was checked and numbered before. Its bytes are in the same memory as those of the tree that is like it. */
interface NumberedTree {
  readonly start: number;
  readonly end: number;
  /** The numbers of its ids, gitlinks left out. */
  readonly ids: Int32Array;
}

export class TreeIds implements TreeEntryVisitor {
  /** Numbers of the blobs that trees name `.gitmodules`. */
  readonly gitmodules: Set<number> = new Set();
  private readonly oids: OidTable;
  private ids: Int32Array<ArrayBuffer> = new Int32Array(256);
  private count = 0;
  private tree: Uint8Array = new Uint8Array(0);
  /** Where the next entry begins. */
  private at = 0;
  private base: NumberedTree | null = null;
  /** The bytes before this are the first of the base's. */
  private prefixEnd = 0;
  /** The bytes from here on are the last of the base's. */
  private suffixStart = 0;
  private suffixEnd = 0;
  private prefixCount = 0;
  /** How many ids come before those of the shared entries at the end; -1 while none of these was met. */
  private suffixFirst = -1;
  /** How far ahead the base's first byte is. */
  private ahead = 0;
  /** Where an entry of the base begins, the last that was looked at. */
  private baseAt = 0;

  constructor(oids: OidTable) {
    this.oids = oids;
  }

  /** Begins with tree[start, end), all entries of which are to be visited in order. */
  begin(tree: Uint8Array, start: number, end: number, base: NumberedTree | null): void {
    this.tree = tree;
    this.at = start;
    this.count = 0;
    this.base = base;
    this.prefixEnd = start;
    this.suffixStart = end;
    this.suffixEnd = end;
    this.prefixCount = 0;
    this.suffixFirst = -1;
    if (base !== null) this.compare(tree, start, end, base);
  }

  visitEntry(mode: number, oidAt: number, isGitmodules: boolean): void {
    const entryAt = this.at;
    this.at = oidAt + OID_BYTES;
    const kind = treeEntryKind(mode);
    if (this.at <= this.prefixEnd) {
      if (kind !== "gitlink") this.prefixCount = ++this.count;
      this.baseAt = this.at + this.ahead;
      return;
    }
    if (this.suffixFirst < 0 && entryAt >= this.suffixStart && this.isEntryOfBase(entryAt)) {
      this.suffixFirst = this.count;
    }
    if (kind === "gitlink") return;
    if (this.suffixFirst >= 0) {
      this.count++;
      return;
    }
    const id = this.oids.intern(this.tree, oidAt);
    this.oids.kinds[id]! |= 1 << (kind === "tree" ? TREE : BLOB);
    this.ensure(this.count + 1);
    this.ids[this.count++] = id;
    if (isGitmodules && kind === "blob") this.gitmodules.add(id);
  }

  /** Ends the tree. @returns the numbers of its ids, gitlinks left out; valid until the next tree begins */
  end(): Int32Array {
    const { base, prefixCount, suffixFirst, count } = this;
    this.ensure(count);
    if (base !== null) {
      this.ids.set(base.ids.subarray(0, prefixCount));
      if (suffixFirst >= 0) {
        this.ids.set(base.ids.subarray(base.ids.length - (count - suffixFirst)), suffixFirst);
      }
    }
    this.base = null;
    return this.ids.subarray(0, count);
  }

  private compare(tree: Uint8Array, start: number, end: number, base: NumberedTree): void {
    const shorter = Math.min(end - start, base.end - base.start);
    const ahead = base.start - start;
    let prefixEnd = start;
    const prefixStop = start + shorter;
    while (prefixEnd < prefixStop && tree[prefixEnd] === tree[prefixEnd + ahead]) prefixEnd++;
    const behind = base.end - end;
    let suffixStart = end;
    const suffixStop = end - (start + shorter - prefixEnd);
    while (suffixStart > suffixStop && tree[suffixStart - 1] === tree[suffixStart - 1 + behind])
      suffixStart--;
    this.prefixEnd = prefixEnd;
    this.suffixStart = suffixStart;
    this.ahead = ahead;
    this.baseAt = base.start;
  }

  /**
   * Whether an entry of the base begins where one of the tree does, in the bytes that both end with; all entries from there
   * on are then the same. Where one begins in the midst of the other's, as contrived ones may, they aren't.
   */
  private isEntryOfBase(entryAt: number): boolean {
    const { base, tree } = this;
    if (base === null) return false;
    const wanted = entryAt - this.suffixEnd + base.end;
    let at = this.baseAt;
    while (at < wanted) {
      while (at < base.end && tree[at] !== 0) at++;
      at += 1 + OID_BYTES;
    }
    this.baseAt = at;
    return at === wanted;
  }

  private ensure(count: number): void {
    if (count <= this.ids.length) return;
    const larger = new Int32Array(Math.max(count, 2 * this.ids.length));
    larger.set(this.ids);
    this.ids = larger;
  }
}
