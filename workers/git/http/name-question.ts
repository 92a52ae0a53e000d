// Names what a fetch asks and everything that decides its answer. Invariant: two fetches with one name may be given the same
// answer. The refs that a reader may see are in the name by the repository's version, the objects by the packs' places.
import { createHash } from "node:crypto";
import { REUSED_QUESTION_OIDS } from "../limits.ts";
import { nameState } from "../store/ref-state.ts";
import type { RepositorySnapshot } from "../store/snapshot.ts";
import type { FetchRequest } from "../wire/fetch-request.ts";

export interface QuestionNames {
  /** Decides which objects are sent. */
  readonly plan: string;
  /** Decides every byte. */
  readonly answer: string;
}

/**
 * The names of a question whose wants were found to be visible in `snapshot`; null for one that is too long to be asked twice.
 * @param wantedRefs the refs that were asked for by name
 * @param buildVersion of the Worker, which decides how an answer is written
 */
export function nameQuestion(
  snapshot: RepositorySnapshot,
  request: FetchRequest,
  wantedRefs: readonly { readonly name: string; readonly oid: string }[],
  buildVersion: string,
): QuestionNames | null {
  const { wants, haves, shallows, deepen, filter, includeTag } = request;
  const oidCount = wants.length + wantedRefs.length + haves.length + shallows.length;
  if (oidCount > REUSED_QUESTION_OIDS) return null;
  const allWants = listOnce([...wants, ...wantedRefs.map(({ oid }) => oid)]);
  const objects = [allWants, listOnce(haves), listOnce(shallows), deepen, filter, includeTag];
  const plan = hash([buildVersion, nameState(snapshot), ...objects]);
  const { isDone, waitForDone, thinPack, ofsDelta, noProgress, sideband, sidebandAll } = request;
  const form = [isDone, waitForDone, thinPack, ofsDelta, noProgress, sideband, sidebandAll];
  const named = wantedRefs.map(({ name, oid }) => [name, oid]);
  return { plan, answer: hash([plan, form, listOnce(wants), named]) };
}

const listOnce = (oids: readonly string[]): string[] => [...new Set(oids)].sort();

const hash = (parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex");
