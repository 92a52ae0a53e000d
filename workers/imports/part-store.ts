// The parts of imports in R2, each an object of its own, so that one that is sent again simply replaces the first.
// Invariant: a part is there whole and with the digest that was said, or not at all.
import { ForgeError } from "../core/errors.ts";
import { IMPORT_PARTS_MAX } from "../core/limits.ts";
import { importPartKey, importPrefix } from "../git/store/keys.ts";
import type { UploadedPart } from "../git/store/uploaded-file.ts";
import type { PartDigest } from "./part-digest.ts";
import { type PartPlan, partSizeBytes } from "./part-plan.ts";

interface StoredImport extends PartPlan {
  readonly id: number;
  readonly repositoryId: number;
}

/** R2's code for bytes that don't have the digest that was said. */
const BAD_DIGEST = "(10037)";

/** What the runtime says of a body that is shorter or longer than was said. */
const BAD_LENGTH = "FixedLengthStream";

/**
 * Puts a part as it arrives.
 * @throws ForgeError `invalid` when the body has another size or digest than was said.
 */
export async function putPart(
  bucket: R2Bucket,
  owner: StoredImport,
  part: {
    number: number;
    body: ReadableStream<Uint8Array>;
    /** What the request says of its length, if anything. */
    saidBytes: number | null;
    digest: PartDigest;
  },
): Promise<void> {
  const sizeBytes = partSizeBytes(owner, part.number);
  if (part.saidBytes !== null && part.saidBytes !== sizeBytes) {
    await part.body.cancel();
    throw wrongSize(part.number, sizeBytes, null);
  }
  const { readable, writable } = new FixedLengthStream(sizeBytes);
  const key = importPartKey(owner.repositoryId, owner.id, part.number);
  const [piped, stored] = await Promise.allSettled([
    part.body.pipeTo(writable),
    bucket.put(key, readable, part.digest),
  ]);
  if (stored.status === "rejected" && String(stored.reason).includes(BAD_DIGEST)) {
    throw new ForgeError("invalid", `Part ${part.number} has another digest than was said.`, {
      cause: stored.reason,
    });
  }
  const cause = piped.status === "rejected" ? piped.reason : null;
  if (cause !== null || (stored.status === "rejected" && String(stored.reason).includes(BAD_LENGTH))) {
    throw wrongSize(part.number, sizeBytes, cause);
  }
  if (stored.status === "rejected") throw stored.reason;
}

function wrongSize(number: number, sizeBytes: number, cause: unknown): ForgeError {
  return new ForgeError("invalid", `The body of part ${number} is not of ${sizeBytes} bytes.`, { cause });
}

/** The parts that are there, by their numbers from 1. */
export async function listParts(bucket: R2Bucket, owner: StoredImport): Promise<Map<number, UploadedPart>> {
  const prefix = importPrefix(owner.repositoryId, owner.id);
  const { objects } = await bucket.list({ prefix, limit: IMPORT_PARTS_MAX });
  return new Map(
    objects.flatMap(({ key, etag, size }) => {
      const number = Number(key.slice(prefix.length));
      return size === partSizeBytes(owner, number) ? [[number, { key, etag, sizeBytes: size }]] : [];
    }),
  );
}

/** The parts as they were when the upload was complete. */
export function describeParts(owner: StoredImport, etags: readonly string[]): UploadedPart[] {
  return etags.map((etag, at) => ({
    key: importPartKey(owner.repositoryId, owner.id, at + 1),
    etag,
    sizeBytes: partSizeBytes(owner, at + 1),
  }));
}

export async function deletePart(bucket: R2Bucket, owner: StoredImport, number: number): Promise<void> {
  await bucket.delete(importPartKey(owner.repositoryId, owner.id, number));
}

/** Removes all parts, and what attempts at indexing them put aside. */
export async function deleteParts(bucket: R2Bucket, owner: StoredImport): Promise<void> {
  const prefix = importPrefix(owner.repositoryId, owner.id);
  let isTruncated = true;
  while (isTruncated) {
    const { objects, truncated } = await bucket.list({ prefix });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    isTruncated = truncated;
  }
}
