// Packs made by real git, received by ours, opened together as a repository's packs are.
import type { ExternalObject } from "../pack/ingest-types.ts";
import { parsePackGraph } from "../pack/pack-graph.ts";
import { parsePackIndex } from "../pack/pack-index.ts";
import { type PackMember, PackSet } from "../pack/pack-set.ts";
import type { PackStream, StreamableSource } from "../pack/pack-stream.ts";
import { createMemorySource } from "../pack/range-source.ts";
import { readPackedObject } from "../pack/read-object.ts";
import { collectPack, ingestBytes } from "./ingest-bytes.ts";

export interface TestPacks {
  readonly set: PackSet;
  /** In the order of the set's members. */
  readonly sources: readonly CountingSource[];
  readObject(number: number): Promise<ExternalObject>;
}

interface OpenTestPack extends PackMember {
  readonly source: CountingSource;
}

/** Receives packs; a thin one finds its bases in the packs after it. */
export async function openTestPacks(packs: readonly Uint8Array[]): Promise<TestPacks> {
  const opened: OpenTestPack[] = [];
  const external = new Map<string, ExternalObject>();
  for (const pack of [...packs].reverse()) {
    const ingested = await ingestBytes(pack, { external });
    const index = parsePackIndex(ingested.idx, ingested.sizeBytes);
    const source = new CountingSource(await collectPack(ingested));
    opened.push({ index, graph: parsePackGraph(ingested.graph, index), source });
    for (let position = 0; position < index.count; position++) {
      external.set(index.oidAt(position), await read(opened.at(-1)!, position));
    }
  }
  const set = new PackSet(opened);
  const packOf = (member: number) => opened.find(({ index }) => index === set.members[member]!.index)!;
  return {
    set,
    sources: set.members.map((_, member) => packOf(member).source),
    readObject: (number) => read(packOf(set.memberOf(number)), set.positionOf(number)),
  };
}

const read = ({ source, index }: OpenTestPack, position: number) =>
  readPackedObject(source, index, position, async () => null);

/** A pack in memory that gives its stretches in small pieces, reuses their memory, and counts what is left open. */
class CountingSource implements StreamableSource {
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  readonly read: StreamableSource["read"];
  streamCount = 0;
  openCount = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.sizeBytes = bytes.length;
    this.read = createMemorySource(bytes).read;
  }

  stream(offset: number, length: number): PackStream {
    this.streamCount++;
    this.openCount++;
    const piece = new Uint8Array(997);
    let at = offset;
    const end = offset + length;
    return {
      read: async () => {
        piece.fill(0xee);
        if (at >= end) {
          this.openCount--;
          return null;
        }
        const given = this.bytes.subarray(at, Math.min(end, at + piece.length));
        piece.set(given);
        at += given.length;
        return piece.subarray(0, given.length);
      },
      cancel: async () => {
        this.openCount--;
      },
    };
  }
}
