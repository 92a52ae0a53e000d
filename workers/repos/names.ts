// What a repository may be called. Pure.

// First path words of the site and the API, and what git's own addresses end in.
const RESERVED_NAMES = new Set([".", "..", "repos", "runs", "sessions", "v3", "-"]);
const NAME_SHAPE = /^[A-Za-z0-9._-]{1,100}$/;

/** Why `name` can't be a repository's name, or undefined when it can. */
export function findNameProblem(name: string): string | undefined {
  if (name === "") return "A repository needs a name.";
  if (name.length > 100) return "A repository's name has at most 100 characters.";
  if (!NAME_SHAPE.test(name)) return "A repository's name has letters, digits, `.`, `-` and `_` only.";
  if (RESERVED_NAMES.has(name.toLowerCase())) return `The name ${name} is reserved.`;
  if (/\.(git|lock|wiki)$/i.test(name)) return "A repository's name can't end in .git, .lock or .wiki.";
  return undefined;
}
