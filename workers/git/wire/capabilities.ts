// Capability lists (gitprotocol-capabilities; gitprotocol-v2, "Capabilities"): `name` or `name=value`.

import { GitError } from "../object/git-error.ts";

/** A name's values in the order given; a name without a value has the value "". */
export type Capabilities = ReadonlyMap<string, readonly string[]>;

/** Reads words separated by spaces, as v0 and v1 send them after the first line's NUL or object id. */
export function parseCapabilityWords(text: string): Capabilities {
  const found = new Map<string, string[]>();
  for (const word of text.split(" ")) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const values = found.get(name);
    const value = equals < 0 ? "" : word.slice(equals + 1);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  return found;
}

/** The version a `Git-Protocol` header asks for (gitprotocol-v2, "HTTP Transport"); 0 when it names none we know. */
export function parseProtocolVersion(header: string | null | undefined): 0 | 1 | 2 {
  let highest: 0 | 1 | 2 = 0;
  for (const word of (header ?? "").split(":")) {
    if (word === "version=2") highest = 2;
    else if (word === "version=1" && highest === 0) highest = 1;
  }
  return highest;
}

/** Throws GitError `bad_protocol` when a client names its objects otherwise than by SHA-1. */
export function requireSha1(format: string | undefined): void {
  if (format === undefined || format === "sha1") return;
  throw new GitError(
    "bad_protocol",
    `mismatched object format: objects here are named by sha1, not ${format.slice(0, 100)}`,
  );
}
