// Packs made by hand, for what git's own tools never make: lies, cycles, bombs.
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { hashObject } from "../object/hash-object.ts";
import { type ObjectType, OFS_DELTA, objectTypeCode, REF_DELTA } from "../object/object-type.ts";
import { type Oid, parseOid } from "../object/oid.ts";
import { encodePackHeader, writeBaseDistance, writeEntryHeader } from "../pack/write-entry.ts";

type EntrySpec =
  | { readonly type: ObjectType; readonly bytes: Uint8Array }
  | { readonly baseEntry: number; readonly delta: Uint8Array }
  | { readonly baseOid: Oid; readonly delta: Uint8Array };

interface EntryLies {
  readonly sizeBytes?: number;
  readonly typeCode?: number;
  readonly body?: Uint8Array;
  readonly distanceBytes?: number;
}

/** The bytes of a pack as they come. */
export class PackBuilder {
  readonly offsets: number[] = [];
  private parts: Uint8Array[] = [];
  private length = 12;

  add(spec: EntrySpec, lies: EntryLies = {}): this {
    const content = "bytes" in spec ? spec.bytes : spec.delta;
    const header = new Uint8Array(40);
    const typeCode =
      lies.typeCode ??
      ("bytes" in spec ? objectTypeCode(spec.type) : "baseOid" in spec ? REF_DELTA : OFS_DELTA);
    let end = writeEntryHeader(header, 0, typeCode, lies.sizeBytes ?? content.length);
    if ("baseEntry" in spec) {
      const distance = lies.distanceBytes ?? this.length - this.offsets[spec.baseEntry]!;
      end = writeBaseDistance(header, end, distance);
    } else if ("baseOid" in spec) {
      header.set(parseOid(spec.baseOid), end);
      end += 20;
    }
    this.offsets.push(this.length);
    this.push(header.subarray(0, end));
    this.push(lies.body ?? deflateSync(content));
    return this;
  }

  /** The pack, with the true count and checksum unless told otherwise. */
  finish(lies: { count?: number; trailer?: Uint8Array } = {}): Uint8Array {
    const bytes = new Uint8Array(this.length + 20);
    bytes.set(encodePackHeader(lies.count ?? this.offsets.length));
    let at = 12;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    bytes.set(lies.trailer ?? createHash("sha1").update(bytes.subarray(0, at)).digest(), at);
    return bytes;
  }

  private push(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.length += bytes.length;
  }
}

function encodeSize(size: number): number[] {
  return size < 128 ? [size] : [(size % 128) | 0x80, ...encodeSize(Math.floor(size / 128))];
}

export type DeltaStep =
  | { readonly copyAt: number; readonly length: number }
  | { readonly insert: Uint8Array };

/** A delta made of steps; the sizes are taken as they are given. */
export function encodeDelta(baseSize: number, resultSize: number, steps: readonly DeltaStep[]): Uint8Array {
  const bytes = [...encodeSize(baseSize), ...encodeSize(resultSize)];
  for (const step of steps) {
    if ("insert" in step) {
      for (let at = 0; at < step.insert.length; at += 127) {
        const part = step.insert.subarray(at, at + 127);
        bytes.push(part.length, ...part);
      }
      continue;
    }
    for (let at = 0; at < step.length; at += 0xffffff) {
      const offset = step.copyAt + at;
      const length = Math.min(step.length - at, 0xffffff);
      const operands = [0, 8, 16, 24].map((shift) => Math.floor(offset / 2 ** shift) & 0xff);
      operands.push(...[0, 8, 16].map((shift) => (length >> shift) & 0xff));
      bytes.push(operands.reduce((flags, byte, i) => (byte === 0 ? flags : flags | (1 << i)), 0x80));
      bytes.push(...operands.filter((byte) => byte !== 0));
    }
  }
  return Uint8Array.from(bytes);
}

/** A delta that keeps all of its base and adds to its end. */
export function appendingDelta(base: Uint8Array, added: Uint8Array): Uint8Array {
  return encodeDelta(base.length, base.length + added.length, [
    { copyAt: 0, length: base.length },
    { insert: added },
  ]);
}

export function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

/** A blob as an entry, with its id. */
export function blob(content: string | Uint8Array): { type: "blob"; bytes: Uint8Array; oid: Oid } {
  const bytes = typeof content === "string" ? text(content) : content;
  return { type: "blob", bytes, oid: hashObject("blob", bytes) };
}
