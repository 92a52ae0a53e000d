// From an oid to the commit it means: tags are followed to what they finally point at.
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

/** The commit at `oid` or behind the tag at `oid`; undefined when it is something else or isn't there. */
export async function findCommit(objects: ObjectSource, oid: string): Promise<CommitSummary | undefined> {
  let at = oid;
  for (let depth = 0; depth <= TAG_DEPTH_MAX; depth++) {
    const object = await objects.readObject(at);
    if (object?.type === "commit") return summarise(at, object.bytes);
    if (object?.type !== "tag") return undefined;
    at = parseTag(object.bytes).target;
  }
  return undefined;
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
