// Checks the .gitmodules files of a received pack, once all its objects are known.
import { checkGitmodulesText } from "../object/check-gitmodules-text.ts";
import { BLOB } from "../object/object-type.ts";
import type { IngestState } from "./ingest-state.ts";
import type { ObjectLoader } from "./object-loader.ts";

/**
 * Checks every .gitmodules that is in the pack; one that isn't was checked when it came. A file too large to be held
 * is refused, as by git. Throws GitError `bad_object`, or `limit_exceeded`.
 */
export async function checkGitmodules(state: IngestState, loader: ObjectLoader): Promise<void> {
  const { entries, oids, recorder } = state;
  for (const id of recorder.gitmodules) {
    const entry = oids.entries[id]!;
    if (entry < 0 || entries.types[entry] !== BLOB) continue;
    const { bytes, start, end } = await loader.load(entry);
    checkGitmodulesText(bytes.subarray(start, end), oids.oid(id));
  }
}
