// The ids that were looked at last, each in the one place where it may be: a tree mostly names what the one before named.
import { OID_BYTES } from "../object/oid.ts";

const PLACES = 64 * 1024;

export class RecentIds {
  private readonly ids = new Uint8Array(PLACES * OID_BYTES);

  /** Whether an id was looked at lately; from now on it was. */
  saw(bytes: Uint8Array, at: number): boolean {
    const { ids } = this;
    const place = (bytes[at]! | (bytes[at + 1]! << 8)) * OID_BYTES;
    let same = 0;
    while (same < OID_BYTES && ids[place + same] === bytes[at + same]) same++;
    if (same === OID_BYTES) return true;
    for (let i = 0; i < OID_BYTES; i++) ids[place + i] = bytes[at + i]!;
    return false;
  }
}
