// Object ids: SHA-1 of "<type> <size>\0" and the bytes (gitformat-pack; git-hash-object).
import { createHash, type Hash, hash } from "node:crypto";
import { type ObjectType, objectTypeName } from "./object-type.ts";
import { OID_BYTES, type Oid } from "./oid.ts";
import { hashPrefixed } from "./sha1.ts";

// Below this many bytes plain code beats the call into the platform (measured on workerd).
const PLAIN_CODE_BYTES = 640;

const PREFIXES = [1, 2, 3, 4].map((code) => new TextEncoder().encode(`${objectTypeName(code)} `));
const prefix = new Uint8Array(32);
const displaced = new Uint8Array(32);

/** Writes "<type> <size>\0" to `prefix`; returns its length. */
function writePrefix(typeCode: number, sizeBytes: number): number {
  const word = PREFIXES[typeCode - 1]!;
  let at = 0;
  for (; at < word.length; at++) prefix[at] = word[at]!;
  let digits = 1;
  for (let rest = sizeBytes; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = sizeBytes;
  for (let place = at + digits - 1; place >= at; place--) {
    const tens = Math.floor(rest / 10);
    prefix[place] = 48 + rest - tens * 10;
    rest = tens;
  }
  prefix[at + digits] = 0;
  return at + digits + 1;
}

/**
 * Writes the id, 20 bytes, of the object bytes[start, end) of a type to `into` at `at`. The bytes must be the caller's own:
 * those just before the object are changed and put back.
 */
export function hashObjectInto(
  typeCode: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): void {
  const prefixLength = writePrefix(typeCode, end - start);
  if (end - start <= PLAIN_CODE_BYTES) {
    hashPrefixed(prefix, prefixLength, bytes, start, end, into, at);
    return;
  }
  const digest =
    start >= prefixLength
      ? hashInPlace(prefixLength, bytes, start, end)
      : hashParts(prefixLength, bytes, start, end);
  for (let i = 0; i < OID_BYTES; i++) into[at + i] = digest[i]!;
}

/** Hashes with one call, for which the prefix takes the place of what lies before the object for a moment. */
function hashInPlace(prefixLength: number, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const from = start - prefixLength;
  for (let i = 0; i < prefixLength; i++) {
    displaced[i] = bytes[from + i]!;
    bytes[from + i] = prefix[i]!;
  }
  const digest = hash("sha1", bytes.subarray(from, end), "buffer");
  for (let i = 0; i < prefixLength; i++) bytes[from + i] = displaced[i]!;
  return digest;
}

function hashParts(prefixLength: number, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const object = bytes.subarray(start, end);
  return createHash("sha1").update(prefix.subarray(0, prefixLength)).update(object).digest();
}

/** The id of a whole object. */
export function hashObject(type: ObjectType, bytes: Uint8Array): Oid {
  return startObjectHash(type, bytes.length).update(bytes).digest("hex");
}

/** A hash begun for an object of a known size, to be fed its bytes in pieces. */
export function startObjectHash(type: ObjectType, sizeBytes: number): Hash {
  return createHash("sha1").update(`${type} ${sizeBytes}\0`);
}
