// An annotated tag (git-mktag): what it points at, its name, who made it, its message.
import { GitError } from "./git-error.ts";
import { type ObjectType, parseObjectType } from "./object-type.ts";
import { isOid, type Oid } from "./oid.ts";
import { parseHeaders } from "./parse-headers.ts";
import { type Ident, parseIdent } from "./parse-ident.ts";

interface Tag {
  readonly target: Oid;
  readonly targetType: ObjectType;
  readonly name: string;
  /** Null in tags of before 2005, which had none. */
  readonly tagger: Ident | null;
  /** The message, with a signature where there is one. */
  readonly message: string;
}

/** Reads a tag. Throws GitError `bad_object` when its target or the target's type is malformed. */
export function parseTag(bytes: Uint8Array): Tag {
  const { headers, message } = parseHeaders(bytes);
  const target = headers[0]?.[0] === "object" ? headers[0][1].toLowerCase() : "";
  const targetType = headers[1]?.[0] === "type" ? parseObjectType(headers[1][1]) : null;
  if (!isOid(target) || targetType === null) throw new GitError("bad_object", "bad tag: it names no object");
  const tagger = headers.find(([key]) => key === "tagger");
  return {
    target,
    targetType,
    name: headers[2]?.[0] === "tag" ? headers[2][1] : "",
    tagger: tagger === undefined ? null : parseIdent(tagger[1]),
    message: new TextDecoder().decode(message),
  };
}
