// A commit as the forge shows it (git-commit-tree). Lenient where git is; what a push may hold is check-object.ts's matter.
import { GitError } from "./git-error.ts";
import { isOid, type Oid } from "./oid.ts";
import { findDecoder, parseHeaders } from "./parse-headers.ts";
import { type Ident, parseIdent } from "./parse-ident.ts";

interface Commit {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly author: Ident;
  readonly committer: Ident;
  readonly message: string;
  /** The other headers in order, as `gpgsig`, `encoding` and `change-id`. */
  readonly extraHeaders: readonly (readonly [key: string, value: string])[];
}

/** Reads a commit. Throws GitError `bad_object` without a tree, or with a malformed tree or parent id. */
export function parseCommit(bytes: Uint8Array): Commit {
  const { headers, message } = parseHeaders(bytes);
  const [first] = headers;
  // Ids may be in capitals: git takes such a commit.
  const tree = first?.[0] === "tree" ? first[1].toLowerCase() : "";
  if (!isOid(tree)) throw new GitError("bad_object", "bad commit: it names no tree");
  const parents: Oid[] = [];
  let at = 1;
  for (; headers[at]?.[0] === "parent"; at++) {
    const parent = headers[at]![1].toLowerCase();
    if (!isOid(parent)) throw new GitError("bad_object", "bad commit: it names a malformed parent");
    parents.push(parent);
  }
  const decoder = findDecoder(headers.find(([key]) => key === "encoding")?.[1]);
  const decoded = decoder.encoding === "utf-8" ? headers : parseHeaders(bytes, decoder).headers;
  let author = "";
  let committer = "";
  const extraHeaders: (readonly [string, string])[] = [];
  for (const header of decoded.slice(at)) {
    if (header[0] === "author" && author === "") author = header[1];
    else if (header[0] === "committer" && committer === "") committer = header[1];
    else extraHeaders.push(header);
  }
  return {
    tree,
    parents,
    author: parseIdent(author),
    committer: parseIdent(committer),
    // As git shows it: up to a NUL.
    message: decoder.decode(message).split("\0", 1)[0] ?? "",
    extraHeaders,
  };
}
