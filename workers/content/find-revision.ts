// Where the revision ends and the path begins in `feature/login/src/app.ts`: refs know, since no branch can
// lie below another.
import type { Executor } from "../core/db.ts";
import { isOid } from "../git/object/oid.ts";
import { findRefs } from "../git/store/refs.ts";
import { isValidRefName } from "../git/wire/ref-name.ts";
import { type CommitSummary, findCommit, findTarget } from "./find-commit.ts";
import type { VisibleObjectSource } from "./object-source.ts";

// Bounds the names tried for a long path; few refs have more than three segments.
const REF_SEGMENTS_MAX = 40;

export interface FoundRevision {
  name: string;
  kind: "branch" | "tag" | "commit";
  /** The commit, or what a tag points at that is a tree or blob. */
  oid: string;
  /** Null for a tag of a tree or blob. */
  commit: CommitSummary | null;
  /** What followed the revision, without slashes at its ends. */
  path: string;
}

/** What `rest` (a revision, then perhaps a path) means, or null when no revision of the repository begins it. */
export async function findRevision(
  query: Executor,
  objects: VisibleObjectSource,
  repositoryId: number,
  rest: string,
): Promise<FoundRevision | null> {
  const segments = rest.split("/").filter((segment) => segment !== "");
  const names = segments.slice(0, REF_SEGMENTS_MAX).map((_, at) => segments.slice(0, at + 1).join("/"));
  const candidates = names
    .flatMap((name) => [`refs/heads/${name}`, `refs/tags/${name}`])
    .filter((name) => isValidRefName(name));
  const refs = [...(await findRefs(query, repositoryId, candidates)).values()];
  for (const kind of ["branch", "tag"] as const) {
    const prefix = kind === "branch" ? "refs/heads/" : "refs/tags/";
    const ref = refs.find((one) => one.name.startsWith(prefix));
    const target = ref && (await findTarget(objects, ref.oid));
    if (!ref || !target) continue;
    const name = ref.name.slice(prefix.length);
    const { oid, commit } = target;
    return { name, kind, oid, commit, path: segments.slice(name.split("/").length).join("/") };
  }
  const [first = "", ...path] = segments;
  const commit = isOid(first) ? await findCommit(objects, first) : undefined;
  if (commit?.oid !== first || !(await objects.isVisible(first))) return null;
  return { name: first, kind: "commit", oid: first, commit, path: path.join("/") };
}
