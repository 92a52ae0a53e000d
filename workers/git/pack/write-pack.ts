// Writes the pack of a fetch from what is stored (gitformat-pack): compressed bytes and deltas are copied as they are
// wherever their base is at hand, so that whole stretches of the packs go out in one piece.

import { OFS_DELTA, REF_DELTA } from "../object/object-type.ts";
import { OID_BYTES, parseOid } from "../object/oid.ts";
import type { ByteSink } from "../wire/byte-sink.ts";
import { ENTRY_HEADER_LIMIT_BYTES, EntryHeader } from "./entry-header.ts";
import { NOT_HERE, type PackSet } from "./pack-set.ts";
import { type PackStream, type StreamableSource, StretchReader } from "./pack-stream.ts";
import { HELD, SENT } from "./plan-fetch-commits.ts";
import { encodeEntry, encodePackHeader, writeBaseDistance, writeEntryHeader } from "./write-entry.ts";
import { PackOutput } from "./write-pack-output.ts";
import { endOfPlace, listStretches, openStretches, type Stretch } from "./write-pack-stretches.ts";

interface WritePackOptions {
  readonly set: PackSet;
  /** The packs' bytes, in the order of the set's members. */
  readonly sources: readonly StreamableSource[];
  /** By number: SENT and HELD. */
  readonly marks: Uint8Array;
  readonly sentCount: number;
  /** Deltas may be sent whose base the client has. */
  readonly thinPack: boolean;
  /** Bases may be named by their distance. */
  readonly ofsDelta: boolean;
  /** An object with its deltas resolved, where none of the stored forms will do. */
  readonly readObject: (number: number) => Promise<{ readonly typeCode: number; readonly bytes: Uint8Array }>;
}

/** Writes the pack of everything marked SENT, its trailer included. */
export async function writePack(options: WritePackOptions, sink: ByteSink): Promise<void> {
  const { set, sources, sentCount } = options;
  if (set.members.length === 1 && sentCount === set.size && options.ofsDelta) {
    return copyWholePack(sources[0]!, sink);
  }
  const output = new PackOutput(sink);
  await output.write(encodePackHeader(sentCount));
  const writer = new EntryWriter(options, output);
  for await (const { stretch, stream } of openStretches(listStretches(set, options.marks), sources)) {
    await writer.writeStretch(stretch, stream);
  }
  await output.end();
}

/** How many of the objects that writePack writes are deltas. */
export function countDeltas({
  set,
  marks,
  thinPack,
}: Pick<WritePackOptions, "set" | "marks" | "thinPack">): number {
  const usable = thinPack ? SENT | HELD : SENT;
  let count = 0;
  for (let number = 0; number < set.size; number++) {
    if ((marks[number]! & SENT) === 0) continue;
    const base = set.baseOf(number);
    if (base !== NOT_HERE && (marks[base]! & usable) !== 0) count++;
  }
  return count;
}

async function copyWholePack(source: StreamableSource, sink: ByteSink): Promise<void> {
  const stream = source.stream(0, source.sizeBytes);
  let isEnded = false;
  try {
    for (let piece = await stream.read(); piece !== null; piece = await stream.read())
      await sink.write(piece);
    isEnded = true;
  } finally {
    if (!isEnded) await stream.cancel();
  }
}

/** Where stretches of one stored pack went: entries from `from` on moved by `shift` bytes. */
interface Moved {
  readonly from: number[];
  readonly shift: number[];
}

class EntryWriter {
  private readonly options: WritePackOptions;
  private readonly output: PackOutput;
  private readonly moved: readonly Moved[];
  /** The pack whose entries are being written. */
  private member = 0;
  private readonly header = new EntryHeader();
  private readonly newHeader = new Uint8Array(ENTRY_HEADER_LIMIT_BYTES + OID_BYTES);

  constructor(options: WritePackOptions, output: PackOutput) {
    this.options = options;
    this.output = output;
    this.moved = options.set.members.map(() => ({ from: [], shift: [] }));
  }

  /** Writes a stretch's sent entries. The stream is used up or cancelled. */
  async writeStretch(stretch: Stretch, stream: PackStream): Promise<void> {
    let isEnded = false;
    try {
      await this.copyEntries(stretch, new StretchReader(stream));
      isEnded = (await stream.read()) === null;
    } finally {
      if (!isEnded) await stream.cancel();
    }
  }

  private async copyEntries(stretch: Stretch, reader: StretchReader): Promise<void> {
    const { set, marks } = this.options;
    const { member } = stretch;
    this.member = member;
    const start = set.startOf(member);
    const { index } = set.members[member]!;
    const positions = index.positionsByOffset();
    const pass = (bytes: Uint8Array) => this.output.write(bytes);
    // [from, to) of the pack is to be copied as it is, and isn't yet.
    let from = stretch.from;
    let to = stretch.from;
    for (let place = stretch.first; place <= stretch.last; place++) {
      const number = start + positions[place]!;
      if ((marks[number]! & SENT) === 0) continue;
      const offset = index.offsetAt(positions[place]!);
      const end = endOfPlace(set, member, positions, place);
      if (offset !== to) {
        await reader.pass(to - from, pass);
        await reader.skip(offset - to);
        from = offset;
      }
      const outputAt = this.output.position + (offset - from);
      const base = set.baseOf(number);
      if (base === NOT_HERE || this.isBaseInPlace(member, base, offset, outputAt)) {
        this.noteMove(member, offset, outputAt);
      } else {
        await reader.pass(offset - from, pass);
        this.noteMove(member, offset, outputAt);
        await this.rewriteEntry(number, base, offset, end, reader);
        from = end;
      }
      to = end;
    }
    await reader.pass(to - from, pass);
  }

  // True when the entry's distance to its base is what it was.
  private isBaseInPlace(member: number, base: number, offset: number, outputAt: number): boolean {
    const { set, marks, ofsDelta } = this.options;
    if (!ofsDelta || (marks[base]! & SENT) === 0 || set.memberOf(base) !== member) return false;
    const baseOffset = set.members[member]!.index.offsetAt(set.positionOf(base));
    return baseOffset < offset && this.shiftAt(member, baseOffset) === outputAt - offset;
  }

  /** Writes an entry anew: with another name for its base, or whole where the base isn't at hand. */
  private async rewriteEntry(
    number: number,
    base: number,
    offset: number,
    end: number,
    reader: StretchReader,
  ): Promise<void> {
    const { marks, thinPack } = this.options;
    const isBaseThere = (marks[base]! & SENT) !== 0 || (thinPack && (marks[base]! & HELD) !== 0);
    if (!isBaseThere) {
      const { typeCode, bytes } = await this.options.readObject(number);
      await this.output.write(encodeEntry(typeCode, bytes));
      return reader.skip(end - offset);
    }
    const { header } = this;
    const length = Math.min(end - offset, ENTRY_HEADER_LIMIT_BYTES);
    header.parse(await reader.peek(length), 0, length);
    await this.output.write(this.encodeDeltaHeader(base, header.sizeBytes, offset));
    await reader.skip(header.bodyAt);
    await reader.pass(end - offset - header.bodyAt, (bytes) => this.output.write(bytes));
  }

  private encodeDeltaHeader(base: number, sizeBytes: number, offset: number): Uint8Array {
    const { set } = this.options;
    const into = this.newHeader;
    const baseAt = this.outputOffsetOf(base, offset);
    if (baseAt === NOT_HERE) {
      const end = writeEntryHeader(into, 0, REF_DELTA, sizeBytes);
      into.set(parseOid(set.oidAt(base)), end);
      return into.subarray(0, end + OID_BYTES);
    }
    const end = writeEntryHeader(into, 0, OFS_DELTA, sizeBytes);
    return into.subarray(0, writeBaseDistance(into, end, this.output.position - baseAt));
  }

  // Where a base was written, or NOT_HERE when it must be named by its id.
  private outputOffsetOf(base: number, offset: number): number {
    const { set, marks, ofsDelta } = this.options;
    if (!ofsDelta || (marks[base]! & SENT) === 0) return NOT_HERE;
    const member = set.memberOf(base);
    const baseOffset = set.members[member]!.index.offsetAt(set.positionOf(base));
    const isWritten = member < this.member || baseOffset < offset;
    return isWritten ? baseOffset + this.shiftAt(member, baseOffset) : NOT_HERE;
  }

  private noteMove(member: number, offset: number, outputAt: number): void {
    const { from, shift } = this.moved[member]!;
    if (shift.at(-1) === outputAt - offset) return;
    from.push(offset);
    shift.push(outputAt - offset);
  }

  /** How far an entry that was written moved. */
  private shiftAt(member: number, offset: number): number {
    const { from, shift } = this.moved[member]!;
    let low = 0;
    let high = from.length - 1;
    if (from[high]! <= offset) return shift[high]!;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (from[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return shift[low]!;
  }
}
