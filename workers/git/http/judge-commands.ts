// Which commands of a push can't be taken whatever the pack holds, in the words of git where it has some. Pure.
import { ALL_NAMESPACES, findNamespaceRefusal } from "../../../schema/ref-namespaces.ts";
import { ZERO_OID } from "../object/oid.ts";
import type { RefUpdate } from "../wire/command-list.ts";
import { isValidRefName } from "../wire/ref-name.ts";

/**
 * Why each update is refused, or null where it may go on, in the order of the updates.
 * @param namespaces what of `refs/` the repository takes; refs that it took before can still be deleted
 */
export function judgeCommands(
  updates: readonly RefUpdate[],
  current: ReadonlyMap<string, string>,
  namespaces: readonly string[],
): (string | null)[] {
  const counts = new Map<string, number>();
  for (const { name } of updates) counts.set(name, (counts.get(name) ?? 0) + 1);
  return updates.map((update) => {
    const { name, before, after } = update;
    if (update.rawName !== undefined) return "the name of a ref must be UTF-8";
    if (!isValidRefName(name)) return "funny refname";
    if ((counts.get(name) ?? 0) > 1) return "multiple updates for ref not allowed";
    const refusal = findNamespaceRefusal(name, after === ZERO_OID ? EVERY_NAMESPACE : namespaces);
    if (refusal !== null) return refusal;
    if ((current.get(name) ?? ZERO_OID) !== before) return STALE;
    if (before === ZERO_OID && after !== ZERO_OID && isMistakable(name))
      return "a branch or tag can't be called HEAD or like an object's id";
    return null;
  });
}

/** Whether an update deletes a ref that isn't there, which git only warns of. */
export const deletesNothing = ({ before, after }: RefUpdate): boolean =>
  before === ZERO_OID && after === ZERO_OID;

const EVERY_NAMESPACE = [ALL_NAMESPACES, "changes"];

/** What git would take for something else than this ref wherever it is named in short. */
function isMistakable(name: string): boolean {
  return /^refs\/(heads|tags)\/(HEAD|[0-9a-f]{40})$/.test(name);
}

/** Said of a ref that moved since the client looked, as git's client says it of its own accord. */
export const STALE = "fetch first";
