// Which paths differ between two commits and match a glob. Only trees that differ are read.
import { parseCommit } from "../git/object/parse-commit.ts";
import { parseTree, type TreeEntry, treeEntryKind } from "../git/object/parse-tree.ts";
import type { ObjectReader } from "../git/store/object-reader.ts";
import { matchGlob } from "./match-glob.ts";

type Found = { readonly kind: "paths"; readonly paths: readonly string[] } | { readonly kind: "too-many" };

interface Search {
  readonly objects: ObjectReader;
  readonly globs: readonly string[];
  readonly found: string[];
  treesLeft: number;
}

/** Enough to say what is wrong. */
const PATHS_TOLD = 3;

/**
 * The first few paths of files, links and submodules that `before` and `after`, both commits, don't have alike and that
 * one of the globs matches. `too-many` when more than `treesMax` trees would have to be read.
 */
export async function findChangedPaths(
  objects: ObjectReader,
  before: string,
  after: string,
  globs: readonly string[],
  treesMax: number,
): Promise<Found> {
  const search: Search = { objects, globs, found: [], treesLeft: treesMax };
  const trees = [await readTreeOf(objects, before), await readTreeOf(objects, after)] as const;
  await compareTrees(search, "", trees[0], trees[1]);
  if (search.found.length > 0) return { kind: "paths", paths: search.found };
  return search.treesLeft < 0 ? { kind: "too-many" } : { kind: "paths", paths: [] };
}

async function readTreeOf(objects: ObjectReader, commit: string): Promise<string> {
  const object = await objects.readObject(commit);
  if (object?.type !== "commit") throw new Error(`${commit} is no commit that is stored`);
  return parseCommit(object.bytes).tree;
}

async function compareTrees(
  search: Search,
  prefix: string,
  before: string | null,
  after: string | null,
): Promise<void> {
  if (before === after || search.found.length >= PATHS_TOLD) return;
  const olds = await readEntries(search, before);
  const news = await readEntries(search, after);
  for (const name of new Set([...olds.keys(), ...news.keys()])) {
    if (search.found.length >= PATHS_TOLD || search.treesLeft < 0) return;
    const [from, to] = [olds.get(name), news.get(name)];
    if (from?.oid === to?.oid && from?.mode === to?.mode) continue;
    const path = prefix + name;
    if ((isFile(from) || isFile(to)) && search.globs.some((glob) => matchGlob(glob, path))) {
      search.found.push(path);
    }
    await compareTrees(search, `${path}/`, folderOf(from), folderOf(to));
  }
}

async function readEntries(search: Search, oid: string | null): Promise<ReadonlyMap<string, TreeEntry>> {
  if (oid === null) return new Map();
  if (search.treesLeft-- <= 0) return new Map();
  const tree = await search.objects.readObject(oid);
  if (tree?.type !== "tree") throw new Error(`${oid} is no tree that is stored`);
  return new Map(parseTree(tree.bytes).map((entry) => [decoder.decode(entry.name), entry]));
}

const decoder = new TextDecoder();

const isFile = (entry: TreeEntry | undefined): boolean =>
  entry !== undefined && treeEntryKind(entry.mode) !== "tree";

const folderOf = (entry: TreeEntry | undefined): string | null =>
  entry !== undefined && treeEntryKind(entry.mode) === "tree" ? entry.oid : null;
