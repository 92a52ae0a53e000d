// The header of a pack entry (gitformat-pack): type and inflated size, and for a delta where its base is.
import { GitError } from "../object/git-error.ts";
import { COMMIT, OFS_DELTA, REF_DELTA, TAG } from "../object/object-type.ts";
import { OID_BYTES } from "../object/oid.ts";

/** No entry's header is longer. */
export const ENTRY_HEADER_LIMIT_BYTES = 32;

/** One parsed header; made once and filled for each entry. */
export class EntryHeader {
  /** 1–4, OFS_DELTA or REF_DELTA. */
  typeCode = 0;
  /** Inflated size of what follows: of the delta, where it is one. */
  sizeBytes = 0;
  /** For OFS_DELTA: how far before this entry its base begins. */
  baseDistanceBytes = 0;
  /** For REF_DELTA: where the base's 20 bytes begin. */
  baseOidAt = 0;
  /** Where the compressed data begins. */
  bodyAt = 0;

  /** Parses bytes[start, end). Throws GitError: `truncated_pack` when they end too soon, `bad_pack` when malformed. */
  parse(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    let byte = at < end ? bytes[at++]! : cutShort();
    this.typeCode = (byte >> 4) & 7;
    let size = byte & 15;
    for (let scale = 16; (byte & 0x80) !== 0; scale *= 128) {
      if (scale > 2 ** 40) throw new GitError("bad_pack", "an object's size is out of range");
      byte = at < end ? bytes[at++]! : cutShort();
      size += (byte & 0x7f) * scale;
    }
    this.sizeBytes = size;
    if (this.typeCode === OFS_DELTA) {
      byte = at < end ? bytes[at++]! : cutShort();
      let distance = byte & 0x7f;
      while ((byte & 0x80) !== 0) {
        if (distance > 2 ** 44)
          throw new GitError("bad_pack", "the offset of a delta's base is out of range");
        byte = at < end ? bytes[at++]! : cutShort();
        distance = (distance + 1) * 128 + (byte & 0x7f);
      }
      this.baseDistanceBytes = distance;
    } else if (this.typeCode === REF_DELTA) {
      this.baseOidAt = at;
      at += OID_BYTES;
      if (at > end) cutShort();
    } else if (this.typeCode < COMMIT || this.typeCode > TAG) {
      throw new GitError("bad_pack", `an object has the unknown type ${this.typeCode}`);
    }
    this.bodyAt = at;
  }
}

function cutShort(): never {
  throw new GitError("truncated_pack", "the pack ends within an object's header");
}
