// Object ids (SHA-1): 40 lowercase hexadecimal digits as text, 20 bytes in files. Both forms order the same way.
import { GitError } from "./git-error.ts";

/** An object id: 40 lowercase hexadecimal digits. */
export type Oid = string;

export const OID_BYTES = 20;
export const ZERO_OID: Oid = "0".repeat(40);

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const OID_PATTERN = /^[0-9a-f]{40}$/;

/** True when `text` is an object id in its one spelling (lowercase, 40 digits). */
export function isOid(text: string): boolean {
  return OID_PATTERN.test(text);
}

/** The 20 bytes at `at` as an id. The caller makes sure that they are there. */
export function formatOid(bytes: Uint8Array, at = 0): Oid {
  let hex = "";
  for (let i = at; i < at + OID_BYTES; i++) hex += HEX_OF_BYTE[bytes[i]!];
  return hex;
}

/** The value 0–15 of an ASCII hexadecimal digit, or -1. */
function hexDigitValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The 20 bytes of an id. Throws GitError `bad_object` when it isn't one. */
export function parseOid(oid: Oid): Uint8Array {
  const bytes = new Uint8Array(OID_BYTES);
  if (!isOid(oid)) throw new GitError("bad_object", `not an object id: ${oid.slice(0, 60)}`);
  for (let i = 0; i < OID_BYTES; i++) {
    bytes[i] = (hexDigitValue(oid.charCodeAt(2 * i)) << 4) | hexDigitValue(oid.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/**
 * Decodes 40 hexadecimal digits of text at `at` into `into`; false when they aren't.
 * Like git, it reads digits of either case.
 */
export function decodeHexOid(text: Uint8Array, at: number, into: Uint8Array, intoAt = 0): boolean {
  if (at + 2 * OID_BYTES > text.length) return false;
  for (let i = 0; i < OID_BYTES; i++) {
    const high = hexDigitValue(text[at + 2 * i]!);
    const low = hexDigitValue(text[at + 2 * i + 1]!);
    if (high < 0 || low < 0) return false;
    into[intoAt + i] = (high << 4) | low;
  }
  return true;
}

/** Orders two ids in byte form: below, equal to or above zero. */
export function compareOidBytes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  for (let i = 0; i < OID_BYTES; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
