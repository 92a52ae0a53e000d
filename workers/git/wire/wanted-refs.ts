// The refs that a fetch wants by name (gitprotocol-v2, `want-ref`), among those that are there. Invariant: the work grows with
// the number of names, not with its square.
import { GitError } from "../object/git-error.ts";
import type { Oid } from "../object/oid.ts";

interface NamedRef {
  readonly name: string;
  readonly oid: Oid;
}

/** The full name of a ref that is wanted, which may be called HEAD. */
export const fullNameOf = (name: string, headTarget: string): string => (name === "HEAD" ? headTarget : name);

/**
 * What each of the wanted names points at, under the name that the client used. Throws GitError `bad_protocol` for one that
 * isn't there.
 * @param headTarget the full name of the branch that HEAD points at
 */
export function findWantedRefs(
  names: readonly string[],
  refs: readonly NamedRef[],
  headTarget: string,
): NamedRef[] {
  const oids = new Map(refs.map(({ name, oid }) => [name, oid]));
  return names.map((name) => {
    const oid = oids.get(fullNameOf(name, headTarget));
    if (oid === undefined) throw new GitError("bad_protocol", `unknown ref ${name.slice(0, 200)}`);
    return { name, oid };
  });
}
