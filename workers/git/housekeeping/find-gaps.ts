// Whether some packs by themselves hold all that some refs reach. Invariant: it is told from the objects: each pack's commits,
// trees and tags were read and their hashes found right, and every id that one of them names is in the index of one of the
// packs. Graphs are never asked. Where each object has what it references, and every tip is there, all they reach is there.
import { createHash } from "node:crypto";
import { GAPS_NAMED, VERIFIED_PER_STEP_BYTES } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { formatOid, OID_BYTES, type Oid } from "../object/oid.ts";
import { type PackIndex, parsePackIndex } from "../pack/pack-index.ts";
import type { StoredPack } from "../store/catalog.ts";
import { splitSidecars } from "../store/joined-pack.ts";
import { indexKey, isJoined, packKey } from "../store/keys.ts";
import { openStoredFile } from "../store/stored-file.ts";
import { readNeeds, recordNeeds } from "./pack-needs.ts";

/** How many bytes of packs may still be read; a pack is begun while any are left. */
export class VerifyBudget {
  private leftBytes: number;

  constructor(leftBytes: number = VERIFIED_PER_STEP_BYTES) {
    this.leftBytes = leftBytes;
  }

  /** Takes a pack's bytes; false when there are none left. */
  take(sizeBytes: number): boolean {
    if (this.leftBytes <= 0) return false;
    this.leftBytes -= sizeBytes;
    return true;
  }
}

/** `unread`: the budget ended first; what was read is kept, and asking again goes on from there. */
type GapSearch =
  | { readonly kind: "whole" }
  | { readonly kind: "unread" }
  /** What is missing or damaged: the first few, in words. */
  | { readonly kind: "gaps"; readonly problems: readonly string[] };

/** A pack that was read: where its objects are, and what they need of others. */
interface VerifiedPack {
  readonly index: PackIndex;
  readonly needs: Uint8Array;
}

/** Looks for what is missing from `packs` of all that `tips` reach. Throws what R2 throws. */
export async function findGaps(
  bucket: R2Bucket,
  packs: readonly StoredPack[],
  tips: readonly Oid[],
  budget: VerifyBudget,
): Promise<GapSearch> {
  const verified: VerifiedPack[] = [];
  const problems: string[] = [];
  for (const pack of packs) {
    const found = await verifyPack(bucket, pack, budget);
    if (found === "unread") return { kind: "unread" };
    if ("problem" in found) problems.push(found.problem);
    else verified.push(found);
  }
  if (problems.length === 0) problems.push(...findMissing(verified, tips));
  return problems.length === 0
    ? { kind: "whole" }
    : { kind: "gaps", problems: problems.slice(0, GAPS_NAMED) };
}

/** Reads the packs that weren't read before. @returns whether all are by now; damage is left to be found by `findGaps` */
export async function verifyPacks(
  bucket: R2Bucket,
  packs: readonly StoredPack[],
  budget: VerifyBudget,
): Promise<boolean> {
  for (const pack of packs) if ((await verifyPack(bucket, pack, budget)) === "unread") return false;
  return true;
}

async function verifyPack(
  bucket: R2Bucket,
  pack: StoredPack,
  budget: VerifyBudget,
): Promise<VerifiedPack | { readonly problem: string } | "unread"> {
  try {
    const { file, problems } = await openStoredFile(bucket, pack);
    if (file === null || problems.length > 0) return { problem: problems.join("; ") };
    const index = await readIndex(bucket, pack);
    const kept = await readNeeds(bucket, pack.storageKey, index);
    if (kept !== null) return { index, needs: kept };
    if (!budget.take(pack.sizeBytes)) return "unread";
    return { index, needs: await recordNeeds(bucket, pack.storageKey, index, file) };
  } catch (error) {
    if (error instanceof GitError) return { problem: `pack ${pack.sha} is damaged: ${error.message}` };
    throw error;
  }
}

/** The index as R2 has it, not as the isolate remembers it. Throws GitError `bad_index` unless it is whole and of the pack. */
async function readIndex(
  bucket: R2Bucket,
  { sha, storageKey, sizeBytes, objectCount }: StoredPack,
): Promise<PackIndex> {
  const key = isJoined(storageKey) ? packKey(storageKey) : indexKey(storageKey);
  const object = await bucket.get(key, { range: { offset: isJoined(storageKey) ? sizeBytes : 0 } });
  if (object === null) throw new GitError("bad_index", `${key} is not in R2`);
  const bytes = new Uint8Array(await object.arrayBuffer());
  const expectedBytes = object.size - (isJoined(storageKey) ? sizeBytes : 0);
  // R2 gave too little, which says nothing of what it has.
  if (bytes.length !== expectedBytes)
    throw new Error(`${key} gave ${bytes.length} bytes of ${expectedBytes}`);
  const idx = isJoined(storageKey) ? splitSidecars(bytes, objectCount).idx : bytes;
  const end = Math.max(0, idx.length - OID_BYTES);
  const digest = createHash("sha1").update(idx.subarray(0, end)).digest();
  if (digest.compare(idx, end) !== 0) throw new GitError("bad_index", `${key} was changed`);
  const index = parsePackIndex(idx, sizeBytes);
  if (index.packSha !== sha || index.count !== objectCount) {
    throw new GitError("bad_index", `${key} is of another pack`);
  }
  return index;
}

function findMissing(packs: readonly VerifiedPack[], tips: readonly Oid[]): string[] {
  const missing: string[] = [];
  const holds = (id: Oid | Uint8Array, at = 0) => packs.some(({ index }) => index.find(id, at) >= 0);
  for (const tip of tips) if (!holds(tip)) missing.push(`a ref points at ${tip}, which no pack has`);
  for (const { index, needs } of packs) {
    for (let at = 0; at < needs.length && missing.length < GAPS_NAMED; at += OID_BYTES) {
      if (!holds(needs, at)) {
        missing.push(`object ${formatOid(needs, at)}, which pack ${index.packSha} needs, is in no pack`);
      }
    }
  }
  return missing;
}
