// Decodes the lists of references in a graph sidecar (their form is told in reference-log.ts). This is the inner loop of
// every walk over a repository: it writes plain numbers to one array and allocates nothing.
import { GitError } from "../object/git-error.ts";
import { COPY, INSERT, REPLACE } from "./reference-log.ts";

function cutShort(): GitError {
  return new GitError("bad_graph", "bad pack graph: a list is cut short");
}

/** Ids decoded from lists, stacked: a walk within a walk puts its own on top. */
export class ListDecoder {
  ids: Int32Array = new Int32Array(1024);
  /** Where the next list goes. */
  top = 0;
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Puts the whole list in bytes[start, end) on top; returns where its ids end. */
  pushWhole(start: number, end: number): number {
    const { bytes } = this;
    let to = this.top;
    // No list has more ids than bytes.
    this.ensure(to + end - start);
    const { ids } = this;
    let id = 0;
    this.at = start;
    while (this.at < end) {
      const byte = bytes[this.at]!;
      let code = byte;
      if (byte < 128) this.at++;
      else code = this.readLong(end);
      const zigzag = code - 1;
      id += (zigzag >>> 1) ^ -(zigzag & 1);
      ids[to++] = id;
    }
    this.top = to;
    return to;
  }

  /** Puts the list that the steps in bytes[start, end) make of ids[anchorStart, anchorEnd) on top; returns its end. */
  pushSteps(start: number, end: number, anchorStart: number, anchorEnd: number): number {
    const { bytes } = this;
    let to = this.top;
    this.ensure(to + anchorEnd - anchorStart + end - start);
    const { ids } = this;
    let from = anchorStart;
    let id = 0;
    this.at = start;
    while (this.at < end) {
      const byte = bytes[this.at]!;
      let step = byte;
      if (byte < 128) this.at++;
      else step = this.readLong(end);
      const kind = step & 3;
      const operand = Math.floor(step / 4);
      if (kind === INSERT || kind === REPLACE) {
        id += (operand >>> 1) ^ -(operand & 1);
        ids[to++] = id;
        from += kind - INSERT;
        continue;
      }
      const stop = from + operand;
      if (stop > anchorEnd) throw cutShort();
      if (kind === COPY) {
        for (; from < stop; from++) ids[to++] = ids[from]!;
        id = ids[to - 1]!;
      }
      from = stop;
    }
    if (from > anchorEnd) throw cutShort();
    this.top = to;
    return to;
  }

  private readLong(end: number): number {
    const { bytes } = this;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (this.at >= end || scale > 2 ** 42) throw cutShort();
      const byte = bytes[this.at++]!;
      if (byte < 128) return value + byte * scale;
      value += (byte & 0x7f) * scale;
    }
  }

  private ensure(length: number): void {
    if (length <= this.ids.length) return;
    const larger = new Int32Array(2 * length);
    larger.set(this.ids.subarray(0, this.top));
    this.ids = larger;
  }
}
