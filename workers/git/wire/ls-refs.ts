// The v2 command `ls-refs` (gitprotocol-v2): what it asks for, and the lines it is answered with.
import { REF_PREFIX_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import type { Oid } from "../object/oid.ts";

interface LsRefsRequest {
  /** Peel annotated tags. */
  readonly peel: boolean;
  /** Say what HEAD points at. */
  readonly symrefs: boolean;
  /** Say so even where that branch doesn't exist yet. */
  readonly unborn: boolean;
  /** Names that begin with one of these are listed; empty for all. */
  readonly prefixes: readonly string[];
}

/** Reads the arguments of `ls-refs`. Throws GitError `bad_protocol` for one that isn't known. */
export function parseLsRefs(lines: readonly string[]): LsRefsRequest {
  const prefixes: string[] = [];
  let peel = false;
  let symrefs = false;
  let unborn = false;
  for (const line of lines) {
    if (line === "peel") peel = true;
    else if (line === "symrefs") symrefs = true;
    else if (line === "unborn") unborn = true;
    else if (line.startsWith("ref-prefix ")) prefixes.push(line.slice("ref-prefix ".length));
    else throw new GitError("bad_protocol", `ls-refs: unexpected line: '${line.slice(0, 200)}'`);
  }
  const isFilter = prefixes.length <= REF_PREFIX_LIMIT && !prefixes.includes("");
  return { peel, symrefs, unborn, prefixes: isFilter ? prefixes : [] };
}

/** True when a name is asked for. */
export function matchesPrefixes(name: string, prefixes: readonly string[]): boolean {
  return prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
}

/** One line of the answer. */
export function formatRefLine(
  name: string,
  oid: Oid,
  more: { symrefTarget?: string | null; peeled?: Oid | null } = {},
): string {
  const symref = more.symrefTarget == null ? "" : ` symref-target:${more.symrefTarget}`;
  const peeled = more.peeled == null ? "" : ` peeled:${more.peeled}`;
  return `${oid} ${name}${symref}${peeled}`;
}

/** The line for a HEAD that points at a branch which doesn't exist yet. */
export function formatUnbornHead(target: string): string {
  return `unborn HEAD symref-target:${target}`;
}
