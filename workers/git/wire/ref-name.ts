// Which names a ref may have (git-check-ref-format), and which names can't exist beside each other.

import { REF_NAME_LEVELS_LIMIT, REF_NAME_LIMIT_BYTES } from "../limits.ts";

const FORBIDDEN = new Set(" ~^:?*[\\\x7f");

/** True when `name` is a full ref name that git accepts, such as `refs/heads/main`. */
export function isValidRefName(name: string): boolean {
  if (!name.startsWith("refs/") || name.endsWith(".") || !name.isWellFormed()) return false;
  if (name.includes("..") || name.includes("@{")) return false;
  for (const character of name) if (character < " " || FORBIDDEN.has(character)) return false;
  if (new TextEncoder().encode(name).length > REF_NAME_LIMIT_BYTES) return false;
  const levels = name.split("/");
  if (levels.length > REF_NAME_LEVELS_LIMIT) return false;
  return levels.every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}

/** The names above a ref that would have to be folders: `refs/heads/a` for `refs/heads/a/b`. */
export function listParentNames(name: string): string[] {
  const parents: string[] = [];
  for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) {
    parents.push(name.slice(0, at));
  }
  return parents;
}
