// Object ids: SHA-1 of "<type> <size>\0" and the bytes (gitformat-pack; git-hash-object).
import { createHash, type Hash } from "node:crypto";
import type { ObjectType } from "./object-type.ts";
import type { Oid } from "./oid.ts";

/** The id of a whole object. */
export function hashObject(type: ObjectType, bytes: Uint8Array): Oid {
  return createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

/** A hash begun for an object of a known size, to be fed its bytes in pieces. */
export function startObjectHash(type: ObjectType, sizeBytes: number): Hash {
  return createHash("sha1").update(`${type} ${sizeBytes}\0`);
}
