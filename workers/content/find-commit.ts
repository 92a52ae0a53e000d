// From an oid to the commit, tree or blob it means: tags are followed to what they finally point at.
import { parseCommit } from "../git/object/parse-commit.ts";
import { parseTag } from "../git/object/parse-tag.ts";
import type { ObjectSource } from "./object-source.ts";

// A tag may point at a tag; git sets no bound, this does.
const TAG_DEPTH_MAX = 16;

export interface CommitSummary {
  oid: string;
  tree: string;
  parents: readonly string[];
  subject: string;
  message: string;
  authorName: string;
  /** Milliseconds since the epoch; null when the commit says no time, or an impossible one. */
  authoredAtMs: number | null;
}

/** What an id means to who looks at files: a commit, or a tree or blob without one. */
type Target =
  | { kind: "commit"; oid: string; commit: CommitSummary }
  | { kind: "tree" | "blob"; oid: string; commit: null };

/** What is at `oid`, or behind the tag at `oid`; undefined when it isn't there. */
export async function findTarget(objects: ObjectSource, oid: string): Promise<Target | undefined> {
  let at = oid;
  for (let depth = 0; depth <= TAG_DEPTH_MAX; depth++) {
    const header = await objects.readHeader(at);
    if (header === null) return undefined;
    if (header.type === "tree" || header.type === "blob") return { kind: header.type, oid: at, commit: null };
    const object = await objects.readObject(at);
    if (object?.type === "commit") return { kind: "commit", oid: at, commit: summarise(at, object.bytes) };
    if (object?.type !== "tag") return undefined;
    at = parseTag(object.bytes).target;
  }
  return undefined;
}

/** The commit at `oid` or behind the tag at `oid`; undefined when it is something else or isn't there. */
export async function findCommit(objects: ObjectSource, oid: string): Promise<CommitSummary | undefined> {
  return (await findTarget(objects, oid))?.commit ?? undefined;
}

function summarise(oid: string, bytes: Uint8Array): CommitSummary {
  const commit = parseCommit(bytes);
  return {
    oid,
    tree: commit.tree,
    parents: commit.parents,
    subject: (commit.message.split("\n")[0] ?? "").slice(0, 500),
    message: commit.message,
    authorName: commit.author.name,
    authoredAtMs: commit.author.timeSeconds === null ? null : commit.author.timeSeconds * 1000,
  };
}
