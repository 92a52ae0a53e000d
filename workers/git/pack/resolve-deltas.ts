// The second phase of receiving a pack: the deltas whose base wasn't at hand when they came by. Each tree of deltas is
// walked from its base down, without recursion, so that an object is made once while its base is in memory.
import { GitError } from "../object/git-error.ts";
import { type EntryTable, REF_BASE } from "./entry-table.ts";
import { depthExceeded, type IngestState } from "./ingest-state.ts";
import type { IngestOptions } from "./ingest-types.ts";
import type { ObjectLoader } from "./object-loader.ts";
import type { ThinBases } from "./thin-bases.ts";

const REPORT_EVERY = 1000;

export class DeltaResolver {
  private readonly state: IngestState;
  private readonly entries: EntryTable;
  private readonly loader: ObjectLoader;
  private readonly thin: ThinBases;
  private readonly total: number;
  private resolved = 0;
  // Unresolved deltas by their base: lists threaded through `nextSibling`, begun by the base's entry or its id.
  private readonly firstOfEntry: Int32Array;
  private readonly nextSibling: Int32Array;
  private readonly firstOfId = new Map<number, number>();

  constructor(state: IngestState, loader: ObjectLoader, thin: ThinBases, unresolved: number) {
    this.state = state;
    this.entries = state.entries;
    this.loader = loader;
    this.thin = thin;
    this.total = unresolved;
    this.firstOfEntry = new Int32Array(state.entries.count).fill(-1);
    this.nextSibling = new Int32Array(state.entries.count).fill(-1);
    this.listChildren();
  }

  /** Resolves everything, reading bases from the repository where the pack is thin. Throws GitError `missing_object`. */
  async resolveAll(announce: IngestOptions["announceExternal"]): Promise<void> {
    const { entries } = this;
    const count = entries.count;
    this.state.onProgress?.({ phase: "resolving", done: 0, total: this.total });
    for (let entry = 0; entry < count; entry++) {
      if (entries.types[entry] !== 0 && this.hasChildren(entry)) await this.resolveFrom(entry);
      if (this.resolved > 0 && this.state.isOver()) return;
    }
    if (this.resolved < this.total) await this.resolveThin(announce);
    if (this.resolved < this.total) throw this.describeMissing();
  }

  private listChildren(): void {
    const { entries, firstOfEntry, firstOfId, nextSibling } = this;
    for (let entry = entries.count - 1; entry >= 0; entry--) {
      if (entries.types[entry] !== 0) continue;
      const base = entries.bases[entry]!;
      if (base >= 0) {
        nextSibling[entry] = firstOfEntry[base]!;
        firstOfEntry[base] = entry;
      } else {
        const id = REF_BASE - base;
        nextSibling[entry] = firstOfId.get(id) ?? -1;
        firstOfId.set(id, entry);
      }
    }
  }

  private hasChildren(entry: number): boolean {
    return (this.firstOfEntry[entry] ?? -1) >= 0 || this.firstOfId.has(this.entries.ids[entry]!);
  }

  /** Takes the children of a resolved entry off their lists. */
  private takeChildren(entry: number): number[] {
    const id = this.entries.ids[entry]!;
    const children: number[] = [];
    for (const first of [this.firstOfEntry[entry] ?? -1, this.firstOfId.get(id) ?? -1]) {
      for (let child = first; child >= 0; child = this.nextSibling[child]!) children.push(child);
    }
    if (entry < this.firstOfEntry.length) this.firstOfEntry[entry] = -1;
    this.firstOfId.delete(id);
    return children;
  }

  private async resolveFrom(root: number): Promise<void> {
    const { entries, loader, state } = this;
    const waiting = [root];
    for (let base = waiting.pop(); base !== undefined; base = waiting.pop()) {
      for (const child of this.takeChildren(base)) {
        await loader.load(base);
        const depth = entries.depths[base]! + 1;
        if (depth > state.limits.deltaDepth) throw depthExceeded(state.limits.deltaDepth);
        const { bytes, start, end } = await loader.applyTo(base, child);
        entries.depths[child] = depth;
        state.recorder.record(child, entries.types[base]!, bytes, start, end, null);
        if (++this.resolved % REPORT_EVERY === 0) {
          state.onProgress?.({ phase: "resolving", done: this.resolved, total: this.total });
        }
        // Children are dealt with after their siblings: the one made last is the one still in the cache.
        if (this.hasChildren(child)) waiting.push(child);
      }
    }
  }

  private async resolveThin(announce: IngestOptions["announceExternal"]): Promise<void> {
    const { oids } = this.state;
    const wanted = [...this.firstOfId].sort((a, b) => a[1] - b[1]).map(([id]) => id);
    await announce?.(wanted.map((id) => oids.oid(id)));
    for (const id of wanted) {
      // An object made meanwhile had its deltas resolved with it.
      if (!this.firstOfId.has(id)) continue;
      const base = await this.thin.add(id);
      if (base === null) continue;
      this.loader.place(base.entry, base.object.bytes);
      await this.resolveFrom(base.entry);
    }
  }

  private describeMissing(): GitError {
    const { oids } = this.state;
    const [first] = [...this.firstOfId].sort((a, b) => a[1] - b[1]);
    if (first === undefined) return new GitError("bad_pack", "the pack's deltas have no base");
    const left = this.total - this.resolved;
    return new GitError(
      "missing_object",
      `${left} of the pack's deltas can't be resolved: base ${oids.oid(first[0])} is neither in the pack nor in the repository`,
    );
  }
}
