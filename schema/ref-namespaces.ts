// Which refs a repository takes by push. A namespace is the first word behind `refs/`; a mirror of another forge's repository
// needs more than branches, tags and notes. Invariant: refs of the forge's own are never among them.

/** What every repository takes unless its settings say otherwise. */
export const DEFAULT_REF_NAMESPACES: readonly string[] = ["heads", "tags", "notes"];

/** Stands for every namespace but those that have to be named. */
export const ALL_NAMESPACES = "*";

/** Namespaces of one repository's list, and the longest word of one. */
export const REF_NAMESPACES_MAX = 50;
export const REF_NAMESPACE_CHARACTERS_MAX = 100;

/** The forge's own; and what Gerrit takes for review and never stores, which no repository holds. */
const CLOSED: ReadonlyMap<string, string> = new Map([
  ["plue", "refs/plue belongs to this site"],
  ["for", "refs/for is for reviews in Gerrit, which this site does not have: push a branch"],
]);
/** Open only where they are named, so that nobody pushes to them by habit. */
const NAMED_ONLY: ReadonlyMap<string, string> = new Map([
  ["changes", "refs/changes holds changes of Gerrit, which this repository does not take: push a branch"],
]);

const namespaceOf = (refName: string): string => refName.split("/", 2)[1] ?? "";

/** Why a ref of this full name can't be pushed to a repository that takes these namespaces; null where it can. */
export function findNamespaceRefusal(refName: string, open: readonly string[]): string | null {
  const namespace = namespaceOf(refName);
  const closed = CLOSED.get(namespace);
  if (closed !== undefined) return closed;
  if (open.includes(namespace)) return null;
  const named = NAMED_ONLY.get(namespace);
  if (named !== undefined) return named;
  if (open.includes(ALL_NAMESPACES)) return null;
  const list = open.map((one) => `refs/${one}`).join(", ");
  return `this repository takes only ${list}; its settings can open more`;
}

/** What is wrong with a list of namespaces; undefined when nothing is. */
export function findNamespacesProblem(namespaces: readonly string[]): string | undefined {
  if (namespaces.length > REF_NAMESPACES_MAX) return `At most ${REF_NAMESPACES_MAX} namespaces can be open.`;
  if (!namespaces.includes("heads")) return "Branches (heads) always belong to the list.";
  for (const one of namespaces) {
    if (one === ALL_NAMESPACES) continue;
    if (one.length > REF_NAMESPACE_CHARACTERS_MAX || !/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(one)) {
      return `"${one.slice(0, REF_NAMESPACE_CHARACTERS_MAX)}" is no namespace: write one word, such as pull, or *.`;
    }
    const closed = CLOSED.get(one);
    if (closed !== undefined) return `refs/${one} can't be opened: ${closed}.`;
  }
  return undefined;
}

/** The namespaces in what a person typed: words, with or without `refs/` before and `/*` behind. */
export function readNamespaces(text: string): string[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  return [...new Set(words.map((word) => word.replace(/^refs\/(?=.)/, "").replace(/(?<=.)\/\*?$/, "")))];
}
