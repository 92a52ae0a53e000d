// Proves, before anything is retired or deleted, that nothing will be missing. Invariant: `whole` is said only of packs that by
// themselves hold all that the refs reach, as their objects say; where they don't, admins are told and all stays in place.
import type { Oid } from "../object/oid.ts";
import type { StoredPack } from "../store/catalog.ts";
import { findGaps, VerifyBudget } from "./find-gaps.ts";
import type { HousekeepingContext } from "./housekeeping-context.ts";
import { noteGaps } from "./note-gaps.ts";

/**
 * Looks for gaps in some packs of a repository, and notes what it finds.
 * @returns `more` where the budget ended before all was read: what was read needn't be again
 */
export async function proveWhole(
  context: HousekeepingContext,
  repositoryId: number,
  packs: readonly StoredPack[],
  tips: readonly Oid[],
  budget = new VerifyBudget(),
): Promise<"whole" | "stopped" | "more"> {
  const found = await findGaps(context.bucket, packs, tips, budget);
  if (found.kind === "unread") return "more";
  if (found.kind === "whole") return "whole";
  await noteGaps(context, repositoryId, found.problems);
  return "stopped";
}
