// Compares a graph with the objects of its pack, one by one.
import { GitError } from "../object/git-error.ts";
import { COMMIT, objectTypeName } from "../object/object-type.ts";
import { compareOidBytes, formatOid, OID_BYTES, type Oid } from "../object/oid.ts";
import type { PackGraph } from "../pack/pack-graph.ts";
import type { PackIndex } from "../pack/pack-index.ts";
import type { RangeSource } from "../pack/range-source.ts";
import { listReferences } from "./list-references.ts";
import { readObjects, type StoredObject } from "./read-objects.ts";
import { RecentIds } from "./recent-ids.ts";

/** How many objects that the graph is wrong about are named. */
const NAMED_OBJECTS = 10;

class GraphComparison {
  readonly problems: string[] = [];
  wrong = 0;
  private readonly index: PackIndex;
  private readonly graph: PackGraph;
  /** What the pack's objects need of other packs, and as what. */
  private readonly needed = new Map<Oid, number>();
  private readonly recent = new RecentIds();
  /** The references of the object at hand, 20 bytes each. */
  private ids = new Uint8Array(64 * OID_BYTES);
  private count = 0;
  private readonly said = new Uint8Array(OID_BYTES);

  constructor(index: PackIndex, graph: PackGraph) {
    this.index = index;
    this.graph = graph;
  }

  compare(object: StoredObject): void {
    this.count = 0;
    if (object.bytes !== null) {
      listReferences(object.typeCode, object.bytes, (from, at, typeCode) => this.note(from, at, typeCode));
    }
    const problem = this.findProblem(object);
    if (problem === null) return;
    this.wrong++;
    if (this.wrong > NAMED_OBJECTS) return;
    const type = objectTypeName(object.typeCode);
    this.problems.push(`is wrong about ${type} ${this.index.oidAt(object.position)}: ${problem}`);
  }

  finish(): string[] {
    if (this.wrong > NAMED_OBJECTS) this.problems.push(`is wrong about ${this.wrong} objects in all`);
    const { graph, needed } = this;
    let isSame = graph.externalCount === needed.size;
    for (let external = 0; isSame && external < graph.externalCount; external++) {
      const typeCode = needed.get(graph.externalOid(external));
      isSame = typeCode !== undefined && objectTypeName(typeCode) === graph.externalKind(external);
    }
    if (!isSame) this.problems.push("is wrong about what the pack needs of others");
    return this.problems;
  }

  private note(from: Uint8Array, at: number, typeCode: number): void {
    const to = this.count * OID_BYTES;
    if (to === this.ids.length) {
      const larger = new Uint8Array(2 * to);
      larger.set(this.ids);
      this.ids = larger;
    }
    for (let i = 0; i < OID_BYTES; i++) this.ids[to + i] = from[at + i]!;
    this.count++;
    if (this.recent.saw(from, at) || this.index.find(from, at) >= 0) return;
    this.needed.set(formatOid(from, at), typeCode);
  }

  private findProblem({ position, typeCode, base, sizeBytes, bytes }: StoredObject): string | null {
    const { graph } = this;
    try {
      if (graph.typeCodeAt(position) !== typeCode) return `it says a ${graph.typeAt(position)}`;
      if (graph.sizeAt(position) !== sizeBytes)
        return `it says ${graph.sizeAt(position)} bytes of ${sizeBytes}`;
      if (graph.baseAt(position) !== base) return "it says another base";
      const time = typeCode === COMMIT && bytes !== null ? readTime(bytes) : null;
      if (time !== null && graph.commitTimeAt(position) !== time) return "it says another time";
      return this.saysReferences(position) ? null : "it says other references";
    } catch (error) {
      if (error instanceof GitError) return error.message;
      throw error;
    }
  }

  /** Whether the graph says the references of the object at hand, in their order. */
  private saysReferences(position: number): boolean {
    const { graph, index, said, ids } = this;
    let at = 0;
    let isSame = true;
    graph.forEachReference(position, (reference) => {
      if (reference < graph.count) index.copyOid(reference, said, 0);
      else graph.copyExternalOid(reference - graph.count, said, 0);
      isSame &&= at < this.count && compareOidBytes(said, 0, ids, at * OID_BYTES) === 0;
      at++;
    });
    return isSame && at === this.count;
  }
}

/**
 * What a graph says otherwise than the objects: type, size, base, references in their order, what is needed of other
 * packs. The first few, in words; empty when it is right. Throws GitError when the pack is damaged.
 */
export async function compareGraph(
  source: RangeSource,
  index: PackIndex,
  graph: PackGraph,
): Promise<string[]> {
  const comparison = new GraphComparison(index, graph);
  await readObjects(source, index, { wantsSizes: true }, (object) => comparison.compare(object));
  return comparison.finish();
}

/** When a commit was made, where it says so as git writes it; null else. */
function readTime(bytes: Uint8Array): number | null {
  const text = Buffer.from(bytes).toString("latin1");
  const headEnd = text.indexOf("\n\n");
  const head = headEnd < 0 ? text : text.slice(0, headEnd + 1);
  const [, seconds] = /^committer [^\n]*> ([1-9]\d{0,14}) [+-]\d{4}$/m.exec(head) ?? [];
  return seconds === undefined ? null : Number(seconds);
}
