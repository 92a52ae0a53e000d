// The four kinds of object and their numbers in pack entries (gitformat-pack, "Object types").
import { GitError } from "./git-error.ts";

export type ObjectType = "commit" | "tree" | "blob" | "tag";

export const COMMIT = 1;
export const TREE = 2;
export const BLOB = 3;
export const TAG = 4;
export const OFS_DELTA = 6;
export const REF_DELTA = 7;

const NAMES: readonly (ObjectType | undefined)[] = [undefined, "commit", "tree", "blob", "tag"];
const CODES: Readonly<Record<ObjectType, number>> = { commit: COMMIT, tree: TREE, blob: BLOB, tag: TAG };

/** The name of a type code 1–4. Throws GitError `bad_object` for any other. */
export function objectTypeName(code: number): ObjectType {
  const name = NAMES[code];
  if (name === undefined) throw new GitError("bad_object", `unknown object type ${code}`);
  return name;
}

/** The pack's number, 1–4, of a type. */
export function objectTypeCode(type: ObjectType): number {
  return CODES[type];
}

/** The type a word names, or null when it names none. */
export function parseObjectType(word: string): ObjectType | null {
  return word === "commit" || word === "tree" || word === "blob" || word === "tag" ? word : null;
}
