// How far an import has been indexed, put aside in R2 between two calls of the queue's consumer. Invariant: a state has a
// name of its own, is there whole or not at all, and is used only once the import's row names it.

import { openSavedIngest } from "../git/pack/ingest-checkpoint.ts";
import type { IngestSitting, SavedIngest } from "../git/pack/ingest-types.ts";
import { importStateKey } from "../git/store/keys.ts";
import { createR2Pack } from "../git/store/r2-pack.ts";
import type { Import } from "./store.ts";

/** What one call of the consumer may do. */
export interface ImportSlice {
  readonly inflatedBytes: number;
  readonly objects: number;
}

/** What this attempt goes on from, and where it puts aside how far it comes. */
export async function openSitting(
  bucket: R2Bucket,
  claim: Import,
  slice: ImportSlice,
): Promise<IngestSitting> {
  const key = importStateKey(claim.repositoryId, claim.id, claim.attempt);
  return {
    ...slice,
    saved: await openSaved(bucket, claim),
    async save(sizeBytes, write) {
      const { readable, writable } = new FixedLengthStream(sizeBytes);
      const writer = writable.getWriter();
      const send = async () => {
        try {
          await write((bytes) => writer.write(bytes));
          await writer.close();
        } catch (error) {
          // R2 then stores nothing: the body ended before its length.
          await writer.abort(error);
          throw error;
        }
      };
      await Promise.all([bucket.put(key, readable), send()]);
    },
  };
}

/** Removes what this attempt went on from, once another state has taken its place. */
export async function deleteSaved(bucket: R2Bucket, claim: Import): Promise<void> {
  if (claim.savedAttempt === null) return;
  await bucket.delete(importStateKey(claim.repositoryId, claim.id, claim.savedAttempt));
}

async function openSaved(bucket: R2Bucket, claim: Import): Promise<SavedIngest | null> {
  if (claim.savedAttempt === null) return null;
  const key = importStateKey(claim.repositoryId, claim.id, claim.savedAttempt);
  const stored = await bucket.head(key);
  if (stored === null) throw new Error(`${key} is not in R2`);
  return openSavedIngest(createR2Pack(bucket, [key], stored.size));
}
